"""Which of several sights of a message the archive keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import evolve, frozen

from app.adapters.sql.rows import storable, to_us

if TYPE_CHECKING:
    from app.domain.model import Message


@frozen
class State:
    """A message as it is, or is to be, archived.

    Its author bears the names of the earliest sight, which was nearest to the writing:
    a later export calls everybody what they are called by then. `named_us` is when
    that was.
    """

    message: Message
    named_us: int
    is_indexed: bool

    @classmethod
    def of(cls, message: Message, *, index_bots: bool) -> State:
        """Return a message as it was just seen; what says nothing is not indexed."""
        message = _storable(message)
        is_indexed = bool(message.text) and (index_bots or not message.author.is_bot)
        return cls(message, to_us(message.observed_at), is_indexed)

    def merge(self, other: State) -> State:
        """Return the later of two states, under the names of the earlier sight.

        The message is the same whichever comes first. Whether it is indexed goes by
        `other` where they are equal, so that importing again follows a change of mind.
        """
        later, older = (other, self) if other._order >= self._order else (self, other)
        if later.message.author.id != older.message.author.id:
            return later
        named = min(self, other, key=_naming)
        names = named.message.author
        author = evolve(later.message.author, name=names.name, display_name=names.display_name)
        return evolve(later, message=evolve(later.message, author=author), named_us=named.named_us)

    def says_the_same(self, other: State) -> bool:
        """Tell whether the two differ in nothing but when and how they were seen."""
        mine, theirs = self.message, other.message
        return mine.channel.id == theirs.channel.id and mine == evolve(
            theirs, channel=mine.channel, observed_at=mine.observed_at, source=mine.source
        )

    def is_found_the_same(self, other: State) -> bool:
        """Tell whether the two are searched alike, so that nothing derived has to follow."""
        return self._found == other._found

    @property
    def _found(self) -> tuple[object, ...]:
        if not self.is_indexed:
            return ()
        message = self.message
        return (message.indexed_text, message.created_at, message.channel.id, message.author.id)

    @property
    def _order(self) -> tuple[Any, ...]:
        """Orders states by version; the rest decides ties, so that the order is total."""
        message = self.message
        rest = (message.content, message.embeds, message.attachments, message.reply_to or 0)
        place = (message.channel.id, message.author.id, message.created_at, message.source)
        return (*message.version, message.edited_at is not None, *rest, *place)


def _storable(message: Message) -> Message:
    """Mend texts with halves of characters, which some sources have."""
    author = message.author
    try:
        f"{author.name} {author.display_name} {message.text}".encode()
    except UnicodeEncodeError:
        name, display_name = storable(author.name), storable(author.display_name)
        return evolve(
            message,
            author=evolve(author, name=name, display_name=display_name),
            content=storable(message.content),
            embeds=tuple(map(storable, message.embeds)),
            attachments=tuple(map(storable, message.attachments)),
        )
    return message


def _naming(state: State) -> tuple[int, str, str]:
    return (state.named_us, state.message.author.name, state.message.author.display_name)
