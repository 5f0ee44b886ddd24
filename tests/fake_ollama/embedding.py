"""`/api/embed`: vectors in which texts that share words are near each other."""

from __future__ import annotations

import re
from hashlib import shake_128
from math import hypot
from typing import TYPE_CHECKING

from tests.fake_ollama.prompts import CHARS_PER_TOKEN, count_tokens

if TYPE_CHECKING:
    from tests.fake_ollama.models import Models

DIMENSIONS = 384


def embed(asked: dict[str, object], models: Models) -> dict[str, object]:
    """Answer `/api/embed`: a text or a list; too long ones are cut unless `truncate` is false."""
    model = models.named(asked)
    given = asked.get("input", [])
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        raise ValueError("invalid input type")
    if asked.get("truncate") is False and any(
        count_tokens(text) > model.context_length for text in texts
    ):
        raise ValueError("the input length exceeds the context length")
    read = [text[: model.context_length * CHARS_PER_TOKEN] for text in texts]
    return {
        "model": asked["model"],
        "embeddings": [_vector(text) for text in read],
        "total_duration": 1_000_000,
        "load_duration": 0,
        "prompt_eval_count": sum(map(count_tokens, read)),
    }


def _vector(text: str) -> list[float]:
    """Return the sum of a fixed vector for each word, of unit length."""
    words = re.findall(r"\w+", text.lower()) or [""]
    hashes = [shake_128(word.encode()).digest(DIMENSIONS) for word in words]
    total = [sum(column) - 127.5 * len(words) for column in zip(*hashes, strict=True)]
    length = hypot(*total)
    return [value / length for value in total]
