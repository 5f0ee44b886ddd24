"""How an answer came about: what was searched, what each ranking gave, what was left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attrs import frozen

from app.domain.context import NEAR_DUPLICATE, overlap, words_of
from app.domain.ranking import CONVERSATION, MEANING, WORDS
from app.entrypoints.cli.presenting import one_line, printable, shown_time, window_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from app.domain.asking import Done
    from app.domain.model import Window
    from app.domain.prompt import Excerpt
    from app.domain.searching import Found
    from app.entrypoints.cli.narrowing import Narrowed

RANKINGS = (WORDS, MEANING, CONVERSATION)


@frozen
class Contribution:
    """A message that was found: the number it was given to the model under, or why it was not."""

    found: Found
    number: int | None
    cut: str | None


def contributions(done: Done) -> list[Contribution]:
    """Return what became of each message that was found, best first."""
    excerpts = {e.message.id: e for e in done.prompt.excerpts} if done.prompt else {}
    result = []
    for rank, found in enumerate(done.findings.found):
        excerpt = excerpts.get(found.message.id)
        if excerpt is None:
            earlier = done.findings.found[:rank]
            result.append(Contribution(found, None, _why_left_out(found, earlier)))
        else:
            result.append(Contribution(found, excerpt.number, _how_cut(excerpt)))
    return result


def others_given(done: Done) -> list[Excerpt]:
    """Return what was given to the model beside what was found, in the order of the numbers."""
    found = {each.message.id for each in done.findings.found}
    excerpts = done.prompt.excerpts if done.prompt else ()
    return [excerpt for excerpt in excerpts if excerpt.message.id not in found]


def _how_cut(excerpt: Excerpt) -> str | None:
    length, given = len(excerpt.message.text), len(excerpt.text)
    return f"cut to {given:,} of {length:,} characters" if given < length else None


def _why_left_out(found: Found, earlier: Sequence[Found]) -> str:
    words = words_of(found.message.text)
    if not words:
        return "left out: it has no text"
    for rank, other in enumerate(earlier, 1):
        others = words_of(other.message.text)
        if others and overlap(words, others) >= NEAR_DUPLICATE:
            return f"left out: says the same as rank {rank}"
    return "left out: did not fit into LLM_MAX_CONTEXT"


def explanation_json(done: Done, narrowed: Narrowed) -> dict[str, Any]:
    """Return the explanation for programs."""
    return {
        "window": window_json(done.findings.window),
        "filters": {n: [str(i) for i in ids] for n, ids in _filters(done, narrowed).items()},
        "terms": list(done.findings.terms),
        "candidates": done.findings.candidates,
        "found": [
            {
                "message_id": str(c.found.message.id),
                "score": c.found.ranked.score,
                **{name: c.found.ranked.parts.get(name) for name in RANKINGS},
                "signals": _signals(c.found),
                "similarity": c.found.ranked.similarity,
                "number": c.number,
                "cut": c.cut,
            }
            for c in contributions(done)
        ],
        "others_given": [
            {
                "message_id": str(excerpt.message.id),
                "beside": None if excerpt.beside is None else str(excerpt.beside),
                "number": excerpt.number,
                "cut": _how_cut(excerpt),
            }
            for excerpt in others_given(done)
        ],
        "prompt": None
        if done.prompt is None
        else {"system": done.prompt.system, "user": done.prompt.user},
    }


def show_explanation(done: Done, narrowed: Narrowed) -> None:
    """Print the explanation for people."""
    from rich.rule import Rule

    from app.entrypoints.cli.terminal import console, table

    out = console()
    out.print()
    out.print(
        Rule("How this came about", align="left") if out.is_terminal else "How this came about"
    )
    out.print(f"Time: {_span(done.findings.window, narrowed.zone)}")
    for name, ids in _filters(done, narrowed).items():
        out.print(f"Only {name}: {', '.join(map(str, ids))}")
    terms = ", ".join(map(printable, done.findings.terms)) or "none"
    out.print(f"Words searched: {terms}")
    out.print(f"Messages compared: {done.findings.candidates:,}")
    columns = (
        ">rank",
        ">given as",
        ">score",
        *(f">{n}" for n in RANKINGS),
        ">signals",
        ">cosine",
        "message",
    )
    out.print(table(columns, _rows(done, narrowed.zone)), soft_wrap=False)
    if done.prompt is not None:
        out.print("\nInstructions to the model:\n")
        out.print(printable(done.prompt.system))
        out.print("\nPrompt:\n")
        out.print(printable(done.prompt.user))


def _rows(done: Done, zone: tzinfo) -> list[list[str]]:
    rows = []
    for rank, contribution in enumerate(contributions(done), 1):
        ranked, message = contribution.found.ranked, contribution.found.message
        given = "-" if contribution.number is None else f"[{contribution.number}]"
        parts = [f"{ranked.parts.get(name, 0.0):+.2f}" for name in RANKINGS]
        parts.append(f"{sum(_signals(contribution.found).values()):+.2f}")
        cosine = "-" if ranked.similarity is None else f"{ranked.similarity:.2f}"
        about = f"{one_line(message.author.display_name)}, {shown_time(message.created_at, zone)}"
        if contribution.cut:
            about += f" ({contribution.cut})"
        rows.append([str(rank), given, f"{ranked.score:+.2f}", *parts, cosine, about])
    return rows + _other_rows(done, zone)


def _other_rows(done: Done, zone: tzinfo) -> list[list[str]]:
    """Return a row for each message that no ranking brought in, with the reason it is there."""
    ranks = {each.message.id: rank for rank, each in enumerate(done.findings.found, 1)}
    nothing = ["-"] * (len(RANKINGS) + 3)  # no score, parts, signals or cosine
    rows = []
    for excerpt in others_given(done):
        message = excerpt.message
        beside = ranks.get(excerpt.beside or 0)
        notes = [f"beside rank {beside}" if beside else None, _how_cut(excerpt)]
        why = f" ({'; '.join(filter(None, notes))})" if any(notes) else ""
        name = one_line(message.author.display_name)
        about = f"{name}, {shown_time(message.created_at, zone)}{why}"
        rows.append(["-", f"[{excerpt.number}]", *nothing, about])
    return rows


def _signals(found: Found) -> dict[str, float]:
    """Return what the conversation around a message gave it, by the names of `Signals`."""
    return {name: part for name, part in found.ranked.parts.items() if name not in RANKINGS}


def _filters(done: Done, narrowed: Narrowed) -> dict[str, list[int]]:
    """Return what the scope was narrowed to, by id, by options and by the question's words."""
    scope = done.findings.understood.narrow(narrowed.scope)
    limits = {"servers": scope.grants, "channels": scope.channels, "authors": scope.authors}
    return {name: sorted(ids) for name, ids in limits.items() if ids is not None}


def _span(window: Window, zone: tzinfo) -> str:
    after = f"from {shown_time(window.after, zone)}" if window.after else ""
    before = f"before {shown_time(window.before, zone)}" if window.before else ""
    return f"{after} {before}".strip() or "all"
