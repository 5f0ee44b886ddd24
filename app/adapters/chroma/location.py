"""Where Chroma keeps the vectors, and how it is reached: on disk, in memory, on a server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from attrs import field, frozen
from filelock import FileLock, Timeout

from app.domain.errors import IndexBusy, IndexUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from chromadb.api import ServerAPI
    from chromadb.config import System

_IN_PROCESS = "chromadb.api.rust.RustBindingsAPI"
_OVER_HTTP = "chromadb.api.fastapi.FastAPI"


class Location(Protocol):
    """A place where Chroma keeps vectors.

    `connect` and `disconnect` block, and are called in turn from one thread at a time.
    """

    tenant: str
    database: str

    @property
    def is_shared(self) -> bool:
        """Whether other processes may write there at the same time."""
        ...

    def connect(self) -> System:
        """Return a started Chroma; raises `IndexUnavailable` or whatever Chroma raises."""
        ...

    def disconnect(self, system: System) -> None:
        """Stop it and free what `connect` took."""
        ...


def api_of(system: System) -> ServerAPI:
    """Return the interface of a started Chroma.

    `chromadb.PersistentClient` and its like are not used: they share one hidden instance
    for each folder, which outlives a failed start and hands its state to the next client.
    """
    from chromadb.api import ServerAPI

    return system.instance(ServerAPI)


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

    tenant: str = "default_tenant"
    database: str = "default_database"
    is_shared = False

    def connect(self) -> System:
        """Start with nothing."""
        return _start(_IN_PROCESS, is_persistent=False)

    def disconnect(self, system: System) -> None:
        """Forget everything."""
        system.stop()


@frozen
class OnDisk(Location):
    """Chroma in this process, on the folder `data_dir`/chroma, which is this process's alone.

    A second Chroma on the folder would not see what this one writes and would still
    return what it deleted, so nobody touches it without the lock `data_dir`/index.lock.
    """

    data_dir: Path
    tenant: str = "default_tenant"
    database: str = "default_database"
    is_shared = False
    _lock: FileLock = field(init=False, repr=False, eq=False)

    @_lock.default
    def _make_lock(self) -> FileLock:
        return FileLock(self.data_dir / "index.lock", timeout=0, thread_local=False)

    def connect(self) -> System:
        """Take the lock, or raise `IndexBusy`, and open the folder."""
        self._take_lock()
        try:
            return _start(
                _IN_PROCESS, is_persistent=True, persist_directory=str(self.data_dir / "chroma")
            )
        except BaseException:
            self._lock.release()
            raise

    def disconnect(self, system: System) -> None:
        """Close the folder and let go of the lock."""
        try:
            system.stop()
        finally:
            self._lock.release()

    def _take_lock(self) -> None:
        try:
            self.data_dir.mkdir(parents=True, exist_ok=True)
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

    `timeout` is how many seconds one call may take.
    """

    url: str
    tenant: str = "default_tenant"
    database: str = "default_database"
    token: str | None = field(default=None, repr=False)
    timeout: float = 30.0
    is_shared = True

    def connect(self) -> System:
        """Reach the server once, so that a wrong address is noticed at once."""
        address = urlsplit(self.url)
        secure = address.scheme == "https"
        system = _start(
            _OVER_HTTP,
            chroma_server_host=address.hostname,
            chroma_server_http_port=address.port or (443 if secure else 8000),
            chroma_server_ssl_enabled=secure,
            chroma_server_headers={"X-Chroma-Token": self.token} if self.token else {},
        )
        api = api_of(system)
        # Chroma waits for ever, and has no setting for it.
        api._session.timeout = self.timeout  # type: ignore[attr-defined]  # noqa: SLF001
        try:
            api.heartbeat()
        except BaseException:
            self.disconnect(system)
            raise
        return system

    def disconnect(self, system: System) -> None:
        """Close the connections."""
        api_of(system)._session.close()  # type: ignore[attr-defined]  # noqa: SLF001
        system.stop()
