"""Speaking with an Ollama server: its address, a client for it, its errors in our words."""

from __future__ import annotations

import re
import ssl
from contextlib import contextmanager
from http import HTTPStatus
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import ollama

from app.domain.errors import InvalidSetting, ModelMissing, ModelUnavailable

if TYPE_CHECKING:
    from collections.abc import Iterator

DEFAULT_PORT = 11434
CONNECT_SECONDS = 5.0
SHOWN_CHARS = 200
"""How much of the server's own words an error repeats."""

_USUAL_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[\w.-]+")
_OUT_OF_MEMORY = (
    "out of memory",
    "cudamalloc failed",
    "unable to allocate",
    "failed to allocate",
    "requires more system memory",
)


def server_address(host: str) -> str:
    """Return the address to connect to for what people write into `OLLAMA_HOST`.

    Scheme and port may be missing, as in Ollama's own programs, and an address to listen
    on (0.0.0.0) stands for this machine. Raises `InvalidSetting`.
    """
    written = host.strip()
    try:
        parts = urlsplit(written if "://" in written else f"http://{written}")
        usual = _USUAL_PORTS[parts.scheme] if "://" in written else DEFAULT_PORT
        name = _reachable(parts.hostname or "127.0.0.1")
        address = f"{parts.scheme}://{name}:{parts.port or usual}{parts.path.rstrip('/')}"
        httpx.URL(address)
    except (ValueError, KeyError, httpx.InvalidURL) as error:
        raise InvalidSetting(
            "OLLAMA_HOST must be an address like http://localhost:11434."
        ) from error
    return address


def _reachable(name: str) -> str:
    """Return the host to connect to, in brackets where it is an IPv6 address.

    Raises `ValueError` for what can be neither a name nor an address.
    """
    if _HOST_NAME.fullmatch(name) and not name.replace(".", "").isdecimal():
        return name
    address = ip_address(name)
    is_short = address.version == 4  # noqa: PLR2004
    if address.is_unspecified:
        return "127.0.0.1" if is_short else "[::1]"
    return name if is_short else f"[{name}]"


def _is_this_machine(address: str) -> bool:
    name = urlsplit(address).hostname or ""
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def connect(address: str) -> ollama.AsyncClient:
    """Make a client that speaks with this server and with nobody else; nothing connects yet.

    No redirects, no proxy between this program and its own machine, and no certificates
    read (30 ms) where nothing is encrypted. Connecting is limited in time, answers are
    not: whoever waits for one knows how long.
    """
    return ollama.AsyncClient(
        address,
        timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),
        follow_redirects=False,
        trust_env=not _is_this_machine(address),
        verify=address.startswith("https:") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
    )


def tagged(model: str) -> str:
    """Return a model's name with the tag that the server assumes where none is given."""
    _, _, name = model.rpartition("/")
    return (model if ":" in name else f"{model}:latest").lower()


def missing(address: str, model: str) -> str:
    """Say that the server lacks the model, and how to get it."""
    return f"Ollama at {address} does not have {model}: run `ollama pull {model}`."


@contextmanager
def translated(address: str, model: str) -> Iterator[None]:
    """Raise what the client raises as `ModelMissing` or `ModelUnavailable`."""
    try:
        yield
    except ollama.ResponseError as error:
        raise _refusal(error, address, model) from error
    except (ConnectionError, httpx.ConnectError, httpx.ConnectTimeout) as error:
        raise ModelUnavailable(
            f"No Ollama answers at {address}: start it with `ollama serve`, or set OLLAMA_HOST"
            " to where it runs."
        ) from error
    except httpx.HTTPError as error:
        raise ModelUnavailable(
            f"The connection to Ollama at {address} broke ({type(error).__name__}): ask again."
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        # The client's own, where an answer is not JSON or not of the expected shape.
        raise ModelUnavailable(
            f"What answers at {address} does not speak like Ollama: check OLLAMA_HOST."
        ) from error


def _refusal(error: ollama.ResponseError, address: str, model: str) -> ModelUnavailable:
    """Phrase an error that the server reports, by its status as far as that goes."""
    words = " ".join(str(error.error).split())[:SHOWN_CHARS] or "no reason given"
    status = error.status_code
    if status == HTTPStatus.NOT_FOUND and words.startswith("model "):
        return ModelMissing(missing(address, model))
    if any(sign in words.lower() for sign in _OUT_OF_MEMORY):
        return ModelUnavailable(
            f"{model} does not fit into the memory of Ollama at {address}:"
            " lower LLM_NUM_CTX or choose a smaller model."
        )
    known: dict[int, str] = {
        HTTPStatus.NOT_FOUND: f"There is no Ollama at {address}: check OLLAMA_HOST.",
        HTTPStatus.SERVICE_UNAVAILABLE: f"Ollama at {address} is busy: ask again in a moment.",
        HTTPStatus.UNAUTHORIZED: f"Ollama at {address} refuses access: check OLLAMA_API_KEY.",
        HTTPStatus.FORBIDDEN: f"Ollama at {address} refuses access: check OLLAMA_API_KEY.",
    }
    if 300 <= status < 400:  # noqa: PLR2004
        return ModelUnavailable(f"{address} leads elsewhere: set OLLAMA_HOST to the final address.")
    return ModelUnavailable(known.get(status, f"Ollama at {address} failed: {words}"))
