"""Language models on an Ollama server."""

from app.adapters.ollama.chat import OllamaChatModel

__all__ = ["OllamaChatModel"]
