"""What the command line makes of values: safe text, sizes, times, pace."""

from __future__ import annotations

import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from app.domain.model import Answer, Citation
from app.entrypoints.cli.answering import summary, unfinished
from app.entrypoints.cli.pace import Pace, duration
from app.entrypoints.cli.presenting import (
    as_sentence,
    counted,
    one_line,
    print_json,
    printable,
    shown_bytes,
    shown_time,
)
from tests.engine import said


@given(st.text())
def test_printable_text_steers_nothing_and_keeps_all_else(text: str) -> None:
    shown = printable(text)
    assert all(c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cs"} for c in shown)
    assert not set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069") & set(shown)
    assert [c for c in text if c.isalnum()] == [c for c in shown if c.isalnum()]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]8;;http://evil\x1b\\click", "]8;;http://evil\\click"),
        ("a\r\nb", "a\nb"),
        ("\x9b31mred", "31mred"),
        ("user\u202egnp.exe", "usergnp.exe"),
        ("שלום 👩‍👩‍👧 naïve", "שלום 👩‍👩‍👧 naïve"),
    ],
)
def test_printable_text(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_one_line_is_one_line() -> None:
    assert one_line(" a\n\n b\u2028c\x1b[2J ") == "a b c[2J"


def test_json_is_utf8_on_one_line_whatever_it_holds(
    capfdbinary: pytest.CaptureFixture[bytes],
) -> None:
    print_json({"text": "日本\n\x1b", "half": "\ud800"})
    assert capfdbinary.readouterr().out == '{"text": "日本\\n\\u001b", "half": "?"}\n'.encode()


@pytest.mark.parametrize(
    ("reasons", "sentence"),
    [
        ("no message matches", "no message matches."),
        ("by words only: it is down.", "by words only: it is down."),
        (
            "by words only: it is down.; no message matches",
            "by words only: it is down; no message matches.",
        ),
    ],
)
def test_reasons_become_one_sentence(reasons: str, sentence: str) -> None:
    assert as_sentence(reasons) == sentence


def answered(model: str, given: int, cited: int, reason: str | None = None) -> Answer:
    citations = tuple(Citation(n + 1, said(n, "hello"), "hello") for n in range(cited))
    return Answer(
        "hello",
        success=True,
        grounded=bool(cited),
        citations=citations,
        messages_retrieved=given,
        model_used=model,
        response_time=1.25,
        reason=reason,
    )


@pytest.mark.parametrize(
    ("answer", "lines"),
    [
        (answered("llama", 10, 3), ["Based on 10 messages, 3 of them cited • 1.2 s • llama"]),
        (
            answered("extractive", 10, 5),
            ["Based on 10 messages, 5 of them quoted • 1.2 s • extractive"],
        ),
        (answered("llama", 1, 1), ["Based on 1 message • 1.2 s • llama"]),
        (answered("llama", 4, 0, "odd."), ["Based on 4 messages • 1.2 s • llama", "Note: odd."]),
        (answered("", 0, 0, "nothing"), []),
        (evolve(answered("", 0, 0, "it is down"), degraded=True), ["Note: it is down."]),
    ],
)
def test_what_stands_below_an_answer(answer: Answer, lines: list[str]) -> None:
    assert summary(answer) == lines


def test_what_is_written_so_far_is_as_safe_as_the_answer_will_be() -> None:
    written = "See [1](https://evil.example), @everyone \x1b[2J\u202e https://wiki.example/a"
    citations = [Citation(1, said(1, "It is at https://wiki.example/a."), "")]
    shown = [unfinished(written[:end], citations).plain for end in range(len(written) + 1)]
    assert shown[-1] == ("See [1] ([link removed]), @\u200beveryone [2J https://wiki.example/a")
    for text in shown:
        assert not {"\x1b", "\u202e"} & set(text)
        assert "](" not in text
        assert "evil" not in text


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (1_023, "1023 bytes"),
        (1_024, "1.0 KiB"),
        (5 << 20, "5.0 MiB"),
        (3 << 40, "3.0 TiB"),
    ],
)
def test_sizes(count: int, shown: str) -> None:
    assert shown_bytes(count) == shown


def test_times_are_shown_in_the_zone_that_is_wanted() -> None:
    moment = datetime(2024, 1, 15, 23, 30, 59, tzinfo=UTC)
    assert shown_time(moment, timezone(timedelta(hours=1))) == "2024-01-16 00:30"


def test_counts_agree_with_their_noun() -> None:
    assert [counted(n, "file") for n in (0, 1, 1_000)] == ["0 files", "1 file", "1,000 files"]


def test_a_pace_tells_rate_and_time_left() -> None:
    assert str(Pace(count=8_100, done=25, total=100, elapsed=10.0)) == "810/s, about 30 s left"


@pytest.mark.parametrize(
    ("pace", "share", "left"),
    [
        (Pace(5, 0, 100, 3.0), 0.0, None),
        (Pace(5, 5, 0, 3.0), 0.0, None),
        (Pace(0, 0, 0, 0.0), 0.0, None),
        (Pace(9, 120, 100, 3.0), 1.0, 0.0),
    ],
)
def test_a_pace_does_not_guess(pace: Pace, share: float, left: float | None) -> None:
    assert (pace.share, pace.seconds_left) == (share, left)
    assert ("left" in str(pace)) == (left is not None)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.4, "0 s"), (59.4, "59 s"), (59.6, "1 min 00 s"), (61, "1 min 01 s"), (7_325, "2 h 02 min")],
)
def test_durations(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown
