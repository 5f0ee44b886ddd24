"""The vector index on Chroma: on disk, in memory, or a server."""
