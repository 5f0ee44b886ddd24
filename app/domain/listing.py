"""Who mentions something, and how often: counted over messages, never guessed.

Only questions about writing can be counted ("who mentioned Python?", "how many messages are
about the raid?"). "Who is the mayor?" and "how many cores does it have?" are answered by
what messages say, like any other question. English only, like `questions`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import UTC
from typing import TYPE_CHECKING

from attrs import evolve, frozen

from app.domain.cutting import GAP
from app.domain.extracts import uncited
from app.domain.reply import cut_text
from app.domain.stems import stem, words_of
from app.domain.terms import question_terms
from app.domain.wording import counted, day_and_time, flat, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, tzinfo

    from app.domain.model import Author, Message
    from app.domain.prompt import Excerpt

NAMED_IN_FULL = 2
"""A message counts when it names so many words of the subject, or two thirds of more."""

QUOTED_CHARS = 140
"""How much of a person's message is quoted in a list."""

_PEOPLE = r"(?:person|people|users?|members?|authors?|guys|folks)"
_ASKS_WHO = (
    rf"(?:who(?:\s+(?:else|all))?|(?:which|what)\s+{_PEOPLE}"
    rf"|(?:everyone|everybody|{_PEOPLE})\s+(?:who|that))"
)
_WRITES = (
    r"(?:mention(?:ed|s|ing)?|discuss(?:ed|es|ing)?|br(?:ought|ings?)\s+up"
    r"|(?:talk(?:ed|s|ing)?|sp(?:oke|eaks?|eaking)|wr(?:ote|ites?|iting|itten)|post(?:ed|s|ing)?"
    r"|complain(?:ed|s|ing)?|chat(?:s|ted|ting)?)\s+(?:\w+\s+)?(?:about|of|on)"
    r"|ask(?:ed|s|ing)?\s+(?:\w+\s+)?(?:about|for))"
)
_KNOWS = r"(?:kn[oe]ws?\s+about|uses?|using)"
_BETWEEN = (
    r"(?:['\u2019]s)?(?:\s+(?:has|have|had|was|were|is|are|here|ever|also|already|recently|lately"
    r"|just|been|actually|all))*\s+"
)
_WHO = re.compile(rf"\b{_ASKS_WHO}{_BETWEEN}(?:{_WRITES}|{_KNOWS})\b", re.IGNORECASE)
_HOW_MANY = re.compile(
    r"\b(?:how\s+many|(?:the\s+)?number\s+of|count(?:\s+(?:the|all))?)\s+(?:messages?|posts?|mentions)\b"
    rf"|\bhow\s+(?:often|many\s+times)\b.*\b{_WRITES}\b"
    rf"|\bhow\s+many\s+{_PEOPLE}\b.*\b(?:{_WRITES}|{_KNOWS})\b",
    re.IGNORECASE,
)
_WHEN_LAST = re.compile(
    rf"\bwhen\s+(?:was|were|did)\b(?:.*\blast\b.*\b{_WRITES}\b|.*\b{_WRITES}\b.*\blast\b)"
    rf"|\blast\s+time\b.*\b{_WRITES}\b",
    re.IGNORECASE,
)
_WHO_WROTE = re.compile(
    rf"\b{_ASKS_WHO}{_BETWEEN}(?:wrote|written|posted|talked|spoke|spoken|chatted|active|online)\b",
    re.IGNORECASE,
)
_FRAME_WORDS = """
mention mentioned mentions mentioning discuss discussed discusses discussing bring brings brought up
talk talked talks talking speak speaks speaking spoke spoken write writes writing wrote written post
posts posted posting complain complained complains complaining chat chats chatted chatting ask asks
asked asking know knows known use uses using used contain contains containing contained say says
said many often times time number count counted messages message person people user users member
members author authors guys folks everyone everybody list else ever here recently recent lately
latest newest last server channel already actually there exist total altogether active online
"""
_FRAME = frozenset(map(stem, _FRAME_WORDS.split()))


@frozen
class Tallied:
    """A person, how many messages of theirs count, their newest and the best of them."""

    author: Author
    messages: int
    newest: datetime
    best: Message


