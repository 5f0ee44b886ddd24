"""The command line: `discord-indexer`, also `python -m app`."""

from app.entrypoints.cli.program import main

__all__ = ["main"]
