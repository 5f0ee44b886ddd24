"""The engine as Python classes: messages that the caller has found, and an answer to them.

    handler = DiscordLLMHandler()
    response = handler.generate_response_sync("When is the release?", messages)

Nothing is searched here and nothing is held back: the caller chose the messages, the model
writes, and its text is returned as it is, but for its length.
"""

from app.entrypoints.library.handler import DiscordLLMHandler
from app.entrypoints.library.values import LLMResponse, MessageContext

__all__ = ["DiscordLLMHandler", "LLMResponse", "MessageContext"]
