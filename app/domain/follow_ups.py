"""Follow-ups: questions that mean something only together with what was asked before.

By rule, in English: a question in another language stands by itself. The rules rather miss a
follow-up than drag an old subject into a new question: what names subjects of its own is left
alone, unless it opens like a follow-up ("what about") or says "it" or "that" before anything
that these words could refer to.
"""

from __future__ import annotations

import re
from itertools import islice
from typing import TYPE_CHECKING

from attrs import evolve

from app.domain.listing import can_be_counted, subject_of
from app.domain.mentions import Role
from app.domain.questions import Kind, read_question
from app.domain.stems import stem
from app.domain.terms import STOP_WORDS, question_terms

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from app.domain.mentions import Mention
    from app.domain.model import Question
    from app.domain.questions import Reading

MOST_SUBJECTS = 12
"""How many words of the questions before are searched along."""

ENOUGH_SUBJECTS = 3
"""What names more subjects of its own needs none from before, whatever it refers to."""

FEW_SUBJECTS = 2
"""What begins with "and" and names no more belongs to what was asked before."""


def read_in_context(question: Question) -> Reading:
    """Read a question together with those before it where it does not stand by itself.

    A follow-up takes over the subjects of what it follows, and its time, channels and
    authors where it names none of its own; then what follows it follows all of that.
    """
    context = None
    for turn in question.history:
        context = _follow(read_question(turn.text, turn.asked_at, question.zone), context)
    return _follow(read_question(question.text, question.asked_at, question.zone), context)


def _follow(reading: Reading, context: Reading | None) -> Reading:
    if context is None or not is_follow_up(reading, context):
        return reading
    own_roles = {mention.role for mention in reading.mentions}
    kept = tuple(
        m for m in context.mentions if m.role is not Role.ABOUT and m.role not in own_roles
    )
    has_own_kind = bool(_ASKS.match(reading.text)) and not _WHAT_ABOUT.match(reading.text)
    kind_of = reading if has_own_kind else context
    return evolve(
        reading,
        text=_joined(reading, context, kept),
        window=reading.window or context.window,
        wants_current=reading.wants_current or kind_of.wants_current,
        mentions=(*reading.mentions, *kept),
        kind=kind_of.kind,
        broad=reading.broad or kind_of.broad,
        is_follow_up=True,
        stays=not (_subjects(reading.text) or reading.window or _OTHER.search(reading.text)),
    )


def _joined(reading: Reading, context: Reading, kept: Sequence[Mention]) -> str:
    """Return what to search for: the follow-up, then the subjects of what it follows.

    In this order, so that it is the follow-up's question word and person that count.
    """
    named = [mention for mention in context.mentions if mention.role is not Role.ABOUT]
    own = {stem(word.lower()) for word in _subjects(reading.text)}
    before = [w for w in _subjects(context.without(*named)) if stem(w.lower()) not in own]
    names = dict.fromkeys(mention.words for mention in kept)
    if not (own or before or names):
        return context.text
    if own and _WHAT_ABOUT.match(reading.text) and can_be_counted(context.text):
        return _with_subject(context.text, " ".join(_subjects(reading.text)))
    return " ".join([reading.text, *islice(before, MOST_SUBJECTS), *names]).strip()


def _with_subject(question: str, subject: str) -> str:
    """Return a question that counts with another subject: "who uses Arch?" of Debian."""
    counted = frozenset(subject_of(question))
    words = _TOKEN.findall(question)
    old = [word for word in words if not counted.isdisjoint(question_terms(word))]
    if not old:
        return f"{question} {subject}"
    kept = [subject if word == old[0] else word for word in words if word not in old[1:]]
    return " ".join(kept)


# --- does it stand by itself? ---------------------------------------------------------------------

_OPENING = r"\W*(?:(?:ok|okay|hm+|ah|oh|well|right|and|but|or|so|then)\b\W*)*"
_QUESTION_WORD = (
    r"(?:who|whom|whose|what|which|when|where|why|how|is|are|was|were|do|does|did|can|could|will"
    r"|would|should|has|have|had|any|anyone|anybody|anything|someone|somebody)\b"
)


