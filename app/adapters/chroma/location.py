"""Where Chroma keeps the vectors, and how it is reached: on disk, in memory, on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx
from attrs import field, frozen
from filelock import FileLock, Timeout

from app.adapters.chroma import graph_files
from app.domain.errors import IndexBusy, IndexDamaged, IndexUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from chromadb.api import ServerAPI
    from chromadb.config import System

_IN_PROCESS = "chromadb.api.rust.RustBindingsAPI"
_OVER_HTTP = "chromadb.api.fastapi.FastAPI"
_TENANT, _DATABASE = "default_tenant", "default_database"  # what Chroma itself calls them
_CONNECT_SECONDS = 5.0
_FULL, _MALFORMED, _NO_DATABASE = "(code: 13)", "(code: 11)", "(code: 26)"  # SQLite's codes


class Location(Protocol):
    """A place where Chroma keeps vectors.

    `connect` and `disconnect` block, and are called in turn from one thread at a time.
    """

    @property
    def tenant(self) -> str:
        """Chroma's name for whose the collections are."""
        ...

    @property
    def database(self) -> str:
        """Chroma's name for the set of collections."""
        ...

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write there at the same time."""
        ...

    @property
    def can_restart(self) -> bool:
        """Whether Chroma may be stopped and started to rid it of what it holds in memory."""
        ...

    def connect(self) -> System:
        """Return a started Chroma; raises `IndexUnavailable` or whatever Chroma raises."""
        ...

    def restart(self, system: System) -> System:
        """Stop it and start it again, letting nobody in between."""
        ...

    def disconnect(self, system: System) -> None:
        """Stop it and free what `connect` took."""
        ...

    def explain(self, error: Exception) -> IndexUnavailable:
        """Say in the program's words what an error of Chroma's means."""
        ...


def api_of(system: System) -> ServerAPI:
    """Return the interface of a started Chroma.

    `chromadb.PersistentClient` and its like are not used: they share one hidden instance
    for each folder, which outlives a failed start and hands its state to the next client.
    """
    from chromadb.api import ServerAPI

    return system.instance(ServerAPI)  # type: ignore[type-abstract]  # Chroma finds what fills it


def _start(api: str, **settings: Any) -> System:  # noqa: ANN401 (Chroma's settings have many types)
    from chromadb.config import Settings, System

    # Chroma would also read a file .env of the folder that the program happens to start in.
    given: dict[str, Any] = {"anonymized_telemetry": False, "_env_file": None, **settings}
    system = System(Settings(chroma_api_impl=api, **given))
    api_of(system)
    system.start()
    return system


@frozen
class InMemory(Location):
    """Chroma in this process; the vectors go with it."""

    tenant: str = _TENANT
    database: str = _DATABASE
    is_shared = False
    can_restart = False

    def connect(self) -> System:
        """Start with nothing."""
        return _start(_IN_PROCESS, is_persistent=False)

    def restart(self, system: System) -> System:
        """Go on, because stopping would lose everything."""
        return system

    def disconnect(self, system: System) -> None:
        """Forget everything."""
        system.stop()

    def explain(self, error: Exception) -> IndexUnavailable:
        """Say what an error means."""
        return IndexUnavailable(f"The vectors in memory cannot be used: {_first_line(error)}")


@frozen
class OnDisk(Location):
    """Chroma in this process, on the folder `data_dir`/chroma, which is this process's alone.

    A second Chroma on the folder would not see what this one writes and would still
    return what it deleted, so nobody touches it without the lock `data_dir`/index.lock.
    """

    data_dir: Path
    tenant: str = _TENANT
    database: str = _DATABASE
    is_shared = False
    can_restart = True
    _lock: FileLock = field(init=False, repr=False, eq=False)

    @_lock.default
    def _make_lock(self) -> FileLock:
        return FileLock(self.data_dir / "index.lock", timeout=0, mode=0o600, thread_local=False)

    def connect(self) -> System:
        """Take the lock, or raise `IndexBusy`, and open the folder."""
        self._take_lock()
        return self._start()

    def restart(self, system: System) -> System:
        """Close the folder and open it again under the same lock."""
        system.stop()
        return self._start()

    def disconnect(self, system: System) -> None:
        """Close the folder and let go of the lock."""
        try:
            system.stop()
        finally:
            self._lock.release()

    def explain(self, error: Exception) -> IndexUnavailable:
        """Tell a full disk and the two kinds of damage from everything else."""
        text = str(error)
        if _FULL in text:
            return IndexUnavailable(
                f"The disk with {self._folder} is full: make room and try again; nothing is lost."
            )
        if _MALFORMED in text or _NO_DATABASE in text:
            return IndexUnavailable(
                f"The vector database in {self._folder} is damaged: move that folder away and run"
                " `discord-indexer reindex`, which makes the vectors anew from the archive."
            )
        if graph_files.is_damage(error):
            return IndexDamaged(
                f"Vectors in {self._folder} were damaged by an interruption: run"
                " `discord-indexer index`, which makes them anew from the archive."
            )
        return IndexUnavailable(
            f"The vectors in {self._folder} cannot be used ({_first_line(error)}): check that"
            " the folder can be written to."
        )

    @property
    def _folder(self) -> Path:
        return self.data_dir / "chroma"

    def _start(self) -> System:
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)  # Chroma's own would be open to all
            graph_files.disarm(self._folder)
            return _start(_IN_PROCESS, is_persistent=True, persist_directory=str(self._folder))
        except BaseException:
            self._lock.release()
            raise

    def _take_lock(self) -> None:
        try:
            self.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._lock.acquire()
        except Timeout as error:
            raise IndexBusy(
                f"Another process works on the vectors in {self.data_dir}; until it ends,"
                " search goes by words only."
            ) from error
        except OSError as error:
            raise IndexUnavailable(
                f"The vectors in {self.data_dir} cannot be opened ({error.strerror}): check"
                " that the folder exists and can be written to."
            ) from error


@frozen
class OnServer(Location):
    """A Chroma server, which others may use at the same time.

    `timeout` is how many seconds the server may take to answer a call.
    """

    url: str = field(repr=False)  # may hold a password
    tenant: str = _TENANT
    database: str = _DATABASE
    token: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    is_shared = True
    can_restart = False

    def connect(self) -> System:
        """Reach the server once, so that a wrong address is noticed at once."""
        # The first header is for what stands before a server, the second for Chroma's cloud.
        token = self.token
        headers = {"Authorization": f"Bearer {token}", "X-Chroma-Token": token} if token else {}
        system = _start(
            _OVER_HTTP,
            chroma_server_host=self.url,
            chroma_server_http_port=80,  # has to be there; the one of the URL counts
            chroma_server_headers=headers,
        )
        try:
            # Chroma would wait for an answer for ever, and has no setting for it.
            _session(system).timeout = httpx.Timeout(self.timeout, connect=_CONNECT_SECONDS)
            api_of(system).heartbeat()
        except BaseException:
            self.disconnect(system)
            raise
        return system

    def restart(self, system: System) -> System:
        """Go on: what a server holds in memory is its own affair."""
        return system

    def disconnect(self, system: System) -> None:
        """Close the connections."""
        _session(system).close()
        system.stop()

    def explain(self, error: Exception) -> IndexUnavailable:
        """Tell a server that is away or slow from one that refuses."""
        server = f"The Chroma server at {self._shown_url}"
        if isinstance(error, httpx.TimeoutException):
            return IndexUnavailable(
                f"{server} did not answer within {self.timeout:g} s: see whether it is overloaded."
            )
        if isinstance(error, httpx.TransportError):
            return IndexUnavailable(
                f"{server} cannot be reached: start it (`chroma run`) or check CHROMA_URL."
            )
        return IndexUnavailable(f"{server} refuses: {_first_line(error)}")

    @property
    def _shown_url(self) -> str:
        address = urlsplit(self.url)
        return f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}"


def _session(system: System) -> httpx.Client:
    session = api_of(system)._session  # type: ignore[attr-defined]  # noqa: SLF001
    if not isinstance(session, httpx.Client):
        raise TypeError("This version of chromadb does not talk over httpx.")
    return session


def _first_line(error: Exception) -> str:
    return (str(error) or type(error).__name__).splitlines()[0][:300]
