"""`/api/pull`: a model arrives, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fake_ollama.models import Model

if TYPE_CHECKING:
    from tests.fake_ollama.connection import Connection
    from tests.fake_ollama.models import Models

UNKNOWN = "pull model manifest: file does not exist"


async def pull(asked: dict[str, object], models: Models, connection: Connection) -> None:
    """Install the model that is named; one named `unknown` does not exist in the registry."""
    name = asked.get("model") or asked.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("model is required")
    model = Model(name if ":" in name else f"{name}:latest")
    part: dict[str, object] = {
        "status": f"pulling {model.digest[:12]}",
        "digest": f"sha256:{model.digest}",
    }
    steps: list[dict[str, object]] = [{"status": "pulling manifest"}]
    if name.startswith("unknown"):
        steps.append({"error": UNKNOWN})
    else:
        models.installed[model.name] = model
        done = [part | {"total": model.size, "completed": model.size * n // 4} for n in range(5)]
        steps += [*done, {"status": "verifying sha256 digest"}, {"status": "success"}]
    if asked.get("stream") is False:
        await connection.tell(steps[-1])
        return
    for step in steps:
        await connection.write_line(step)
    await connection.end()
