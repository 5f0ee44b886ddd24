"""What happened in a span of time: its busiest stretches of talk and their key messages.

A search for the words "summarize yesterday's discussion" finds nothing that happened
yesterday: here the messages of the time themselves are gone through.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, timedelta
from itertools import chain, pairwise, zip_longest
from typing import TYPE_CHECKING

from attrs import field, frozen

from app.domain.chunking import SILENCE_MS
from app.domain.context import say_the_same, words_of
from app.domain.cutting import GAP
from app.domain.extracts import quoted_lines, uncited
from app.domain.model import Window, snowflake_time
from app.domain.questions import Kind
from app.domain.reply import cut_text
from app.domain.stems import stem, stems_of
from app.domain.terms import STOP_WORDS, question_terms
from app.domain.wording import counted, day_and_time, flat, local, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import tzinfo

    from app.domain.model import Channel, Message
    from app.domain.prompt import Excerpt
    from app.domain.questions import Reading

SILENCE = timedelta(milliseconds=SILENCE_MS)
STRETCHES_TOLD = 4
MESSAGES_QUOTED = 8
QUOTED_CHARS = 180
"""How much a digest without a model tells: so many of the busiest stretches, and quotes."""

REPLY_WORTH = 0.5
LENGTH_WORTH = 0.25
"""What a reply, and e times as many words, add to how central a message is (0 to about 1).