def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_ASKS = _pattern(rf"{_OPENING}{_QUESTION_WORD}")
_ASKS_THE_BOT = _pattern(rf"{_OPENING}(?:who|what|how)\s*(?:'re|are|can|do)\s+you\b(?!\s+mean)")
_WHAT_ABOUT = _pattern(
    rf"{_OPENING}(?:(?:what|how)\s+about|what\s+of|(?:the\s+)?same\s+(?:\w+\s+)?for)\b"
    r"(?!\s+(?:we|you|i)\b)"
)
_CORRECTS = _pattern(r"\W*(?:no\s*,|nope\b|sorry\s*,|actually\s*,|i\s+meant?\b|not\s+(?!one\b))")
_OTHER = _pattern(r"\b(?:else|others?|another|more|next|different|ones?)\b")
_JOINS = _pattern(r"\W*(?:(?:ok|okay|oh|ah|hm+)\W+)?(?:and|but|or)\b")
_WANTS_MORE = _pattern(
    rf"{_OPENING}(?:(?:can|could)\s+you\s+|please\s+)*(?:tell\s+(?:me|us)\s+more"
    r"|(?:some\s+|any\s+)?more\b(?:\s+\w+){0,2}\W*$|go\s+on\W*$|continue\W*$|elaborate\b|explain\W*$"
    r"|like\s+(?:what|who|where)\W*$|such\s+as\W*$|for\s+(?:example|instance)\W*$|really\W*$"
    r"|says\s+who\W*$|since\s+when\W*$|any\s+(?:news|updates?|others?)\W*$)"
)
_LACKS_A_NOUN = _pattern(
    r"^\W*(?:on|in|for|with|without|by|from|since|at|to|under|via|using|before|after|until|during"
    r"|except|only)\b[^?]*\?\W*$"  # "on Windows?"
    r"|^\W*(?:which|what|whose|how\s+many)\s+[\w.+#-]+\W*$"  # "which version?"
    r"|^\W*which\s+(?:is|are|was|were|would\s+be)\s+(?:the\s+)?\w+\W*$"  # "which is faster?"
    r"|\belse\b"  # "who else uses Arch?"
)


def is_follow_up(reading: Reading, context: Reading) -> bool:
    """Tell whether a question leaves out what it is about; `context` was asked before it."""
    whole = reading.text.replace("\u2019", "'")
    text = reading.without(*reading.mentions).replace("\u2019", "'")
    own = len(_subjects(text))
    if not _TOKEN.search(text):  # "yesterday?", "#dev?", but "messages by Ana"
        return bool(reading.window) or any(m.role is not Role.BY for m in reading.mentions)
    if own > ENOUGH_SUBJECTS or _ASKS_THE_BOT.match(whole):
        return False
    openings = (_WHAT_ABOUT, _CORRECTS, _WANTS_MORE)
    names_author = any(mention.role is Role.BY for mention in reading.mentions)
    if any(opening.match(whole) for opening in openings) or _refers_back(text, names_author):
        return True
    if _JOINS.match(whole):
        return own <= FEW_SUBJECTS
    if own == 0:
        return _is_elliptic(whole, reading, context)
    return own == 1 and bool(_LACKS_A_NOUN.search(whole))


def _is_elliptic(text: str, reading: Reading, context: Reading) -> bool:
    """Tell whether a question without a subject leaves it out: "why?", and not "what's new?".

    "What did Ben say?" does so where it was just asked what Ana said.
    """
    narrows = reading.window is not None or any(mention.is_filter for mention in reading.mentions)
    if narrows or reading.wants_current or reading.kind is Kind.SUMMARY:
        return False
    if any(mention.role is Role.BY for mention in reading.mentions):
        return any(mention.role is Role.BY for mention in context.mentions)
    return bool(_ASKS.match(text) or _LACKS_A_NOUN.search(text))


