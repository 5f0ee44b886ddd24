"""What the C library does with memory that native libraries freed."""

from __future__ import annotations

import ctypes
import os


def return_freed_memory() -> None:
    """Give freed memory back to the system; takes a few milliseconds.

    glibc keeps a part of it for each thread that ever allocated, which adds up to a
    hundred megabytes under ONNX Runtime and Chroma. Others have no such function.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if os.name == "posix" else None
    if trim is not None:
        trim(0)
