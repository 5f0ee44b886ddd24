"""Exports of DiscordChatExporter in JSON as a source of history.

history      ExportHistory: every page of every export, read in a thread
documents    where exports lie: files, folders, archives
splitting    the text of one export, cut into messages as it streams by
translating  one message of the format as a message of the domain
"""

from app.adapters.exports.history import ExportHistory

__all__ = ["ExportHistory"]