@frozen
class Tally:
    """Messages that name a subject, counted by person.

    `needed` of the `words` stand in each. Not `is_complete` where more were there than
    could be looked at: then the figures are the least there are, but for that of all
    `messages` where there are no words, of which people were counted among the newest
    `looked_at`. `asked_of` names the people of whom alone messages were to be counted.
    """

    words: tuple[str, ...]
    needed: int
    people: tuple[Tallied, ...]
    messages: int
    newest: datetime
    is_complete: bool = True
    asked_of: tuple[str, ...] = ()
    looked_at: int = 0


def can_be_counted(question: str) -> bool:
    """Tell whether a question asks who wrote of something, how many did, or when last.

    "Who wrote" alone asks for people too, but "who wrote the song" does not.
    """
    if _WHO.search(question) or _HOW_MANY.search(question) or asks_when_last(question):
        return True
    return bool(_WHO_WROTE.search(question)) and not subject_of(question)


def asks_when_last(question: str) -> bool:
    """Tell whether a question asks when something was last written of."""
    return bool(_WHEN_LAST.search(question))


def subject_of(question: str) -> tuple[str, ...]:
    """Return the words that name what is counted, without those that say how to count."""
    return tuple(word for word in question_terms(question) if stem(word) not in _FRAME)


def newest_that_name(messages: Iterable[Message], subject: Sequence[str]) -> list[Message]:
    """Return the messages that name the subject, the newest first; none without a subject."""
    needed = _needed(subject)
    naming = [message for message in messages if 0 < needed <= _named(subject, message.text)]
    return sorted(naming, key=lambda message: (message.created_at, message.id), reverse=True)


def tally(
    messages: Iterable[Message],
    subject: Sequence[str],
    *,
    newest_first: bool = False,
    is_complete: bool = True,
) -> Tally | None:
    """Count the messages that name the subject, all where there is none; None where none does.

    `messages` are the best first. Who wrote most stands first, or with `newest_first` who
    wrote last; then, and without a subject, the best message of each is their newest.
    """
    needed = _needed(subject)
    by_author: defaultdict[int, list[Message]] = defaultdict(list)
    for message in messages:
        if _named(subject, message.text) >= needed:
            by_author[message.author.id].append(message)
    show_newest = newest_first or not subject
    people = [_tallied(their, show_newest=show_newest) for their in by_author.values()]
    if not people:
        return None
    people.sort(key=lambda p: (p.newest if newest_first else p.messages, p.newest), reverse=True)
    return Tally(
        tuple(subject),
        needed,
        tuple(people),
        sum(person.messages for person in people),
        max(person.newest for person in people),
        is_complete,
    )


def of_all(tallied: Tally, in_all: int, *, is_by_one: bool) -> Tally:
    """Return the count of the newest messages as one of all, of which there are so many."""
    people, looked_at = tallied.people, tallied.messages
    if is_by_one:
        people = tuple(evolve(person, messages=in_all) for person in people)
    is_complete = tallied.is_complete or is_by_one
    return evolve(
        tallied, people=people, messages=in_all, looked_at=looked_at, is_complete=is_complete
    )


def _tallied(messages: Sequence[Message], *, show_newest: bool) -> Tallied:
    newest = max(messages, key=lambda message: (message.created_at, message.id))
    best = newest if show_newest else messages[0]
    return Tallied(newest.author, len(messages), newest.created_at, best)


