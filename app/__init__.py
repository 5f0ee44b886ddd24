"""Ask a Discord server's history and get answers with their sources."""

__version__ = "0.1.0"
