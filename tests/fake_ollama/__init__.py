"""An Ollama server without models: over real sockets, as quick, slow or broken as a test wants.

    async with FakeOllama() as server:
        server.behaviour = Behaviour(stall_after=2)
        ... OllamaChatModel(host=server.url, ...)

`in_thread()` runs one beside code that blocks its event loop, `python -m tests.fake_ollama` beside
another process. What it answers follows Ollama 0.33: paths, statuses, texts of errors, NDJSON, the
loading of models and the silent loss of what exceeds `num_ctx`.
"""

from tests.fake_ollama.behaviour import Behaviour, Refusal
from tests.fake_ollama.prompts import cite_first_excerpt
from tests.fake_ollama.server import FakeOllama, in_thread

__all__ = ["Behaviour", "FakeOllama", "Refusal", "cite_first_excerpt", "in_thread"]
