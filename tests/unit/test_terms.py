"""Words worth looking up, and texts as an index can split them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.terms import STOP_WORDS, question_terms, segment


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("How do I install Node.js on Ubuntu 22.04?", "install node js ubuntu 22 04"),
        ("hey! does anyone know what's wrong with the printer, please?", "know wrong printer"),
        ("I don\u2019t see why it isn't working", "see working"),
        ("Where is O'Reilly's book?", "o reilly book"),
        ("the The THE cat cat", "cat"),
        ("wi-fi card", "wi fi card"),
        ("snake_case", "snake case"),
        ("Ｆｕｌｌ ﬁle", "full file"),
        ("Où est le café?", "où est le café"),
        ("Где сервер?", "где сервер"),
        ("हिन्दी में", "हिन्दी में"),
        ("서버 점검", "서버 점검"),
        ("東京都", "東京 京都"),
        ("茶", "茶"),
        ("Linuxカーネル5", "linux カー ーネ ネル 5"),
        ("ภาษา", "ภา าษ ษา"),
        ("👍🏽 for 🇩🇪 and 🦀🦀", "👍 🇩🇪 🦀"),
        ("مُحَمَّد", "محمد"),
        ("who is it", "who is it"),
        ("", ""),
        ("?! ... --- \x00", ""),
    ],
)
def test_a_question_is_its_distinct_words_without_the_common_ones(
    question: str, terms: str
) -> None:
    assert question_terms(question) == tuple(terms.split())


def test_no_stop_word_is_written_in_a_way_that_no_question_can_have() -> None:
    assert not [word for word in STOP_WORDS if question_terms(word) != (word,)]


@pytest.mark.parametrize(
    ("text", "segmented"),
    [
        ("plain text, as it is", "plain text, as it is"),
        ("café naïve", "café naïve"),
        ("cafe\u0301", "café"),
        ("東京 and 大阪", "東 京 and 大 阪"),
        ("go🎉🎉now", "go 🎉 🎉 now"),
        ("👍🏽❤️", "👍 ❤"),
        ("👨\u200d👩\u200d👧", "👨 👩 👧"),
        ("🇩🇪🇫🇷", "🇩🇪 🇫🇷"),
        ("ｻｰﾊﾞｰ", "サ ー バ ー"),
        ("soft\u00adhyphen", "softhyphen"),
        ("", ""),
    ],
)
def test_what_is_a_word_by_itself_is_set_apart(text: str, segmented: str) -> None:
    assert segment(text).split() == segmented.split()


@given(st.text())
def test_any_text_is_segmented_once_and_for_all(text: str) -> None:
    once = segment(text)
    assert segment(once).split() == once.split()


@given(st.text())
def test_any_question_has_distinct_terms_without_spaces(text: str) -> None:
    terms = question_terms(text)
    assert len(set(terms)) == len(terms)
    assert all(term and not any(map(str.isspace, term)) for term in terms)