Chosen by reading digests, not measured: the bench has no spans of time with a summary.
"""

_FRAME_WORDS = """
summarize summarise summary summaries recap tldr tl dr sum up catch overview highlight highlights
miss missed happen happened happening go going went new news discuss discussed discussing discussion
discussions talk talked talking talks said say conversation conversations chat chats chatted debate
message messages everything anything something thing things stuff everyone everybody people group we
us me main key important interesting point points topic topics yesterday today tonight week month
morning afternoon evening night last past recent recently latest lately since day days hour hours
server channel channels here there give show tell quick quickly short brief briefly much lot whole
entire all while away gone offline team guys anyone community members
"""
_FRAME = frozenset(map(stem, _FRAME_WORDS.split()))


@frozen
class Stretch:
    """Talk in one channel without a long silence, in order of time.

    `key` are the same messages, those first that tell most of what it was about.
    """

    messages: tuple[Message, ...]
    key: tuple[Message, ...]
    people: int

    @property
    def channel(self) -> Channel:
        """Where it was."""
        return self.messages[0].channel


@frozen
class Digest:
    """What happened in a window: figures of all its messages, and its stretches, busiest first.

    `read` of the `messages` were looked at; people and channels are counted over those.
    """

    stretches: tuple[Stretch, ...]
    messages: int
    read: int
    people: int
    channels: int
    window: Window = field(factory=Window)

    def by_worth(self) -> list[Message]:
        """Return all messages: the best of each stretch by turns, the busiest stretch first."""
        turns = zip_longest(*(stretch.key for stretch in self.stretches))
        return [message for message in chain.from_iterable(turns) if message is not None]


def wants_digest(reading: Reading) -> bool:
    """Tell whether a summary of everything is wanted, and not of what was said on a topic."""
    if reading.kind is not Kind.SUMMARY:
        return False
    return all(
        word in STOP_WORDS or stem(word) in _FRAME or not word[0].isalnum()
        for word in question_terms(reading.text)
    )


def busiest_hours(ids: Sequence[int], most: int) -> list[int]:
    """Return at most `most` of ascending ids, those of the hours in which most was said."""
    if len(ids) <= most:
        return list(ids)
    hours: defaultdict[int, list[int]] = defaultdict(list)
    for message_id in ids:
        hours[int(snowflake_time(message_id).timestamp() // 3_600)].append(message_id)
    kept: list[int] = []
    for _, hour in sorted(hours.items(), key=lambda item: (-len(item[1]), -item[0])):
        kept += hour[: most - len(kept)]
    return sorted(kept)


def digest_of(messages: Iterable[Message], in_all: int, window: Window) -> Digest:
    """Return the digest of the messages of a window, of which there are `in_all`."""
    said = [message for message in messages if message.text.strip()]
    replies = Counter(message.reply_to for message in said if message.reply_to)
    stretches = [_stretch(stretch, replies) for stretch in split_stretches(said)]
    stretches.sort(key=lambda s: (-len(s.messages) * s.people, -s.messages[-1].id))
    return Digest(
        tuple(stretches),
        in_all,
        len(said),
        len({message.author.id for message in said}),
        len({message.channel.id for message in said}),
        window,
    )


def split_stretches(messages: Iterable[Message]) -> list[list[Message]]:
    """Return the messages by channel, cut where there was silence for 30 minutes."""
    channels: defaultdict[tuple[int, int], list[Message]] = defaultdict(list)
    for message in sorted(messages, key=lambda m: (m.created_at, m.id)):
        channels[message.guild_id, message.channel.id].append(message)
    stretches = []
    for channel in channels.values():
        stretch = channel[:1]
        for earlier, later in pairwise(channel):
            if later.created_at - earlier.created_at >= SILENCE:
                stretches.append(stretch)
                stretch = []
            stretch.append(later)
        stretches.append(stretch)
    return stretches


def _stretch(messages: Sequence[Message], replies: Mapping[int, int]) -> Stretch:
    words = {message.id: stems_of(message.text) for message in messages}
    shared = Counter(chain.from_iterable(words.values()))
    others = max(1, len(messages) - 1)

    def worth(message: Message) -> float:
        said = words[message.id]
        if not said:
            return 0.0
        # How many of the others share a word of it, on the mean over its words' square root:
        # one shared word in a long message says less than in a short one.
        central = sum((shared[word] - 1) / others for word in said) / math.sqrt(len(said))
        answered = math.log1p(replies.get(message.id, 0))
        return central + REPLY_WORTH * answered + LENGTH_WORTH * math.log(len(said))

    key = sorted(messages, key=lambda message: (-worth(message), message.id))
    return Stretch(tuple(messages), tuple(key), len({m.author.id for m in messages}))


def facts_of(digest: Digest, zone: tzinfo = UTC) -> list[str]:
    """Return the figures as lines for a model that cannot count."""
    busiest = [f"- {_place(s, zone)}: {_size(s)}" for s in digest.stretches[:STRETCHES_TOLD]]
    return [f"Counted: {_told(digest, zone)} The busiest stretches:", *busiest]


def answer_with_digest(
    digest: Digest, excerpts: Sequence[Excerpt], limit_chars: int, zone: tzinfo = UTC
) -> list[str]:
    """Return what happened, in pieces to be joined: figures, and the key messages word for word.

    The busiest stretches stand first. What does not fit is left out, the least first.
    """
    by_message = {excerpt.message.id: excerpt for excerpt in excerpts}
    lead = _told(digest, zone)
    for most in range(MESSAGES_QUOTED, 0, -1):
        pieces = [lead, *_told_stretches(digest, by_message, most, zone)]
        if len(pieces) > 1 and sum(map(len, pieces)) <= limit_chars:
            return pieces
    return [cut_text(lead, limit_chars)]


def _told_stretches(
    digest: Digest, excerpts: Mapping[int, Excerpt], most: int, zone: tzinfo
) -> Iterator[str]:
    """Yield the busiest stretches with their best messages, in all at most so many of them."""
    stretches = digest.stretches[:STRETCHES_TOLD]
    quoted = _most_telling(stretches, excerpts, most)
    for stretch in stretches:
        shown = [excerpts[m.id] for m in stretch.messages if m.id in quoted]
        if shown:
            yield f"\n\n**{uncited(_place(stretch, zone))}**, {_size(stretch)}"
            yield from (_quote(excerpt, zone) for excerpt in shown)


def _most_telling(
    stretches: Sequence[Stretch], excerpts: Mapping[int, Excerpt], most: int
) -> set[int]:
    """Return the ids of the best messages of all stretches by turns, none that says the same."""
    given = ([m for m in stretch.key if m.id in excerpts] for stretch in stretches)
    said: dict[int, frozenset[str]] = {}
    for message in filter(None, chain.from_iterable(zip_longest(*given))):
        words = words_of(message.text)
        if len(said) < most and not any(say_the_same(words, o) for o in said.values()):
            said[message.id] = words
    return set(said)


def _quote(excerpt: Excerpt, zone: tzinfo) -> str:
    text = cut_text(excerpt.text, QUOTED_CHARS)
    cut = f" {GAP}" if len(text) < len(excerpt.text) else ""
    message = excerpt.message
    said_by = f"{flat(message.author.display_name)}, {local(message.created_at, zone):%H:%M}"
    return f"\n{quoted_lines(text + cut)}\n{uncited(said_by)} [{excerpt.number}]"


def _told(digest: Digest, zone: tzinfo) -> str:
    """Return the figures of a window as sentences."""
    looked_at = ""
    if digest.read < digest.messages:
        looked_at = f", of which I read the {digest.read:,} of the busiest hours"
    return (
        f"{counted(digest.messages, 'message')}{spelled(digest.window, zone)}{looked_at}:"
        f" {counted(digest.people, 'person')} in {counted(digest.channels, 'channel')}."
    )


def _place(stretch: Stretch, zone: tzinfo) -> str:
    """Return where and when a stretch was."""
    first, last = (local(stretch.messages[at].created_at, zone) for at in (0, -1))
    until = f"{last:%H:%M}" if first.date() == last.date() else day_and_time(last, zone)
    return f"#{flat(stretch.channel.name)}, {day_and_time(first, zone)} to {until}"


def _size(stretch: Stretch) -> str:
    return f"{counted(len(stretch.messages), 'message')} by {counted(stretch.people, 'person')}"
