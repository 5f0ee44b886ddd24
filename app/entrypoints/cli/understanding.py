"""What the names in a question were taken to mean, told to whoever asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.entrypoints.cli.presenting import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from app.domain.searching import Findings
    from app.domain.understanding import Ambiguous, Understood

MOST_NAMES = 5
"""How many people of one name are offered."""


def understood_lines(findings: Findings) -> list[str]:
    """Return a line for each thing that the words of the question did to the search."""
    lines = [_together(findings.reading.text)] if findings.reading.is_follow_up else []
    if findings.understood.channels or findings.understood.authors:
        lines.append(_only(findings.understood))
    return [
        *lines,
        *(f"No channel #{one_line(name)} was searched." for name in findings.understood.unknown),
        *(_offer(ambiguous) for ambiguous in findings.understood.ambiguous),
    ]


def _together(text: str) -> str:
    return f"Searched together with what was asked before: {one_line(text)}"


def _only(understood: Understood) -> str:
    wrote = _joined(author.display_name for author in understood.authors)
    places = _joined(f"#{channel.name}" for channel in understood.channels)
    if not wrote:
        return f"Searched only {places}."
    return f"Searched only what {wrote} wrote{f' in {places}' if places else ''}."


def _offer(ambiguous: Ambiguous) -> str:
    people = ambiguous.authors[:MOST_NAMES]
    listed = _joined((f"{a.id} ({a.display_name}, @{a.name})" for a in people), "or")
    more = f" ({len(ambiguous.authors):,} in all)" if len(ambiguous.authors) > MOST_NAMES else ""
    return f"Several people are called {one_line(ambiguous.name)}{more}; give --author {listed}."


def _joined(names: Iterable[str], last: str = "and") -> str:
    shown = list(dict.fromkeys(map(one_line, names)))
    return f" {last} ".join(filter(None, [", ".join(shown[:-1]), *shown[-1:]]))