def _needed(subject: Sequence[str]) -> int:
    """Return how many words of a subject a message must name."""
    return min(len(subject), max(NAMED_IN_FULL, -(-2 * len(subject) // 3)))


def _named(subject: Sequence[str], text: str) -> int:
    """Return how many words of the subject stand in a text, whatever their ending."""
    said = {stem(word) for word in words_of(text)}
    folded = text.casefold()
    return sum(_stands_in(word, said, folded) for word in subject)


def _stands_in(word: str, said: set[str], folded: str) -> bool:
    plain = {stem(part) for part in words_of(word)}
    # Scripts without spaces and emoji are no words of a text, but stand in it.
    return bool(plain and plain <= said) or (not word.isascii() and word in folded)


def told(tallied: Tally, zone: tzinfo = UTC) -> str:
    """Return the figures as a sentence."""
    least = _least(tallied)
    people = counted(len(tallied.people), "person")
    by = listed(tallied.asked_of) if tallied.asked_of else f"{least}{people}"
    newest = f"the newest is of {day_and_time(tallied.newest, zone)}."
    if not tallied.words and least:
        among = f"Among the newest {tallied.looked_at:,} messages are those of {people}."
        return f"I found {counted(tallied.messages, 'message')}; {newest} {among}"
    if not tallied.words:
        return f"I found {counted(tallied.messages, 'message')} by {by}; {newest}"
    if least:
        newest = newest.replace("newest", "newest of them")
    words = [f"“{word}”" for word in tallied.words]
    some = f"{tallied.needed} of " if tallied.needed < len(words) else ""
    verb = "mentions" if tallied.messages == 1 else "mention"
    return (
        f"I found {least}{counted(tallied.messages, 'message')} by {by} that {verb}"
        f" {some}{listed(words)}; {newest}"
    )


def told_none(subject: Sequence[str], names: Sequence[str]) -> str:
    """Return the sentence that says that these people, or nobody, wrote anything that counts."""
    mention = f" that mentions {listed([f'“{word}”' for word in subject])}" if subject else ""
    author = f" by {listed(names, 'or')}" if names else ""
    return f"I found no message{author}{mention}"


def facts_of(tallied: Tally, excerpts: Sequence[Excerpt], zone: tzinfo = UTC) -> list[str]:
    """Return the figures as lines for a model that cannot count, with the numbers to cite."""
    numbers = {excerpt.message.id: excerpt.number for excerpt in excerpts}
    facts = [f"Counted: {told(tallied, zone)}"]
    for person in tallied.people[:20]:
        number = numbers.get(person.best.id)
        cited = f" [{number}]" if number else ""
        figures = f"{_least(tallied)}{_messages(person, zone)}"
        facts.append(f"- {flat(person.author.display_name)}: {figures}{cited}")
    return facts


def _least(tallied: Tally) -> str:
    """Return what stands before a figure that may be higher."""
    return "" if tallied.is_complete else "at least "


def answer_with_list(
    tallied: Tally, excerpts: Sequence[Excerpt], limit_chars: int, zone: tzinfo = UTC
) -> list[str]:
    """Return the figures and a line for each person that can be cited, as many as fit.

    The pieces are to be joined. Each line holds a count, a date and the begin of a message.
    """
    by_message = {excerpt.message.id: excerpt for excerpt in excerpts}
    lead = told(tallied, zone)
    pieces, room = [cut_text(lead, limit_chars)], limit_chars - len(lead)
    shown = 0
    for person in tallied.people:
        if excerpt := by_message.get(person.best.id):
            figures = f"{_least(tallied)}{_messages(person, zone)}"
            line = f"\n- {_line(person, excerpt, figures)}"
            if len(line) + len(_rest(len(tallied.people))) <= room:
                pieces.append(line)
                room -= len(line)
                shown += 1
    if shown < len(tallied.people) and len(_rest(len(tallied.people) - shown)) <= room:
        pieces.append(_rest(len(tallied.people) - shown))
    return pieces


def _rest(people: int) -> str:
    return f"\nand {people:,} more {'person' if people == 1 else 'people'}."


def _messages(person: Tallied, zone: tzinfo) -> str:
    last = "" if person.messages == 1 else "the newest "
    return f"{counted(person.messages, 'message')}, {last}of {day_and_time(person.newest, zone)}"


def _line(person: Tallied, excerpt: Excerpt, figures: str) -> str:
    whole = flat(excerpt.text)
    text = cut_text(whole, QUOTED_CHARS)
    quote = uncited(f"“{text}{f' {GAP}' * (len(text) < len(whole))}”")
    name = uncited(flat(person.author.display_name))
    return f"{name} ({figures}): {quote} [{excerpt.number}]"
