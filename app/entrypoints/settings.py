"""Settings: typed, frozen data; reading them from the environment is `read_settings`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attrs import Attribute, evolve, field, fields, frozen

from app.domain.errors import InvalidInput, InvalidSetting
from app.entrypoints.kinds import (
    DATABASE_URL,
    FLAG,
    OLLAMA_HOST,
    PATH,
    TEXT,
    TEXT_FILE,
    WEB_ADDRESS,
    ZONE,
    Kind,
    one_of,
    real,
    whole,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

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

CHARS_PER_TOKEN = 3
"""How many characters a token holds at least, in most languages; English has about four."""

INSTRUCTION_CHARS = 1_000
"""What the built-in instructions, the question and the lines between take of the context."""

CONTEXT_SETTINGS = ("LLM_MAX_CONTEXT", "LLM_NUM_CTX", "LLM_SYSTEM_PROMPT_FILE")
"""What can be right one by one and wrong together."""


def setting(name: str, default: object, kind: Kind, about: str, *, secret: bool = False) -> Any:  # noqa: ANN401 - as attrs' own `field`: the annotation says the type
    """Declare a field that is read from the environment variable `name`.

    A `secret` is never printed, neither by an error about it nor with the settings.
    """
    metadata = {"name": name, "kind": kind, "about": about, "secret": secret}
    return field(default=default, repr=not secret, metadata=metadata)


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
    chroma_tenant: str = setting(
        "CHROMA_TENANT", "default_tenant", TEXT, "the tenant there, where it has several"
    )
    chroma_database: str = setting(
        "CHROMA_DATABASE", "default_database", TEXT, "the database there"
    )
    chroma_token: str | None = setting(
        "CHROMA_TOKEN", None, TEXT, "what opens that server", secret=True
    )
    embedder: str = setting(
        "EMBEDDER", "packaged", one_of("packaged"), "what turns text into vectors"
    )
    embed_threads: int = setting(
        "EMBED_THREADS", os.cpu_count() or 1, whole(1, 256), "threads that embed"
    )
    index_bots: bool = setting("INDEX_BOTS", False, FLAG, "whether bots' messages are searched")  # noqa: FBT003
    timezone: str = setting("TIMEZONE", "UTC", ZONE, "the zone of times given without one")
    llm_backend: str = setting(
        "LLM_BACKEND", "auto", one_of("auto", "ollama", "extractive"), "what writes the answers"
    )
    llm_preset: str = setting(
        "LLM_PRESET", "quality", one_of(*PRESETS), "defaults for the four that follow"
    )
    llm_model_name: str = setting("LLM_MODEL_NAME", "llama3.2:3b", TEXT, "the model")
    llm_max_context: int = setting(
        "LLM_MAX_CONTEXT", 4_000, whole(100, 1_000_000), "characters of messages it is given"
    )
    context_policy: str = setting(
        "CONTEXT_POLICY",
        "conversation",
        one_of("conversation", "similarity-recency"),
        "what chooses them",
    )
    llm_max_response: int = setting(
        "LLM_MAX_RESPONSE", 1_800, whole(50, DISCORD_MESSAGE_CHARS), "characters of an answer"
    )
    llm_temperature: float = setting("LLM_TEMPERATURE", 0.7, real(0, 2), "0 is the most literal")
    ollama_host: str = setting(
        "OLLAMA_HOST", "http://localhost:11434", OLLAMA_HOST, "where Ollama listens"
    )
    llm_num_ctx: int = setting(
        "LLM_NUM_CTX", 8_192, whole(512, 1_048_576), "tokens of context the model is loaded with"
    )
    llm_num_gpu: int | None = setting(
        "LLM_NUM_GPU", None, whole(0, 1_000), "layers on the GPU; unset, Ollama decides"
    )
    llm_timeout: float = setting("LLM_TIMEOUT", 60.0, real(1, 3_600), "seconds for an answer")
    llm_first_token_timeout: float = setting(
        "LLM_FIRST_TOKEN_TIMEOUT", 10.0, real(0.1, 3_600), "seconds until it begins"
    )
    llm_load_timeout: float = setting(
        "LLM_LOAD_TIMEOUT", 120.0, real(1, 3_600), "the same while the model is being loaded"
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

    @property
    def archive_file(self) -> Path | None:
        """The file of the archive, `None` where it is not kept in one."""
        _, is_file, path = self.archive_url.partition(":///")
        path = path.partition("?")[0]
        return Path(path) if is_file and path not in {"", ":memory:"} else None

    @property
    def archive_place(self) -> Path:
        """Where the archive is looked for, as people are told: its folder."""
        file = self.archive_file
        return self.folder.absolute() if file is None else file.absolute().parent

    @property
    def has_archive(self) -> bool:
        """Whether there is an archive already; one that may not be looked at counts as there."""
        try:
            return self.archive_file is None or bool(self.archive_file.stat())
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True


def known_settings() -> tuple[Attribute[Any], ...]:
    """Return the fields of `Settings`; their metadata hold name, kind, about and secret."""
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
    preset = read_setting(fields(Settings).llm_preset, variables)
    layered = {**PRESETS[str(preset)], **{k: v for k, v in variables.items() if v.strip()}}
    values: dict[str, Any] = {f.name: read_setting(f, layered) for f in known_settings()}
    return changed(Settings(**values), overrides or {})


def changed(settings: Settings, overrides: Mapping[str, object]) -> Settings:
    """Return the settings with some of them, by field name, replaced; `None` replaces nothing.

    Raises `InvalidSetting` where they do not go together.
    """
    values: dict[str, Any] = {k: v for k, v in overrides.items() if v is not None}
    result = evolve(settings, **values)
    check_context(result)
    return result


def read_setting(attribute: Attribute[Any], variables: Mapping[str, str]) -> Any:  # noqa: ANN401
    """Return the value of one setting, its default where the variable is not set.

    Whether it goes with the others is not looked at. Raises `InvalidSetting`.
    """
    text = variables.get(attribute.metadata["name"], "").strip()
    return as_setting(attribute, text, attribute.metadata["name"]) if text else attribute.default


def as_setting(attribute: Attribute[Any], value: object, called: str) -> Any:  # noqa: ANN401
    """Return a value, or a variable's text, as the setting's type and within its bounds.

    Raises `InvalidSetting`, in which `called` is how the person who set it knows it.
    """
    kind, text = attribute.metadata["kind"], str(value)
    try:
        return kind.read(text)
    except (ValueError, InvalidInput):
        if attribute.metadata["secret"]:
            message = f"{called} must be {kind.allowed}; its value is not shown here."
        else:
            message = f"{called} is {kind.shown(text)!r}, but must be {kind.allowed}."
    # Without its cause, which repeats what it could not read: no traceback may, of a secret.
    raise InvalidSetting(message)


def check_context(settings: Settings) -> None:
    """Raise `InvalidSetting` where the model's context cannot hold what it is to be given.

    Ollama drops the beginning of a longer prompt without a word, and the instructions
    stand there. Quotes need no context.
    """
    if settings.llm_backend == "extractive":
        return
    file = settings.llm_system_prompt_file
    instructions = INSTRUCTION_CHARS + (file.stat().st_size if file else 0)
    chars = settings.llm_max_context + instructions + settings.llm_max_response
    needed = -(-chars // CHARS_PER_TOKEN)
    if needed > settings.llm_num_ctx:
        raise InvalidSetting(
            f"LLM_NUM_CTX is {settings.llm_num_ctx}, too few tokens for {chars:,} characters of"
            f" messages (LLM_MAX_CONTEXT is {settings.llm_max_context}), instructions and answer:"
            f" lower LLM_MAX_CONTEXT, or raise LLM_NUM_CTX to {needed} or more."
        )


def environment_with_dotenv(path: Path = Path(".env")) -> dict[str, str]:
    """Return the environment, with the variables of a `.env` file below it."""
    if not path.is_file():
        return dict(os.environ)
    from dotenv import dotenv_values

    return {k: v for k, v in dotenv_values(path).items() if v is not None} | dict(os.environ)
