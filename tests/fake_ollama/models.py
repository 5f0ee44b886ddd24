"""The models that the fake server has, and which of them are loaded with what options."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from attrs import define, field, frozen

from tests.fake_ollama.behaviour import Refusal, Refused

CHAT_MODEL, EMBEDDING_MODEL = "llama3.2:3b", "all-minilm:latest"
DEFAULT_CONTEXT = 4096
DEFAULT_KEEP_ALIVE = timedelta(minutes=5)
FOREVER = datetime(2318, 1, 1, tzinfo=UTC)
LOAD_OPTIONS = ("num_ctx", "num_gpu", "main_gpu", "num_batch", "num_thread", "use_mmap")
"""A change of one of these loads the model again."""

_DURATION = re.compile(r"-?(?:\d+(?:\.\d*)?(?:ms|h|m|s))+")
_UNITS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001}


@frozen
class Model:
    """An installed model; `capabilities` as `/api/show` names them."""

    name: str
    capabilities: tuple[str, ...] = ("completion",)
    context_length: int = 131_072
    size: int = 2_019_393_189

    @property
    def digest(self) -> str:
        """A digest of the right form."""
        return sha256(self.name.encode()).hexdigest()

    def listed(self) -> dict[str, object]:
        """Return what every list says of a model."""
        return {
            "name": self.name,
            "model": self.name,
            "size": self.size,
            "digest": self.digest,
            "details": {"format": "gguf", "family": "fake", "quantization_level": "Q4_K_M"},
        }


@frozen
class Loaded:
    """A model in memory."""

    model: Model
    options: tuple[object, ...]
    num_ctx: int
    expires_at: datetime


@define
class Models:
    """What is installed and loaded, by name with tag; `loads` counts how often one was loaded."""

    installed: dict[str, Model] = field(
        factory=lambda: {
            CHAT_MODEL: Model(CHAT_MODEL),
            EMBEDDING_MODEL: Model(EMBEDDING_MODEL, ("embedding",), 256, 45_960_996),
        }
    )
    loaded: dict[str, Loaded] = field(factory=dict)
    loads: int = 0

    def install(self, *names: str) -> None:
        """Add chat models."""
        self.installed |= {name: Model(name) for name in names}

    def named(self, asked: dict[str, object]) -> Model:
        """Return the model that a request names; raises `Refused` as Ollama does."""
        name = asked.get("model") or asked.get("name")
        if not isinstance(name, str) or not name:
            raise Refused(Refusal.error(400, "model is required"))
        tagged = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
        if tagged not in self.installed:
            raise Refused(Refusal.error(404, f"model '{name}' not found"))
        return self.installed[tagged]

    def needs_loading(self, model: Model, options: dict[str, object]) -> bool:
        """Tell whether these options need another process than the one that runs."""
        loaded = self.loaded.get(model.name)
        return loaded is None or loaded.options != _load_options(options)

    def load(self, model: Model, options: dict[str, object], keep_alive: object) -> Loaded:
        """Put a model into memory, or keep it there for longer."""
        self.loads += self.needs_loading(model, options)
        wanted = options.get("num_ctx")
        loaded = Loaded(
            model,
            _load_options(options),
            wanted if isinstance(wanted, int) else DEFAULT_CONTEXT,
            _expiry(keep_alive),
        )
        self.loaded[model.name] = loaded
        return loaded

    def tags(self) -> dict[str, object]:
        """Answer `/api/tags`."""
        changed = {"modified_at": "2026-08-01T12:00:00.123456789Z"}
        return {"models": [model.listed() | changed for model in self.installed.values()]}

    def running(self) -> dict[str, object]:
        """Answer `/api/ps`."""
        return {
            "models": [
                loaded.model.listed()
                | {
                    "size_vram": loaded.model.size,
                    "expires_at": loaded.expires_at.isoformat(),
                    "context_length": loaded.num_ctx,
                }
                for loaded in self.loaded.values()
            ]
        }

    def show(self, asked: dict[str, object]) -> dict[str, object]:
        """Answer `/api/show`."""
        model = self.named(asked)
        return {
            "details": model.listed()["details"],
            "model_info": {
                "general.architecture": "fake",
                "fake.context_length": model.context_length,
            },
            "capabilities": list(model.capabilities),
        }


def _load_options(options: dict[str, object]) -> tuple[object, ...]:
    return tuple(options.get(name) for name in LOAD_OPTIONS)


def seconds_of(keep_alive: object) -> float:
    """Read a duration with units, or seconds; raises `ValueError` as Go words it."""
    if isinstance(keep_alive, (int, float)):
        return float(keep_alive)
    if not isinstance(keep_alive, str) or not _DURATION.fullmatch(keep_alive):
        unit = "missing unit in duration" if str(keep_alive).isdigit() else "invalid duration"
        raise ValueError(f'time: {unit} "{keep_alive}"')
    parts = re.findall(r"(\d+(?:\.\d*)?)(ms|h|m|s)", keep_alive)
    total = sum(float(number) * _UNITS[unit] for number, unit in parts)
    return -total if keep_alive.startswith("-") else total


def _expiry(keep_alive: object) -> datetime:
    seconds = DEFAULT_KEEP_ALIVE.total_seconds() if keep_alive is None else seconds_of(keep_alive)
    return FOREVER if seconds < 0 else datetime.now(UTC) + timedelta(seconds=seconds)
