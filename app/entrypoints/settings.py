"""Settings: typed, frozen data; reading them from the environment is `read_settings`."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from attrs import Attribute, field, fields, frozen

from app.domain.errors import InvalidInput, InvalidSetting
from app.domain.times import zone_named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PRESETS: Mapping[str, Mapping[str, str]] = {
    "quality": {},
    "fast": {
        "LLM_TEMPERATURE": "0.5",
        "LLM_MAX_CONTEXT": "2000",
        "LLM_MAX_RESPONSE": "1000",
    },
    "high-context": {"LLM_MAX_CONTEXT": "6000", "LLM_MAX_RESPONSE": "1800"},
}
DISCORD_MESSAGE_CHARS = 2_000


@frozen
class Kind:
    """How a variable is read, and what is allowed in it; `read` raises `ValueError` else."""

    allowed: str
    read: Callable[[str], object]


def _within(low: float, high: float, number: float) -> float:
    if not low <= number <= high:
        raise ValueError
    return number


def _whole(low: int, high: int) -> Kind:
    return Kind(
        f"a whole number from {low:,} to {high:,}", lambda text: int(_within(low, high, int(text)))
    )


def _real(low: float, high: float) -> Kind:
    return Kind(f"a number from {low:g} to {high:g}", lambda text: _within(low, high, float(text)))


def _one_of(*allowed: str) -> Kind:
    lowered = {word.lower(): word for word in allowed}

    def read(text: str) -> str:
        if text.lower() not in lowered:
            raise ValueError
        return lowered[text.lower()]

    return Kind("one of " + ", ".join(allowed), read)


def _flag(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise ValueError
    return words[text.lower()]


def _text_file(text: str) -> Path:
    path = Path(text).expanduser()
    if not os.access(path, os.R_OK) or not path.is_file():
        raise ValueError
    path.read_text(encoding="utf-8")
    return path


def _zone(text: str) -> str:
    zone_named(text)
    return text


def _web_address(text: str) -> str:
    address = text if "://" in text else f"http://{text}"
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.port == 0:
        raise ValueError
    return address.rstrip("/")


def _ollama_host(text: str) -> str:
    """Add Ollama's own port where neither scheme nor port is given, as its programs do."""
    address = _web_address(text)
    if "://" in text or urlsplit(address).port:
        return address
    host, _, path = text.partition("/")
    return _web_address(f"{host}:11434/{path}")


def _database_url(text: str) -> str:
    if not text.startswith("sqlite:"):
        raise ValueError
    return text


TEXT = Kind("some text", str)
FLAG = Kind("true or false", _flag)
PATH = Kind("a path", lambda text: Path(text).expanduser())
TEXT_FILE = Kind("the path of a file of UTF-8 text that can be read", _text_file)
ZONE = Kind("the name of a time zone, like UTC or Europe/Berlin", _zone)
OLLAMA_HOST = Kind("an address like http://localhost:11434", _ollama_host)
WEB_ADDRESS = Kind("an address like http://localhost:11434", _web_address)
DATABASE_URL = Kind("an address like sqlite:////srv/discord/archive.db", _database_url)


def setting(name: str, default: object, kind: Kind, about: str) -> Any:  # noqa: ANN401
    """Declare a field of `Settings` that is read from the environment variable `name`.

    Typed `Any`, as attrs' own `field` is: the field's annotation says the type.
    """
    return field(default=default, metadata={"name": name, "kind": kind, "about": about})


def default_data_dir() -> Path:
    """Return where the platform keeps a program's data."""
    from platformdirs import user_data_path

    return user_data_path("discord-indexer", appauthor=False)


