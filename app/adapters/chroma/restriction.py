"""What a scope admits of one server, in the terms of what the index stores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from app.domain.model import snowflake_at

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.domain.model import Scope

CHANNEL, AUTHOR = "channel", "author"
"""The keys of what is stored beside a vector."""

_VALUES_AT_ONCE = 10_000  # SQLite takes 32,766 variables


@frozen
class Restriction:
    """The channels, authors and ids that are admitted; `None` leaves a side open.

    A message's id says when it was written, so the window needs nothing stored.
    """

    channels: frozenset[int] | None
    authors: frozenset[int] | None
    first_id: int
    end_id: int | None

    @classmethod
    def of(cls, scope: Scope, guild_id: int) -> Restriction:
        """Return what the scope leaves of a server."""
        granted = None if scope.grants is None else scope.grants.get(guild_id, frozenset())
        after, before = scope.window.after, scope.window.before
        return cls(
            _both(granted, scope.channels),
            scope.authors,
            0 if after is None else snowflake_at(after),
            None if before is None else snowflake_at(before),
        )

    @property
    def is_open(self) -> bool:
        """Whether the whole server is admitted."""
        return not self.reads_metadata and not self.first_id and self.end_id is None

    @property
    def is_empty(self) -> bool:
        """Whether nothing can be admitted."""
        return (
            self.channels == frozenset()
            or self.authors == frozenset()
            or (self.end_id is not None and self.end_id <= self.first_id)
        )

    @property
    def reads_metadata(self) -> bool:
        """Whether an id alone does not tell what is admitted."""
        return self.channels is not None or self.authors is not None

    def admits_id(self, message_id: int) -> bool:
        """Tell whether a message was written in the window."""
        return self.first_id <= message_id and (self.end_id is None or message_id < self.end_id)

    def admits(self, message_id: int, metadata: Mapping[str, Any]) -> bool:
        """Tell whether a stored message is admitted."""
        return (
            self.admits_id(message_id)
            and (self.channels is None or metadata[CHANNEL] in self.channels)
            and (self.authors is None or metadata[AUTHOR] in self.authors)
        )

    def clauses(self) -> Iterator[dict[str, Any] | None]:
        """Yield filters for Chroma that together admit the channels and authors.

        The window is left out: Chroma would read every row for it.
        """
        for channels in _parts(self.channels):
            for authors in _parts(self.authors):
                held = ((CHANNEL, channels), (AUTHOR, authors))
                clauses = [{key: {"$in": ids}} for key, ids in held if ids is not None]
                if len(clauses) > 1:
                    yield {"$and": clauses}
                else:
                    yield clauses[0] if clauses else None


def _both(one: frozenset[int] | None, other: frozenset[int] | None) -> frozenset[int] | None:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _parts(ids: frozenset[int] | None) -> Iterator[list[int] | None]:
    if ids is None:
        yield None
        return
    ordered = sorted(ids)
    for start in range(0, len(ordered), _VALUES_AT_ONCE):
        yield ordered[start : start + _VALUES_AT_ONCE]
