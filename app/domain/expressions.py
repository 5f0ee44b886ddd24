"""Which words of a question name a time: a table of patterns and how each is read."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, TypeAlias

from attrs import field, frozen

from app.domain.almanac import DAY, FIRST_YEAR, Almanac, begin, moved
from app.domain.model import Window
from app.domain.story import Doubt

if TYPE_CHECKING:
    from collections.abc import Callable

    Read: TypeAlias = Callable[[re.Match[str], Almanac], Window | None]


@frozen
class Expression:
    """Words that name a time: where they stand, the window, and how surely it looks back."""

    start: int
    end: int
    window: Window
    doubt: Doubt


def _compiled(text: str) -> re.Pattern[str]:
    return re.compile(text, re.IGNORECASE)


@frozen
class Rule:
    """A pattern and how its matches are read; a group `x` is the expression within the match."""

    pattern: re.Pattern[str] = field(converter=_compiled)
    read: Read
    doubt: Doubt = Doubt.NONE


def find_expressions(text: str, almanac: Almanac) -> list[Expression]:
    """Return the expressions in the order of the text; of two that overlap, the longer."""
    found = [
        Expression(*match.span("x" if "x" in rule.pattern.groupindex else 0), window, rule.doubt)
        for rule in RULES
        for match in rule.pattern.finditer(text)
        if (window := rule.read(match, almanac))
    ]
    kept: list[Expression] = []
    for one in sorted(found, key=lambda e: e.start - e.end):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda e: e.start)


# --- reading --------------------------------------------------------------------------------------

_MONTH_KEYS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_WEEKDAY_KEYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_VAGUE = {"couple": 2, "few": 4, "several": 6}
_COUNTS = ("a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven")
_COUNTED = {word: n for n, word in enumerate(_COUNTS, 1)} | {"an": 1, "one": 1, "twelve": 12}
_VERBS = {"may", "march"}


def _month(name: str) -> int:
    return _MONTH_KEYS.index(name[:3].lower()) + 1


def _number(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def _year(m: re.Match[str], group: str = "year") -> int | None:
    return int(m[group]) if m.groupdict().get(group) else None


def _numeric(m: re.Match[str], almanac: Almanac) -> Window | None:
    """Read `2024-03-29`, `29.03.2024`, `29/03/2024`; 3/4/2024 is one of two days, so none."""
    day, month = int(m["d"]), int(m["m"])
    if "/" in m[0] and m.start("d") < m.start("y") and day != month:
        if max(day, month) <= 12:  # noqa: PLR2004 - both could be a month
            return None
        day, month = max(day, month), min(day, month)
    if not 1 <= month <= 12:  # noqa: PLR2004 - months
        return None
    found = almanac.last_day(day, month, int(m["y"]))
    return almanac.part(found) if found else None


def _dated(m: re.Match[str], almanac: Almanac) -> Window | None:
    day = almanac.last_day(_number(m["day"]), _month(m["month"]), _year(m))
    return almanac.part(day) if day and not _could_be_verb(m) else None


def _could_be_verb(m: re.Match[str]) -> bool:
    """Tell whether "3 may", "march 5" is no date: no year, no ordinal, no phrase around it."""
    if m["month"].lower() not in _VERBS or m["year"] or re.search(r"\d[a-z]", m[0]):
        return False
    closed = re.compile(ENDS, re.IGNORECASE).match(m.string, m.end())
    opened = re.search(r"\b(?:on|since|from|before|after|until|till|of|to)(?:\s+the)?\s+$",
                       m.string[: m.start()], re.IGNORECASE)  # fmt: skip
    return not closed or not (opened or m["month"][0].isupper())


def _dates(m: re.Match[str], almanac: Almanac) -> Window | None:
    """Read two days of one month: "between 3 and 5 May", "March 3-5, 2024"."""
    unsure = m["month"].lower() in _VERBS or re.search(r"\s(?:and|to)\s", m[0])
    if unsure and not m["lead"] and not m["year"]:
        return None
    month = _month(m["month"])
    last = almanac.last_day(_number(m["last"]), month, _year(m))
    first = last and almanac.last_day(_number(m["first"]), month, last.year)
    return almanac.days(first, last + DAY) if first and last and first <= last else None


def _in_month(m: re.Match[str], almanac: Almanac) -> Window | None:
    first = almanac.last_month(_month(m["month"]), _year(m))
    if first and m.groupdict().get("which") and first == begin("month", almanac.today):
        first = moved(first, "year", -1)  # "last March", said in March
    return almanac.unit_of("month", first) if first else None


def _week_in_month(m: re.Match[str], almanac: Almanac) -> Window | None:
    month = almanac.last_month(_month(m["month"]), _year(m))
    if not month:
        return None
    after = moved(month, "month", 1)
    if (nth := m["nth"].lower()) in {"last", "final"}:
        return almanac.days(after - 7 * DAY, after)
    first = month + 7 * ("first", "second", "third", "fourth").index(nth) * DAY
    return almanac.days(first, first + 7 * DAY)


def _months(m: re.Match[str], almanac: Almanac) -> Window | None:
    last = almanac.last_month(_month(m["month2"]), _year(m, "year2"))
    first = last and almanac.last_month(_month(m["month"]), _year(m) or last.year)
    if first and last and first > last and not m["year"]:
        first = moved(first, "year", -1)  # "from November to February"
    return almanac.days(first, moved(last, "month", 1)) if first and last else None


def _in_year(m: re.Match[str], almanac: Almanac) -> Window | None:
    first, last = int(m["year"]), _year(m, "year2") or int(m["year"])
    if not FIRST_YEAR <= first <= last <= almanac.today.year:
        return None
    if quarter := _year(m, "quarter"):
        return almanac.unit_of("quarter", date(first, 3 * quarter, 1))
    return almanac.days(date(first, 1, 1), date(last + 1, 1, 1))


def _iso_month(m: re.Match[str], almanac: Almanac) -> Window | None:
    first = almanac.last_month(int(m["m"]), int(m["year"]))
    return almanac.unit_of("month", first) if first else None


def _weekday(m: re.Match[str], almanac: Almanac) -> Window:
    """Read the last such day before today, or that day of this or the last week."""
    number = _WEEKDAY_KEYS.index(m["weekday"][:3].lower())
    if week := m.groupdict().get("week"):
        monday = begin("week", almanac.today) - (0 if week.lower() == "this" else 7) * DAY
        return almanac.part(monday + number * DAY)
    behind = (almanac.today.weekday() - number - 1) % 7 + 1
    return almanac.part(almanac.today - behind * DAY, m.groupdict().get("part"))


def _weekdays(m: re.Match[str], almanac: Almanac) -> Window:
    """Read "from Monday to Wednesday": the last Monday, and the Wednesday after it."""
    first, last = (_WEEKDAY_KEYS.index(m[group][:3].lower()) for group in ("weekday", "weekday2"))
    day = almanac.today - ((almanac.today.weekday() - first - 1) % 7 + 1) * DAY
    return almanac.days(day, day + ((last - first) % 7 + 1) * DAY)


def _weekend(m: re.Match[str], almanac: Almanac) -> Window:
    """Read the weekend that has begun last; "last weekend" is one that has passed."""
    saturday = begin("week", almanac.today) + 5 * DAY
    passed = m["which"].lower() in {"last", "past", "previous", "this past"}
    if almanac.today < saturday or passed:
        saturday -= 7 * DAY
    return almanac.days(saturday, saturday + 2 * DAY)


def _unit(m: re.Match[str], almanac: Almanac) -> Window:
    return almanac.unit(m["unit"].lower(), 0 if m["which"].lower() == "this" else -1)


def _near(m: re.Match[str], almanac: Almanac) -> Window:
    """Read "yesterday evening", "this morning", "last night"."""
    word = " ".join(m["word"].lower().split())
    days = 2 if word.startswith("the") else 1 if word in {"yesterday", "last"} else 0
    return almanac.part(almanac.today - days * DAY, m["part"])


def _rolling(m: re.Match[str], almanac: Almanac) -> Window:
    """Read "the past two weeks": up to now, from a midnight for days and longer."""
    return Window(almanac.back(m["unit"].lower(), _count(m)[1]))


def _ago(m: re.Match[str], almanac: Almanac) -> Window:
    """Read "3 days ago": the calendar unit of then; a vague count gives a wide span."""
    unit, (least, most), how = m["unit"].lower(), _count(m), (m["how"] or "").lower()
    if how.startswith(("less", "under")):
        return Window(almanac.back(unit, most))
    if unit in {"minute", "hour"}:
        early, late = almanac.back(unit, most + 1), almanac.back(unit, max(least - 1, 0))
    else:
        early = almanac.at(begin(unit, moved(almanac.today, unit, -most)))
        late = almanac.at(moved(begin(unit, moved(almanac.today, unit, -least)), unit, 1))
    return Window(None, late) if how.startswith(("more", "over")) else Window(early, late)


def _count(m: re.Match[str]) -> tuple[int, int]:
    """Return the least and the most that a count can mean: "a few" is two to eight."""
    word = (m["count"] or "a").lower().split()[0]
    if vague := _VAGUE.get(word):
        return vague // 2, vague * 2
    exact = int(word) if word.isdigit() else _COUNTED[word]
    return exact, exact


# --- patterns -------------------------------------------------------------------------------------

_MONTH_NAMES = (
    r"jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?"
    r"|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?"
)
_FULL_MONTHS = (
    r"january|february|march|april|may|june|july|august|september|october|november|december"
    r"|(?-i:Jan|Feb|Apr|Jun|Jul|Aug|Sept|Oct|Nov|Dec)"
)
_WEEKDAY_NAMES = (
    r"mon(?:day)?|tue(?:s(?:day)?)?|wed(?:nesday)?|thu(?:r(?:s(?:day)?)?)?|fri(?:day)?"
    r"|saturday|sunday"
)
_FULL_WEEKDAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_COUNT = rf"(?:a\s+)?(?P<count>\d{{1,3}}|couple(?:\s+of)?|{'|'.join({**_VAGUE, **_COUNTED})})"
_UNIT = r"(?P<unit>minute|hour|day|week|month|year)"
_DAY = r"(?:0?[1-9]|[12]\d|3[01])(?:st|nd|rd|th)?"
_YEAR = r"(?:19|20)\d\d"
_OF_YEAR = rf"(?:,?\s+(?:of\s+)?(?P<year>{_YEAR}))?"
_PART = r"(?:\s+(?P<part>morning|afternoon|evening|night))?"
_TO = r"(?:\s*[-\u2013\u2014]\s*|\s+(?:and|to|until|till?|through)\s+)(?:the\s+)?"
# A number that is part of a version, a path, an address or a longer number is no date.
_LEFT, _RIGHT = r"(?<![\w/:@#+~=.$-])", r"(?![\w/@+=%]|[.:-]\w)"
ENDS = (
    r"(?=\s*(?:$|[?.!,;:)])|['\u2019]s\b|\s+(?:about|did|do|does|was|were|is|are|has|have|had|on"
    r"|in|at|of|by|with|and|or|but|to|until|through|from|for|regarding|concerning|there|who|what"
    r"|when|where|how|why|which|that|than|we|they|i|you|he|she|please|the|onwards?|so)\b)"
)
"""What follows a name that stands for a time: the end, or a word that opens a phrase."""

_SINCE = r"since|until|till|before|after|of|from"

RULES = (
    Rule(rf"{_LEFT}(?P<y>{_YEAR})(?P<s>[-/])(?P<m>\d\d?)(?P=s)(?P<d>\d\d?)"
         rf"(?:[t ]\d\d:\d\d(?::\d\d)?z?)?{_RIGHT}", _numeric),
    Rule(rf"{_LEFT}(?P<d>\d\d?)(?P<s>[./-])(?P<m>\d\d?)(?P=s)(?P<y>20\d\d){_RIGHT}", _numeric),
    Rule(rf"{_LEFT}(?P<lead>(?:between|from)\s+(?:the\s+)?)?(?P<first>{_DAY}){_TO}(?P<last>{_DAY})"
         rf"\s+(?:of\s+)?(?P<month>{_MONTH_NAMES})\b\.?{_OF_YEAR}{_RIGHT}", _dates, Doubt.WHEN),
    Rule(rf"{_LEFT}(?P<lead>(?:between|from)\s+)?(?P<month>{_MONTH_NAMES})\.?\s+(?:the\s+)?"
         rf"(?P<first>{_DAY}){_TO}(?P<last>{_DAY}){_OF_YEAR}{_RIGHT}", _dates, Doubt.WHEN),
    Rule(rf"{_LEFT}(?P<day>{_DAY})(?:\s+of)?\s+(?P<month>{_MONTH_NAMES})\b\.?{_OF_YEAR}{_RIGHT}",
         _dated, Doubt.WHEN),
    Rule(rf"{_LEFT}(?P<month>{_MONTH_NAMES})\.?\s+(?:the\s+)?(?P<day>{_DAY}){_OF_YEAR}{_RIGHT}",
         _dated, Doubt.WHEN),
    Rule(rf"{_LEFT}(?<!\d\s)(?<!\d(?:st|nd|rd|th)\s)(?P<month>{_MONTH_NAMES})\.?,?\s+(?:of\s+)?"
         rf"(?P<year>{_YEAR}){_RIGHT}", _in_month),
    Rule(rf"\b(?:in|during|throughout|{_SINCE})\s+(?P<x>(?P<year>20\d\d)-(?P<m>0[1-9]|1[0-2])){ENDS}",
         _iso_month),
    Rule(rf"\b(?:in|during|throughout|early|late|mid-?|{_SINCE})\s*(?P<x>\b(?P<month>{_FULL_MONTHS}))"
         rf"{ENDS}", _in_month, Doubt.WHEN),
    Rule(rf"\b(?P<which>last|this\s+past)\s+(?P<month>{_FULL_MONTHS}){ENDS}", _in_month),
    Rule(rf"\b(?P<nth>first|second|third|fourth|last|final)\s+week\s+(?:of|in)\s+"
         rf"(?P<month>{_FULL_MONTHS}){_OF_YEAR}\b", _week_in_month, Doubt.WHEN),
    Rule(rf"\b(?:from|between)\s+(?P<month>{_FULL_MONTHS})(?:\s+(?P<year>{_YEAR}))?{_TO}"
         rf"(?P<month2>{_FULL_MONTHS})(?:\s+(?P<year2>{_YEAR}))?{ENDS}", _months, Doubt.WHEN),
    Rule(rf"\b(?:in|during|throughout|early|late|mid-?|{_SINCE})\s*(?P<x>\b(?P<year>{_YEAR})){ENDS}",
         _in_year),
    Rule(rf"\b(?:from|between)\s+(?P<year>{_YEAR}){_TO}(?P<year2>{_YEAR}){ENDS}", _in_year),
    Rule(rf"\bq(?P<quarter>[1-4])(?:\s+(?:of\s+)?|/)(?P<year>20\d\d){_RIGHT}", _in_year),
    Rule(rf"\b(?P<word>yesterday|the\s+day\s+before\s+yesterday){_PART}\b", _near),
    Rule(r"\b(?P<word>last)\s+(?P<part>night|evening)\b", _near),
    Rule(rf"\b(?P<word>today){_PART}\b(?!['\u2019]s\s+(?:world|age|society|standards))", _near,
         Doubt.AHEAD),
    Rule(r"\b(?P<word>this)\s+(?P<part>morning|afternoon|evening)\b", _near, Doubt.AHEAD),
    Rule(r"\b(?P<which>last|previous)\s+(?P<unit>week|month|quarter|year)\b(?!\s+of\b)", _unit),
    Rule(r"\b(?P<which>this)\s+(?P<unit>week|month|quarter|year)\b(?!\s+of\b)", _unit, Doubt.AHEAD),
    Rule(rf"\b(?:for\s+)?(?:(?:the|these|this)\s+)?(?:last|past|previous)\s+{_COUNT}\s+{_UNIT}s?\b"
         r"(?!\s+of\b)", _rolling),
    Rule(r"\b(?:in|over|within|during|for|from)\s+(?:the|this)\s+(?:last|past)(?P<count>)\s+"
         r"(?P<unit>hour|day|week|month|year)\b(?!\s+of\b)", _rolling),
    Rule(r"\b(?:the|this)\s+(?:last|past)(?P<count>)\s+(?P<unit>week|month|year)\b(?!\s+of\b)",
         _rolling),
    Rule(rf"\b(?:(?P<how>more\s+than|over|less\s+than|under|about|around|almost|nearly|roughly)\s+)?"
         rf"\b{_COUNT}\s+{_UNIT}s?\s+(?:ago\b|back(?=\s*[?.!,]|\s*$))", _ago),
    Rule(rf"\b(?:last|past|this\s+past)\s+(?P<weekday>{_WEEKDAY_NAMES})\b{_PART}\b(?!\s+of\b)",
         _weekday),
    Rule(rf"\b(?:on|this|{_SINCE})\s+(?P<x>(?P<weekday>{_FULL_WEEKDAYS}){_PART})\b(?!\s+the\b)",
         _weekday, Doubt.WHEN),
    Rule(rf"\b(?:on|this|{_SINCE})\s+(?P<x>(?P<weekday>{_WEEKDAY_NAMES})\b{_PART}){ENDS}", _weekday,
         Doubt.WHEN),
    Rule(rf"\b(?P<weekday>{_FULL_WEEKDAYS}){_PART}\b(?=['\u2019]s\b|\s*[?.!]|\s*$)", _weekday,
         Doubt.WHEN),
    Rule(rf"\b(?P<weekday>{_FULL_WEEKDAYS})\s+(?P<part>morning|afternoon|evening|night)\b"
         r"(?!\s+(?:live|fever|football|lights)\b)", _weekday, Doubt.WHEN),
    Rule(rf"\b(?P<weekday>{_FULL_WEEKDAYS}),?\s+(?:of\s+)?(?P<week>last|this)\s+week\b", _weekday),
    Rule(rf"\b(?P<week>last|this)\s+week,?\s+(?:on\s+)?(?P<weekday>{_FULL_WEEKDAYS})\b", _weekday),
    Rule(rf"\b(?:from|between)\s+(?P<weekday>{_FULL_WEEKDAYS}){_TO}(?P<weekday2>{_FULL_WEEKDAYS})\b",
         _weekdays, Doubt.WHEN),
    Rule(r"\b(?P<which>last|past|previous|this\s+past)\s+weekend\b", _weekend),
    Rule(r"\b(?:over|at|on|during)\s+(?P<which>the)\s+weekend\b", _weekend, Doubt.WHEN),
    Rule(r"\b(?P<which>this)\s+weekend\b", _weekend, Doubt.WHEN),
)  # fmt: skip
