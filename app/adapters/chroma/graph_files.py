"""The files of Chroma's search graph, which it overwrites in place.

Chroma first logs what it is given in SQLite, which survives any interruption. From time
to time it brings the graph on disk up to date and shortens the log. A process that is
killed in the midst of that (some hundredths of a second in each 2,000 vectors) leaves
files that contradict each other: the vectors of that server are lost and have to be made
anew. Here such files are recognised.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# header.bin of hnswlib as Chroma builds it: format version, offset of the first level,
# elements there is room for, elements there are, bytes per element, ...
_HEADER = struct.Struct("<i4Q")
_HEADER_BYTES = 100
_LENGTH = struct.Struct("<I")


def disarm(chroma_folder: Path) -> None:
    """Make Chroma refuse incomplete graphs.

    It reads a graph that is shorter than its header says without looking, and dies of it
    with the whole process. What it cannot unpickle it refuses with an error.
    """
    for header in chroma_folder.glob("*/header.bin"):
        if not _is_complete(header.parent):
            (header.parent / "index_metadata.pickle").write_bytes(b"")


def is_damage(error: Exception) -> bool:
    """Tell whether an error of Chroma's says that a graph cannot be read."""
    return "hnsw" in str(error).lower()


def _is_complete(graph: Path) -> bool:
    try:
        header = (graph / "header.bin").read_bytes()
        if len(header) < _HEADER_BYTES:
            return False
        _, _, _, elements, element_bytes = _HEADER.unpack_from(header)
        return bool(
            (graph / "data_level0.bin").stat().st_size >= elements * element_bytes
            and (graph / "length.bin").stat().st_size >= elements * _LENGTH.size
            and (_was_finished(graph) or _has_links(graph, elements))
        )
    except FileNotFoundError:
        return False


def _was_finished(graph: Path) -> bool:
    """Tell whether the table of ids, which Chroma writes last, was written after the links.

    Where it was not, somebody may as well have copied the files in another order.
    """
    ids, links = graph / "index_metadata.pickle", graph / "link_lists.bin"
    return ids.exists() and links.stat().st_mtime_ns <= ids.stat().st_mtime_ns


def _has_links(graph: Path, elements: int) -> bool:
    """Tell whether the links of each element are there: their length in bytes, and they."""
    links = (graph / "link_lists.bin").read_bytes()
    end = 0
    for _ in range(elements):
        if end + _LENGTH.size > len(links):
            return False
        end += _LENGTH.size + _LENGTH.unpack_from(links, end)[0]
    return end <= len(links)
