"""Which channels and people of the scope the names in a question mean."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from attrs import field, frozen

from app.domain.mentions import ASKER, HERE, Role

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from app.domain.mentions import Mention
    from app.domain.model import Author, Channel, Question, Scope
    from app.domain.questions import Reading

_AS_THINGS_DO = re.compile(
    r"^(?:does|do|can|could|would|will|should)\b"
    r"(?!.*\b(?:say|think|mention|write|post|reply|respond|tell|talk)$)",
    re.IGNORECASE | re.DOTALL,
)
SHORTEST_NAME = 3
"""What is shorter may be anything."""


@frozen
class Ambiguous:
    """A name that several people of the scope bear, so that it narrows nothing."""

    name: str
    authors: tuple[Author, ...]


@frozen
class Understood:
    """What the names in a question were taken to mean, by what its scope alone discloses.

    `channels` and `authors` are those that the search was narrowed to; `resolved` are the
    mentions that named them. `absent` are the people whose words are asked for where nobody
    of that name wrote anything nor is spoken of; `ASKER` stands for who asks. `unknown` are
    the names with a # that no channel bears.
    """

    channels: tuple[Channel, ...] = ()
    authors: tuple[Author, ...] = ()
    ambiguous: tuple[Ambiguous, ...] = ()
    absent: tuple[str, ...] = ()
    resolved: tuple[Mention, ...] = ()
    unknown: tuple[str, ...] = ()
    _channel_ids: frozenset[int] | None = None
    _author_ids: frozenset[int] | None = None

    def narrow(self, scope: Scope) -> Scope:
        """Return the part of the scope that is asked about, threads of the channels included."""
        if self._channel_ids is not None:
            scope = scope.in_channels(self._channel_ids)
        if self._author_ids is not None:
            scope = scope.by(self._author_ids)
        return scope

    def searched_text(self, reading: Reading) -> str:
        """Return the question without the resolved mentions, or whole where nothing is left."""
        rest = reading.without(*self.resolved)
        return rest if any(character.isalnum() for character in rest) else reading.text


@frozen
class Known:
    """What the scope of a question discloses about the mentions in it, each of them.

    `threads` are those of all `channels`; `spoken_of` are the mentions of unknown people
    whose name stands in some message.
    """

    channels: Mapping[Mention, Sequence[Channel]] = field(factory=dict)
    threads: Sequence[Channel] = ()
    authors: Mapping[Mention, Sequence[Author]] = field(factory=dict)
    spoken_of: frozenset[Mention] = frozenset()


def spellings(mention: Mention, question: Question) -> tuple[str, ...]:
    """Return the names or ids under which to look a mention up, the likeliest first."""
    if mention.name in {ASKER, HERE}:
        meant = _meant(mention, question)
        return () if meant is None else (str(meant),)
    if mention.role is Role.IN and " " in mention.name:
        return mention.name, mention.name.replace(" ", "-")  # "the off topic channel"
    return (mention.name,)


def resolve(reading: Reading, question: Question, known: Known) -> Understood:
    """Decide what the mentions of a question mean.

    A channel's name means all channels of that name. A person's narrows the search where
    nothing but their messages is wanted (`Mention.is_filter`) and nobody else bears it.
    Who asks, and where, is certain even where nothing of it is known.
    """
    by = [m for m in reading.mentions if m.role is Role.BY]
    ambiguous = [m for m in by if _meant(m, question) is None and len(known.authors.get(m, ())) > 1]
    places = _limits(reading.mentions, Role.IN, question, known.channels)
    people = _limits(reading.mentions, Role.BY, question, known.authors)
    if not set(people).isdisjoint(ambiguous):
        people = {}
    threads = frozenset(thread.id for thread in known.threads)
    named = (m for m in reading.mentions if m.role is Role.IN and "#" in m.words)
    unknown = [m for m in named if m.name != HERE and not known.channels.get(m)]
    return Understood(
        channels=tuple(c for m, ids in places.items() for c in known.channels[m] if c.id in ids),
        authors=tuple(a for m, ids in people.items() for a in known.authors[m] if a.id in ids),
        ambiguous=tuple(Ambiguous(m.name, tuple(known.authors[m])) for m in ambiguous),
        absent=_absent(by, question, known),
        resolved=(*places, *people),
        unknown=tuple(dict.fromkeys(m.name for m in unknown)),
        channel_ids=threads.union(*places.values()) if places else None,
        author_ids=frozenset().union(*people.values()) if people else None,
    )


def nobody_wrote(absent: Sequence[str]) -> str:
    """Say that the people whose words are asked for are not there."""
    names = " or ".join(name for name in absent if name != ASKER)
    if not names:
        return "You wrote nothing in what I searched."
    return f"Nobody called {names} wrote in what I searched."


def _limits(
    mentions: Sequence[Mention],
    role: Role,
    question: Question,
    known: Mapping[Mention, Sequence[Author]] | Mapping[Mention, Sequence[Channel]],
) -> dict[Mention, frozenset[int]]:
    """Return the mentions that narrow the search, each with the ids that it means."""
    limits = {}
    for mention in mentions:
        if mention.role is role and mention.is_filter:
            meant = _meant(mention, question)
            named = frozenset(each.id for each in known[mention])
            ids = named if meant is None else frozenset({meant})
            if ids:
                limits[mention] = ids
    return limits


def _meant(mention: Mention, question: Question) -> int | None:
    """Return the id that "I" or "here" stands for, where the question tells."""
    return {ASKER: question.asker, HERE: question.channel}.get(mention.name)


def _absent(by: Sequence[Mention], question: Question, known: Known) -> tuple[str, ...]:
    """Return whose words are asked for, where surely none of these people are there."""
    names = tuple(dict.fromkeys(mention.name for mention in by))
    return names if all(_is_absent(mention, question, known) for mention in by) else ()


def _is_absent(mention: Mention, question: Question, known: Known) -> bool:
    if mention.name == ASKER:
        wrote = any(author.id == question.asker for author in known.authors[mention])
        return question.asker is not None and not wrote
    is_known = known.authors[mention] or mention in known.spoken_of
    return not is_known and _is_surely_a_name(mention)


def _is_surely_a_name(mention: Mention) -> bool:
    """Tell a person's from what else stands in its place: "users", "does Steam give refunds"."""
    if "@" in mention.words:
        return len(mention.name) >= SHORTEST_NAME
    is_marked = any(c.isupper() or c.isdigit() or c == "_" for c in mention.name)
    is_person = not _AS_THINGS_DO.search(mention.words)
    return is_marked and is_person and len(mention.name) >= SHORTEST_NAME