# --- does it refer back? --------------------------------------------------------------------------


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_PERSONS = _set("he she him her his hers they them their theirs")
_IT = _set("it it's its")
_ANYBODY = _set("anybody anyone everybody everyone person people somebody someone others")
_HAS_CLAUSE = _ANYBODY | _set(
    "so all answer anything case everything fact idea issue message nothing one ones part point"
    " problem question reason something thing things way"
)
_POINTS = _set("this these those")
_HERE = _set(
    """
server guild channel discord community group chat place team week month year morning afternoon
evening night time weekend bot project room game app program conversation discussion the a an
"""
)
_SAYING = _set("say says said think thinks thought know knew mean means meant tell told")
_GOES_ON = _set("first before earlier again and in on at about to here there exactly last")
_COUNTED = _set("which that this first second third last other another best any the")
_EMPTY_IT = _pattern(
    # "is it possible to ...", "does it matter if ...", "how long does it take to ..."
    r"\bit(?:'s)?\b[^?.!]*?\b(?:to|that|if|when|for\s+\w+\s+to)\s+(?:(?:the|a|an|my|your|you|i|we)\s+)?\w{2,}"
    r"|\bit(?:'s|\s+is|\s+was)?\s+(?:rain|snow)"
)


def _refers_back(text: str, names_author: bool) -> bool:  # noqa: FBT001
    """Tell whether a word points to something that the question itself has not named before.

    `text` is without the words that name an author, to whom "she" may refer and "it" not.
    """
    words = [match[0].lower() for match in _TOKEN.finditer(text)]
    names_person = names_author
    for before, word, after in zip(["", *words], words, [*words[1:], ""], strict=False):
        if _points_back(before, word, after):
            is_person = word in _PERSONS
            is_empty = word in _IT and _EMPTY_IT.search(text)
            return not (is_empty or (is_person and names_person))
        if not _is_little(word):
            return False
        names_person = names_person or word in _ANYBODY
    return False


def _points_back(before: str, word: str, after: str) -> bool:
    plain = word.removesuffix("'s")
    if plain in _PERSONS or plain in _IT:
        return True
    if plain in _POINTS:
        return after not in _HERE
    if plain == "that":
        is_conjunction = before in _SAYING and after and after not in _GOES_ON
        return not (is_conjunction or before in _HAS_CLAUSE)
    if plain in {"one", "ones"}:
        return before in _COUNTED
    if plain == "same":
        return before == "the" and after not in {"as", "time"}
    return plain in {"there", "then", "so"} and not after and before not in {"", "and"}


# --- what it is about -----------------------------------------------------------------------------

_TOKEN = re.compile(r"[^\W_](?:[\w'\u2019+#-]|\.(?=\w))*")
_NO_SUBJECTS = _set(
    """
accept actually again ago agree agreed already also answer anybody anyone anything apparently
ask author believe call came case cause chat choose chose come conclusion conversation decide
decision detail different disagree discuss discussion do done each either else end ended even
ever everybody everyone exactly example explain explanation fact feel felt find first fix found
get give go gone got guess happen help idea instead issue kind knew know last later less long
look lot made make many maybe mean meant mention message more most much name need neither next
nobody now often one only opinion originally other outcome part people person please point post
problem propose question quote read real really reason recommend reply respond response result
right said same saw say second see seem show so solution solve somebody someone something sort
source start still stop suggest suggestion sure take talk tell then there thing think thought
time told too took tried true try use want way went work write written wrong wrote yet
"""
)
_LITTLE = frozenset(map(stem, _NO_SUBJECTS)) | STOP_WORDS
"""Words that stand in discussions of anything."""


def _subjects(text: str) -> list[str]:
    """Return the words of a text that tell what it is about, each once, as written."""
    return list({word.lower(): word for word in _words(text)}.values())


def _words(text: str) -> Iterator[str]:
    return (match[0] for match in _TOKEN.finditer(text) if not _is_little(match[0]))


def _is_little(word: str) -> bool:
    plain = word.lower().replace("\u2019", "'")
    return plain in STOP_WORDS or stem(plain.removesuffix("'s")) in _LITTLE