@frozen
class Settings:
    """Everything an operator can choose; `docs/configuration.md` describes each for them."""

    data_dir: Path | None = setting("DATA_DIR", None, PATH, "where everything is kept")
    database_url: str | None = setting(
        "DATABASE_URL", None, DATABASE_URL, "the archive, where it is not in the data directory"
    )
    chroma_url: str | None = setting(
        "CHROMA_URL", None, WEB_ADDRESS, "a Chroma server in place of files"
    )
    embedder: str = setting(
        "EMBEDDER", "packaged", _one_of("packaged"), "what turns text into vectors"
    )
    embed_threads: int = setting(
        "EMBED_THREADS", os.cpu_count() or 1, _whole(1, 256), "threads that embed"
    )
    index_bots: bool = setting("INDEX_BOTS", False, FLAG, "whether bots' messages are searched")  # noqa: FBT003
    timezone: str = setting("TIMEZONE", "UTC", ZONE, "the zone of times given without one")
    llm_backend: str = setting(
        "LLM_BACKEND", "auto", _one_of("auto", "ollama", "extractive"), "what writes the answers"
    )
    llm_preset: str = setting(
        "LLM_PRESET", "quality", _one_of(*PRESETS), "defaults for the four that follow"
    )
    llm_model_name: str = setting("LLM_MODEL_NAME", "llama3.2:3b", TEXT, "the model")
    llm_max_context: int = setting(
        "LLM_MAX_CONTEXT", 4_000, _whole(200, 1_000_000), "characters of messages it is given"
    )
    llm_max_response: int = setting(
        "LLM_MAX_RESPONSE", 1_800, _whole(50, DISCORD_MESSAGE_CHARS), "characters of an answer"
    )
    llm_temperature: float = setting("LLM_TEMPERATURE", 0.7, _real(0, 2), "0 is the most literal")
    ollama_host: str = setting(
        "OLLAMA_HOST", "http://localhost:11434", OLLAMA_HOST, "where Ollama listens"
    )
    llm_num_ctx: int = setting(
        "LLM_NUM_CTX", 8_192, _whole(512, 1_048_576), "tokens of context the model is loaded with"
    )
    llm_num_gpu: int | None = setting(
        "LLM_NUM_GPU", None, _whole(0, 1_000), "layers on the GPU; unset, Ollama decides"
    )
    llm_timeout: float = setting("LLM_TIMEOUT", 60.0, _real(1, 3_600), "seconds for an answer")
    llm_first_token_timeout: float = setting(
        "LLM_FIRST_TOKEN_TIMEOUT", 10.0, _real(0.1, 3_600), "seconds until it begins"
    )
    llm_load_timeout: float = setting(
        "LLM_LOAD_TIMEOUT", 120.0, _real(1, 3_600), "the same while the model is being loaded"
    )
    llm_keep_alive: str = setting(
        "LLM_KEEP_ALIVE", "30m", TEXT, "how long Ollama keeps the model loaded"
    )
    llm_system_prompt_file: Path | None = setting(
        "LLM_SYSTEM_PROMPT_FILE", None, TEXT_FILE, "instructions in place of the built-in ones"
    )

    @property
    def folder(self) -> Path:
        """The data directory, the platform's own where none was given."""
        return self.data_dir or default_data_dir()

    @property
    def archive_url(self) -> str:
        """The database of the archive."""
        return self.database_url or f"sqlite:///{(self.folder / 'archive.db').absolute()}"


def known_settings() -> tuple[Attribute[Any], ...]:
    """Return the fields of `Settings`; their metadata hold `name`, `kind` and `about`."""
    return tuple(fields(Settings))


def read_settings(
    environment: Mapping[str, str] | None = None, overrides: Mapping[str, object] | None = None
) -> Settings:
    """Read the settings: overrides first, then variables, then the preset, then defaults.

    `environment` is `environment_with_dotenv()` unless given; empty variables count as
    unset. `overrides` are by field name and already of the field's type; `None` is no
    override. Raises `InvalidSetting` naming the variable, its value and what is allowed.
    """
    variables = environment_with_dotenv() if environment is None else environment
    preset = _read(next(f for f in known_settings() if f.name == "llm_preset"), variables)
    layered = {**PRESETS[str(preset)], **{k: v for k, v in variables.items() if v.strip()}}
    values: dict[str, Any] = {f.name: _read(f, layered) for f in known_settings()}
    values.update({k: v for k, v in (overrides or {}).items() if v is not None})
    return Settings(**values)


def environment_with_dotenv(path: Path = Path(".env")) -> dict[str, str]:
    """Return the environment, with the variables of a `.env` file below it."""
    if not path.is_file():
        return dict(os.environ)
    from dotenv import dotenv_values

    return {k: v for k, v in dotenv_values(path).items() if v is not None} | dict(os.environ)


def _read(attribute: Attribute[Any], variables: Mapping[str, str]) -> object:
    name, kind = attribute.metadata["name"], attribute.metadata["kind"]
    text = variables.get(name, "").strip()
    if not text:
        return attribute.default
    try:
        return kind.read(text)
    except (ValueError, InvalidInput) as error:
        shown = re.sub(r"//[^/@]*@", "//***@", text)
        message = f"{name} is {shown!r}, but must be {kind.allowed}."
        raise InvalidSetting(message) from error
