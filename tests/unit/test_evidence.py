"""Whether what was found supports an answer."""

import pytest

from app.domain.errors import InvalidInput
from app.domain.evidence import (
    ALLOWANCE,
    CERTAIN,
    DOUBTFUL,
    Evidence,
    is_surely_english,
    judge,
    support,
)
from app.domain.ranking import Ranked
from app.domain.reordering import WEIGHTS
from app.domain.searching import LONGEST_QUESTION_CHARS
from tests.doubles.model import ScriptedChatModel
from tests.engine import Engine, asked, message_id, pages, said


def test_nothing_found_supports_nothing() -> None:
    assert support([], 0.0) == 0.0


def test_similarity_coverage_around_words_and_score_add_up() -> None:
    best = Ranked(1, 1, 10.0, {"around": 0.5 * WEIGHTS.around}, similarity=0.4)
    assert support([best], 12.0) == pytest.approx(0.4 + 0.25 + 0.2 + 0.25)


def test_each_of_the_three_best_counts_half_as_much_as_the_one_before() -> None:
    found = [Ranked(n, 1, 0.0, similarity=s) for n, s in enumerate((0.8, 0.4, 0.2, 0.9))]
    assert support(found, 0.0) == pytest.approx((4 * 0.8 + 2 * 0.4 + 0.2) / 7)
    assert support(found[:1], 0.0) == pytest.approx(0.8)


def test_a_message_without_a_vector_supports_by_its_words() -> None:
    assert support([Ranked(1, 1, 0.0)], 30.0) == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("value", "candidates", "verdict"),
    [
        (CERTAIN - 0.01, 100, Evidence.NONE),
        (CERTAIN, 100, Evidence.DOUBTFUL),
        (DOUBTFUL, 100, Evidence.ENOUGH),
        (CERTAIN - ALLOWANCE - 0.01, 99, Evidence.NONE),
        (CERTAIN - ALLOWANCE, 99, Evidence.DOUBTFUL),
        (DOUBTFUL - ALLOWANCE, 99, Evidence.ENOUGH),
    ],
)
def test_less_is_asked_of_few_messages(value: float, candidates: int, verdict: Evidence) -> None:
    assert judge(value + 1e-9, candidates) is verdict


async def test_a_question_that_nothing_is_near_to_does_not_reach_the_model() -> None:
    model = ScriptedChatModel()
    engine = Engine(model=model)
    await engine.hear(said(1, "install firefox with apt"), said(2, "bread is baked at noon"))
    done = await engine.ask().whole(asked("xyzzy quux plugh"))
    assert done.findings.support < CERTAIN
    assert model.prompts == []
    assert not done.answer.grounded
    assert done.answer.citations == ()
    assert "found nothing" in done.answer.text


async def test_what_waits_for_its_vector_is_not_held_to_be_no_evidence() -> None:
    engine = Engine()
    await engine.hear(said(1, "bread is baked at noon"))
    for page in pages(said(2, "the scanner eats its cable")):
        await engine.archive.store(page)
    done = await engine.ask().whole(asked("what is wrong with the scanner?"))
    assert done.answer.grounded
    assert done.findings.found[0].message.id == message_id(2)


async def test_a_question_that_is_far_too_long_is_refused_with_a_sentence() -> None:
    engine = Engine()
    await engine.hear(said(1, "install firefox with apt"))
    with pytest.raises(InvalidInput, match="shorten it"):
        await engine.ask().whole(asked("why " * LONGEST_QUESTION_CHARS))


@pytest.mark.parametrize("question", ["как подключить wifi", "comment installer wifi", "wifi"])
async def test_another_language_is_doubted_and_not_refused_where_a_word_matches(
    question: str,
) -> None:
    engine = Engine()
    await engine.hear(
        *(said(n, f"lunch number {n} is served") for n in range(1, 120)),
        said(130, "the wifi needs the other driver", author="bob"),
    )
    findings = await engine.search().find(asked(question), 10)
    assert judge(findings.support, findings.candidates) is not Evidence.NONE
    assert findings.found[0].message.id == message_id(130)
    missing = await engine.search().find(asked("как подключить"), 10)
    assert judge(missing.support, missing.candidates) is Evidence.NONE


@pytest.mark.parametrize(
    ("question", "is_english"),
    [
        ("How do I mount an iso?", True),
        ("wifi", False),
        ("как подключить wifi", False),
        ("比赛什么时候", False),
        ("", False),
    ],
)
def test_english_shows_by_its_small_words(question: str, is_english: bool) -> None:
    assert is_surely_english(question) is is_english
