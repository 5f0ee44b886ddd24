"""Parts that are down."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from attrs import frozen

from app.domain.errors import EmbedderUnavailable, IndexBusy
from app.ports.language import Embedder
from app.ports.storage import VectorIndex

if TYPE_CHECKING:
    from app.domain.vectors import EmbeddingIdentity


def _busy(*_: object) -> NoReturn:
    raise IndexBusy("Another process works on the vectors.")


@frozen
class BrokenIndex(VectorIndex):
    """An index that another process holds."""

    identity: EmbeddingIdentity

    async def open(self) -> None:
        _busy()

    async def close(self) -> None:
        """Nothing to let go of."""

    async def put(self, *_: Any, **__: Any) -> NoReturn:  # noqa: ANN401 (whatever it is asked)
        _busy()

    remove = drop = nearest = similarities = count = stale = rebuild = put


@frozen
class BrokenEmbedder(Embedder):
    """An embedder whose model is missing."""

    identity: EmbeddingIdentity

    async def embed(self, texts: object) -> NoReturn:
        raise EmbedderUnavailable("The embedding model is not installed.")
