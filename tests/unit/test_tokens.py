"""Estimating tokens, so that nothing is pushed out of a model's window."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from app.domain.asking import AnswerLimits
from app.domain.tokens import FEWEST_CHARS, chars_that_fit, estimated_tokens
from tests.doubles.model import ScriptedChatModel
from tests.engine import Engine, asked, said


@pytest.mark.parametrize(
    ("text", "tokens"),
    [("", 0), ("abc", 1), ("abcd", 2), ("привет", 6), ("今日は", 3), ("🎉🎉", 6), ("abc今🎉", 5)],
)
def test_each_script_takes_its_share(text: str, tokens: int) -> None:
    assert estimated_tokens(text) == tokens


@given(st.text(), st.text())
def test_a_longer_text_takes_no_fewer_tokens(one: str, other: str) -> None:
    assert estimated_tokens(one + other) >= max(estimated_tokens(one), estimated_tokens(other))


def test_what_fits_depends_on_what_it_is_written_in() -> None:
    fixed = ["a" * 300]
    assert chars_that_fit(1_100, fixed, ["plain english " * 9]) == pytest.approx(3_000, rel=0.01)
    assert chars_that_fit(1_100, fixed, ["日本語" * 9]) == 1_000
    assert chars_that_fit(1_100, fixed, []) == 1_000
    assert chars_that_fit(50, fixed, ["日本語"]) == FEWEST_CHARS


def test_without_a_window_only_characters_count() -> None:
    limits = AnswerLimits(context_chars=4_000)
    assert limits.context_for("", "なに?" * 1_000, ["日本語"] * 1_000) == 4_000
    assert evolve(limits, window_tokens=100_000).context_for("", "なに?", ["日本語"]) == 4_000


@pytest.mark.parametrize(
    "question", ["時計は何時に止まったか", "時計は何時に止まったか" + "お願いします" * 200]
)
async def test_a_prompt_fits_into_the_window_in_any_script(question: str) -> None:
    model = ScriptedChatModel("[1]")
    engine = Engine(model=model)
    await engine.hear(*(said(n, f"時計は{n}時に止まった。" * 20) for n in range(1, 24)))
    window = 4_000
    limits = AnswerLimits(6_000, 900, window)
    await evolve(engine.ask(), limits=limits).whole(asked(question))
    prompt = model.prompts[0]
    answer = estimated_tokens("答" * limits.response_chars)
    assert estimated_tokens(prompt.system + prompt.user) + answer <= window
    assert len(prompt.excerpts) > 1
