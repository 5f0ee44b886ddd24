"""The time a question names: "yesterday", "since Monday", "on 29 March 2024".

A small grammar of our own: a general date library finds dates in "ubuntu 8.04", "may I" and
"at 5", and reads no "week of". Here a number or a month's name alone is never a date. Three
steps: find the expressions, apply the words before them ("since", "from", "the week of"), and
leave out what tells the asker's own story ("it broke yesterday") or lies ahead (`story`).
Units begin at local midnight, weeks on Monday.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, TypeAlias

from attrs import evolve, frozen

from app.domain.almanac import DAY, Almanac
from app.domain.expressions import Expression, find_expressions
from app.domain.model import Window
from app.domain.story import is_asked_about

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, tzinfo

    Change: TypeAlias = Callable[[Window, Almanac], Window | None]


MOST_EXPRESSIONS = 12
"""A text that names more times than this, a log for instance, asks about none of them."""


@frozen
class Dated:
    """The window a question names, and the question without the words that named it."""

    window: Window
    text: str


def find_window(text: str, asked_at: datetime, zone: tzinfo) -> Dated | None:
    """Return the window that the question names, if it names one that has begun.

    Expressions whose windows meet narrow each other ("this week, on Friday"); others are
    taken together, as the span that covers them.
    """
    almanac = Almanac(asked_at.astimezone(zone))
    expressions = find_expressions(text, almanac)
    if len(expressions) > MOST_EXPRESSIONS:
        return None
    found = [
        one
        for one in _directed(text, _joined(text, expressions), almanac)
        if (one.window.after or asked_at) <= asked_at
        and is_asked_about(text, one.start, one.end, one.doubt)
    ]
    if not found:
        return None
    window, rest = found[0].window, text
    for one in found[1:]:
        window = _together(window, one.window)
    if window == Window():
        return None
    for one in reversed(found):
        rest = f"{rest[: one.start]} {re.sub('^ ?,', '', rest[one.end :])}"
    return Dated(window, _tidied(rest))


_AND = re.compile(
    r"\s*(?:[-\u2013\u2014]|\b(?P<and>and)\b|\b(?:to|until|till?|through)\b)\s*(?:the\s+|on\s+)?"
)
_FROM = re.compile(r"\b(?:between|from)\s+(?:the\s+|on\s+)?$", re.IGNORECASE)


def _joined(text: str, found: list[Expression]) -> Iterator[Expression]:
    """Yield the expressions, "from X to Y" and "between X and Y" as one; an end ahead is open."""
    waiting: Expression | None = None
    for one in found:
        link = waiting and _AND.fullmatch(text, waiting.end, one.start)
        lead = waiting and _FROM.search(text, 0, waiting.start)
        if waiting and link and (lead or not link["and"]):
            after, before = waiting.window.after, one.window.before
            if after and before and before <= after:
                before = None
            start = lead.start() if lead else waiting.start
            waiting = evolve(waiting, start=start, end=one.end, window=Window(after, before))
            continue
        if waiting:
            yield waiting
        waiting = one
    if waiting:
        yield waiting


def _together(one: Window, other: Window) -> Window:
    common = one.intersect(other)
    if common.after is None or common.before is None or common.after < common.before:
        return common
    afters = [w.after for w in (one, other) if w.after]
    befores = [w.before for w in (one, other) if w.before]
    return Window(
        min(afters) if len(afters) > 1 else None, max(befores) if len(befores) > 1 else None
    )


# --- the words before an expression ---------------------------------------------------------------


def _unchanged(window: Window, _: Almanac) -> Window | None:
    return window


def _refused(_: Window, __: Almanac) -> Window | None:
    return None


def _since(window: Window, _: Almanac) -> Window | None:
    return Window(window.after, None)


def _until(window: Window, _: Almanac) -> Window | None:
    return Window(None, window.before)


def _after(window: Window, _: Almanac) -> Window | None:
    return Window(window.before, None) if window.before else window


def _before(window: Window, _: Almanac) -> Window | None:
    return Window(None, window.after)


def _week_of(window: Window, almanac: Almanac) -> Window | None:
    return almanac.unit_of("week", almanac.day_of(window.after)) if window.after else None


def _third(which: int) -> Change:
    """Early, mid or late: a third of anything longer than a day."""

    def part(window: Window, almanac: Almanac) -> Window | None:
        if not window.after or not window.before:
            return window
        first = almanac.day_of(window.after)
        days = (almanac.day_of(window.before) - first).days
        if days < 3:  # noqa: PLR2004 - "early this morning", "late last night"
            return window
        return almanac.days(first + which * days // 3 * DAY, first + (which + 1) * days // 3 * DAY)

    return part


_BEFORE = tuple(
    (re.compile(rf"(?<![\w'\u2019-])(?:{words})\s*$", re.IGNORECASE), change)
    for words, change in (
        (r"the\s+week\s+(?:of|from|starting|beginning|commencing)(?:\s+on)?(?:\s+the)?", _week_of),
        (r"since|starting(?:\s+(?:on|from|in))?|as\s+of|ever\s+since", _since),
        (r"after|(?:later|newer)\s+than|following", _after),
        (r"before|prior\s+to|(?:earlier|older)\s+than", _before),
        (r"until|till?|up\s+(?:to|until|till)|through", _until),
        (r"(?:at\s+)?(?:the\s+)?(?:beginning|start)\s+of|early(?:\s+in)?", _third(0)),
        (r"(?:in\s+)?(?:the\s+)?middle\s+of|mid-?", _third(1)),
        (r"(?:at\s+|by\s+)?(?:the\s+)?end\s+of|late(?:\s+in)?", _third(2)),
        (
            (
                r"by|for|every|each|any|per|a|next|coming|later|not|except(?:\s+for)?|excluding|besides"
                r"|(?:rather|other)\s+than|instead\s+of|black|good|cyber|casual|ash|palm|easter|due"
            ),
            _refused,
        ),
        (
            (
                r"on|in|during|at|over|within|throughout|of|around|from|the|back(?:\s+in)?|sometime"
                r"|earlier|just|all|as\s+recently\s+as|as\s+early\s+as"
            ),
            _unchanged,
        ),
    )
)
_ONWARDS = re.compile(r"\s+(?:on(?=\s*[?.!,]|\s*$)|onwards?\b)", re.IGNORECASE)
_OWNING = re.compile(r"['\u2019]s\b")


def _directed(text: str, found: Iterator[Expression], almanac: Almanac) -> Iterator[Expression]:
    """Yield the expressions with the words around them: "since X", "from X onwards", "X's"."""
    floor = 0
    for one in found:
        start, end = one.start, one.end
        window: Window | None = one.window
        owning = _OWNING.match(text, end)
        if onwards := _ONWARDS.match(text, end):
            window, end = Window(one.window.after, None), onwards.end()
        while window is not None and (step := _step(text, floor, start)):
            match, change = step
            if owning and change in {_after, _before}:  # "after Friday's release": Friday counts
                change = {_after: _since, _before: _until}[change]
            start, window = match.start(), change(window, almanac)
        floor = end
        if window is not None and window != Window():
            yield evolve(one, start=start, end=owning.end() if owning else end, window=window)


def _step(text: str, floor: int, start: int) -> tuple[re.Match[str], Change] | None:
    for pattern, change in _BEFORE:
        if match := pattern.search(text, floor, start):
            return match, change
    return None


def _tidied(text: str) -> str:
    text = re.sub(r"\s+([?.!,;:])", r"\1", text)
    text = re.sub(r"^[\s,;:.]+|(?<=[,;])\s*[,;]+", "", text)
    return " ".join(re.sub(r"[,;]+(?=\s*(?:[?.!]|$))", "", text).split())
