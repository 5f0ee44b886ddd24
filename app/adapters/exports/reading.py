"""One export as pages: whole messages in, what is broken counted and named."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import define, field

from app.adapters.exports.heads import Head, read_head
from app.adapters.exports.splitting import MESSAGE_LIMIT_BYTES, Piece, Splitter, parse
from app.adapters.exports.translating import Translator
from app.domain.errors import InvalidInput
from app.ports.history import Failure, Page

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from app.adapters.exports.documents import Document
    from app.domain.model import Message

    ChannelNames = Mapping[int, Mapping[int, str]]
    """By server and channel, how a channel is written where a message mentions it."""

PAGE_LIMIT_BYTES = 8 << 20
"""A page ends early when its messages took this much text, so that no page is huge."""

_HEAD_BLOCK_BYTES = 1 << 13


def head_of(document: Document) -> Head:
    """Read the beginning only; raises `InvalidInput`, or `NotAnExport` for another text."""
    with document.open() as text:
        return _head(next(Splitter().pieces(text.blocks(_HEAD_BLOCK_BYTES))))


def read_pages(document: Document, names: ChannelNames, size: int) -> Iterator[Page | Failure]:
    """Yield pages of up to `size` messages, then a `Failure` if anything was left out.

    The last page comes even without messages, for the names of the channels. `Page.read`
    counts the bytes of this document alone.
    """
    gathered: _Gathered | None = None
    reasons = []
    try:
        with document.open() as text:
            pieces = Splitter().pieces(text.blocks())
            head = _head(next(pieces))
            gathered = _Gathered(Translator(head, names.get(head.guild.id, {})))
            for piece in pieces:
                gathered.add(piece)
                if gathered.is_full(size):
                    yield gathered.page(min(text.position(), document.size))
    except InvalidInput as error:
        reasons.append(str(error))
    if gathered is not None:
        yield gathered.page(document.size)
        reasons[:0] = gathered.complaints()
    if reasons:
        yield Failure(document.name, " ".join(reasons), gathered.taken if gathered else 0)


def _head(piece: Piece) -> Head:
    return read_head(parse(piece.text or bytearray()))


@define
class _Gathered:
    """The messages of the page to come, and what was wrong with others of the same export."""

    translator: Translator
    taken: int = 0
    _messages: dict[int, Message] = field(factory=dict, init=False)
    _skipped: int = field(default=0, init=False)
    _bytes: int = field(default=0, init=False)
    _unreadable: int = field(default=0, init=False)
    _first_unreadable: str = field(default="", init=False)

    def add(self, piece: Piece) -> None:
        try:
            message = self._translated(piece)
        except InvalidInput as error:
            self._first_unreadable = self._first_unreadable or f"byte {piece.offset}: {error}"
            self._unreadable += 1
            return
        if message is None:
            self._skipped += 1
            return
        known = self._messages.get(message.id)
        if known is not None:
            self._skipped += 1
            message = max(message, known, key=lambda each: each.version)
        self._messages[message.id] = message

    def is_full(self, size: int) -> bool:
        return len(self._messages) >= size or self._bytes >= PAGE_LIMIT_BYTES

    def page(self, read: int) -> Page:
        """Return what was gathered, and begin anew."""
        head, messages = self.translator.head, tuple(self._messages.values())
        page = Page(head.guild, head.channels, messages, self._skipped, read)
        self.taken += len(messages)
        self._messages, self._skipped, self._bytes = {}, 0, 0
        return page

    def complaints(self) -> list[str]:
        if not self._unreadable:
            return []
        messages = "1 message" if self._unreadable == 1 else f"{self._unreadable} messages"
        return [f"{messages} could not be read, first the one at {self._first_unreadable}."]

    def _translated(self, piece: Piece) -> Message | None:
        if piece.text is None:
            raise InvalidInput(f"it is longer than {MESSAGE_LIMIT_BYTES} bytes")
        self._bytes += len(piece.text)
        return self.translator.translate(parse(piece.text))
