"""An answer on the screen: as it is written, then its sources."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING

from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

from app.adapters.extractive import ExtractiveChatModel
from app.domain.asking import Done, Replaced, Sources, Written
from app.domain.condensing import Progress
from app.domain.outgoing import disarmed, plain
from app.entrypoints.cli.presenting import as_sentence, counted
from app.entrypoints.cli.terminal import console, is_rich, linked, source_line
from app.entrypoints.cli.understanding import understood_lines

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence
    from datetime import tzinfo

    from rich.console import Console

    from app.domain.asking import Event
    from app.domain.model import Answer, Citation

REDRAWS_A_SECOND = 12


async def show_answer(
    events: AsyncGenerator[Event, None], zone: tzinfo, *, as_written: bool
) -> Done:
    """Show an answer and its sources; on a terminal `as_written` shows each word as it comes.

    What was shown of a text that is replaced or corrected in the end is drawn anew, which
    only a terminal can do: anywhere else the text is printed when it is final.
    """
    out = console()
    async with aclosing(events):
        if as_written and is_rich(out):
            done = await _draw(events, console(wraps=True))
        else:
            done = await _last(events)
            out.print(linked(done.answer.text, done.answer.citations))
    _show_sources(out, done.answer, zone)
    for line in understood_lines(done.findings):
        out.print(Text(line, "dim"))
    return done


async def _last(events: AsyncGenerator[Event, None]) -> Done:
    async for event in events:
        if isinstance(event, Done):
            return event
    raise AssertionError("the stream ended without an answer")


async def _draw(events: AsyncGenerator[Event, None], out: Console) -> Done:
    waiting = Spinner("dots", "Searching…", style="dim")
    text = ""
    citations: tuple[Citation, ...] = ()
    with Live(waiting, console=out, refresh_per_second=REDRAWS_A_SECOND) as live:
        async for event in events:
            match event:
                case Sources():
                    citations = event.citations
                    waiting.update(text=f"Reading {len(citations):,} messages…")
                case Progress():
                    waiting.update(text=_progress(event))
                case Written():
                    text += event.text
                    live.update(unfinished(text, citations))
                case Replaced():
                    text = event.text
                    live.update(unfinished(text, citations))
                case Done():
                    live.update(linked(event.answer.text, event.answer.citations))
                    return event
    raise AssertionError("the stream ended without an answer")


def _progress(progress: Progress) -> str:
    if progress.done == progress.total:
        return "Writing the summary…"
    return f"Reading part {progress.done + 1} of {progress.total}…"


def unfinished(text: str, citations: Sequence[Citation]) -> Text:
    """Return what was written so far, as safe to show as it will be in the end."""
    said = [citation.message.text for citation in citations]
    return linked(disarmed(plain(text), said), citations)


def _show_sources(out: Console, answer: Answer, zone: tzinfo) -> None:
    if answer.citations:
        out.print()
    for citation in sorted(answer.citations, key=lambda citation: citation.number):
        source = source_line(citation, zone, with_excerpt=not _quotes(answer))
        out.print(source if is_rich(out) else source.append(f"\n    {citation.message.url}"))
    out.print()
    for line in summary(answer):
        out.print(Text(line, "dim"))


def summary(answer: Answer) -> list[str]:
    """Return what stands below an answer: what it rests on, and what was not as it should be."""
    reason = [f"Note: {as_sentence(answer.reason)}"] if answer.reason else []
    if not answer.messages_retrieved:  # the answer itself says that nothing was found
        return reason if answer.degraded else []
    parts = [_basis(answer), f"{answer.response_time:.1f} s", answer.model_used]
    return [" • ".join(filter(None, parts)), *reason]


def _basis(answer: Answer) -> str:
    """Return how many messages were given to the model, and how many of them it used."""
    given, cited = answer.messages_retrieved, len(answer.citations)
    used = f", {cited:,} of them {'quoted' if _quotes(answer) else 'cited'}"
    return f"Based on {counted(given, 'message')}{used if 0 < cited < given else ''}"


def _quotes(answer: Answer) -> bool:
    """Tell whether the answer consists of what its sources say."""
    return answer.model_used == ExtractiveChatModel().name
