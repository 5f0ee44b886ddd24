"""Each signal moves the message that it is about, and nothing else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.kinds import expected_answer, is_question
from app.domain.model import Author, Channel, Message, Surroundings, snowflake_at
from app.domain.people import named_people, speaks_for_itself
from app.domain.questions import Reading
from app.domain.ranking import CONVERSATION, MEANING, WORDS, Ranked
from app.domain.reordering import Candidate, Signals, reorder
from app.domain.stems import stem, words_of

CHANNEL = Channel(7, 1, "general")
START = datetime(2024, 4, 1, tzinfo=UTC)


def message(
    number: int, text: str, author: str = "Zoe Hart", reply_to: int | None = None
) -> Message:
    at = START + number * timedelta(minutes=1)
    who = Author(sum(map(ord, author)), author.lower(), author)
    return Message(snowflake_at(at), CHANNEL, who, at, text, at, reply_to=reply_to)


def candidate(
    said: Message,
    score: float = 0.0,
    *,
    before: tuple[Message, ...] = (),
    after: tuple[Message, ...] = (),
    related: tuple[Message, ...] = (),
) -> Candidate:
    ranked = Ranked(said.id, 1, score, {CONVERSATION: score}, similarity=0.5)
    return Candidate(ranked, Surroundings(said, before, after, related))


def order(
    question: str,
    *candidates: Candidate,
    broad: bool = False,
    wants_current: bool = False,
    similarity: dict[int, float] | None = None,
) -> list[str]:
    """Return the contents of the candidates, best first; the last words are searched."""
    reading = Reading(question, broad=broad, wants_current=wants_current)
    contents = {c.message.id: c.message.content for c in candidates}
    terms = tuple(question.rstrip("?").lower().split()[2:])
    reordered = reorder(reading, terms, candidates, similarity or {})
    return [contents[ranked.message_id] for ranked in reordered]


def test_the_message_with_more_of_the_question_comes_first() -> None:
    one = candidate(message(1, "the usb disk is mounted by hand with sudo"))
    two = candidate(message(2, "the disk on my desk is a nice red one"))
    assert order("how to mount usb disk", one, two)[0] == one.message.content


def test_a_rare_word_tells_more_than_one_that_all_say() -> None:
    common = [candidate(message(n, f"the printer number {n} is here again")) for n in range(5)]
    rare = candidate(message(9, "the toner was bought a long time ago"))
    assert order("about the printer toner", *common, rare)[0] == rare.message.content


def test_an_answer_counts_with_what_it_replies_to_and_a_question_with_its_replies() -> None:
    asks = message(1, "which kernel has that driver for the card?")
    answers = message(2, "it is in 2.6.17 and everything later", reply_to=asks.id)
    other = candidate(message(3, "that was a nice talk we had yesterday"))
    question = "which has kernel driver"
    assert order(question, other, candidate(answers, related=(asks,)))[0] == answers.content
    rings = message(4, "somebody knows how it is done, surely, I hope")
    replied = candidate(rings, related=(message(5, "the kernel driver", reply_to=rings.id),))
    assert order(question, other, replied)[0] == rings.content


def test_words_nearby_count_less_with_distance() -> None:
    topic, filler = message(1, "meet me at the diner"), message(2, "well then see you all later")
    near = candidate(message(3, "around the corner of the street there"), before=(topic,))
    far = candidate(message(4, "around the corner of the bridge there"), before=(filler, topic))
    none = candidate(message(5, "around the corner of the church there"), before=(filler,))
    found = order("where is diner", none, far, near)
    assert found == [each.message.content for each in (near, far, none)]


def test_words_after_a_message_count_as_those_before_it() -> None:
    topic = message(1, "meet me at the diner")
    before = candidate(message(3, "around the corner of the street there"), before=(topic,))
    after = candidate(message(4, "around the corner of the bridge there"), after=(topic,))
    reading = Reading("where is the diner")
    one, other = reorder(reading, ("diner",), [before, after], {})
    assert one.parts["around"] == pytest.approx(other.parts["around"])


def test_the_first_person_named_speaks_first() -> None:
    ana = candidate(message(1, "tea is the best thing in the world", "Ana Bell"))
    ben = candidate(message(2, "tea is the best thing in the world!", "Ben Cole"))
    question = "what did Ana say to Ben about tea"
    assert order(question, ben, ana)[0] == ana.message.content
    assert order("what did Ben say to Ana about tea", ben, ana)[0] == ben.message.content


def test_where_others_would_tell_the_person_counts_less() -> None:
    ana = candidate(message(1, "over here in the room upstairs", "Ana"))
    parts = [
        reorder(Reading(question), ("room",), [ana], {})[0].parts["person"]
        for question in ("what did Ana say", "where is Ana")
    ]
    assert parts[0] == 2 * parts[1] > 0


def test_tiny_messages_and_questions_step_back() -> None:
    said = candidate(message(1, "the shop is open until the evening, he told me"))
    asks = candidate(message(2, "does anybody here know if the shop is open?"))
    tiny = candidate(message(3, "shop open"))
    found = order("is the shop open", tiny, asks, said)
    assert found == [each.message.content for each in (said, asks, tiny)]


def test_a_question_is_as_good_as_any_message_of_a_discussion() -> None:
    asks = candidate(message(1, "does anybody here know if the shop is open?"))
    for broad, expected in ((False, True), (True, False)):
        reading = Reading("is the shop open", broad=broad)
        assert ("asking" in reorder(reading, ("shop",), [asks], {})[0].parts) is expected


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("how many seats", "there are 12 seats in the room", "there are no seats in the room"),
        ("when is the raid", "the raid is on friday I think", "the raid is off I think"),
        ("where is the key", "the key lies under a stone", "the key lies, so he told me"),
        ("why does it crash", "it does crash because of heat", "it does crash and burn, really"),
    ],
)
def test_what_the_question_word_asks_for_comes_first(
    question: str, answer: str, other: str
) -> None:
    candidates = candidate(message(1, answer)), candidate(message(2, other))
    assert order(question, *candidates)[0] == answer


def test_a_busy_stretch_comes_first_for_a_discussion_alone() -> None:
    talk = [message(n, f"some remark about the things number {n} here") for n in range(4)]
    lonely = candidate(message(9, "some remark about the things number 9 here"), 3.0)
    stretch = [candidate(m, 3.0, after=tuple(t for t in talk if t is not m)) for m in talk]
    broad = order("summarize the discussion", lonely, *stretch, broad=True)
    assert broad[-1] == lonely.message.content
    plain = order("which the number", lonely, *stretch)
    assert plain[0] == lonely.message.content  # of equals the newest


def test_similar_neighbours_count_for_a_discussion_alone() -> None:
    near, far = message(1, "we could do that then"), message(2, "it was hot that day")
    one = candidate(message(3, "yes, I would like that a lot"), before=(near,))
    other = candidate(message(4, "yes, I would like that so much"), before=(far,))
    similarity = {near.id: 0.9, far.id: 0.1, one.message.id: 0.5, other.message.id: 0.5}
    question = "summarize the discussion"
    best = order(question, other, one, broad=True, similarity=similarity)[0]
    assert best == one.message.content
    assert order(question, other, one, similarity=similarity)[0] == other.message.content


def test_the_newer_of_two_wins_only_where_what_is_current_is_asked_for() -> None:
    old = candidate(message(1, "the raid is at nine in the evening"), 1.0)
    new = candidate(message(9_999, "the raid is at ten in the evening"))
    assert order("when is raid", old, new)[0] == old.message.content
    assert order("when is raid", old, new, wants_current=True)[0] == new.message.content


def test_what_is_new_does_not_outweigh_what_answers() -> None:
    old = candidate(message(1, "the raid begins at nine in the evening"))
    new = candidate(message(9_999, "so many people are here this evening"))
    assert order("when does raid begin", old, new, wants_current=True)[0] == old.message.content


def test_every_part_of_the_score_is_told() -> None:
    said = candidate(message(1, "mount the disk, then look again"), 2.0)
    (ranked,) = reorder(Reading("how to mount the usb disk"), ("mount", "usb", "disk"), [said], {})
    assert ranked.score == pytest.approx(sum(ranked.parts.values()))
    assert ranked.parts[CONVERSATION] == 2.0
    assert ranked.parts["coverage"] > 0


def test_without_signals_the_base_scores_but_for_words_decide() -> None:
    said = [message(n, f"text {n}") for n in range(3)]
    parts = [{WORDS: 9.0, MEANING: 1.0}, {MEANING: 2.0}, {CONVERSATION: 3.0}]
    candidates = [
        Candidate(Ranked(m.id, 1, sum(p.values()), p), Surroundings(m))
        for m, p in zip(said, parts, strict=True)
    ]
    reordered = reorder(Reading("text?"), ("text",), candidates, {}, Signals())
    assert [ranked.score for ranked in reordered] == [3.0, 2.0, 1.0]


@given(st.permutations(range(6)), st.booleans(), st.booleans())
def test_the_order_of_the_candidates_does_not_matter(
    places: list[int], broad: bool, wants_current: bool
) -> None:
    candidates = [candidate(message(n, f"the disk {n % 2} is here"), n % 3) for n in range(6)]
    reading = Reading("which disk", broad=broad, wants_current=wants_current)
    expected = reorder(reading, ("disk",), candidates, {})
    assert reorder(reading, ("disk",), [candidates[at] for at in places], {}) == expected


@given(st.text(), st.lists(st.text(), max_size=4), st.booleans())
def test_any_text_can_be_reordered(question: str, said: list[str], broad: bool) -> None:
    candidates = [candidate(message(n, text, text or "x")) for n, text in enumerate(said)]
    reading = Reading(question, broad=broad, wants_current=broad)
    reordered = reorder(reading, tuple(question.split()), candidates, {})
    assert sorted(r.message_id for r in reordered) == sorted(c.message.id for c in candidates)


def test_nothing_found_stays_nothing() -> None:
    assert reorder(Reading("anything", broad=True), ("anything",), [], {}) == []


@pytest.mark.parametrize(
    ("question", "names", "found"),
    [
        ("what did monica say", {"Monica Geller"}, []),
        ("what did Monica say", {"Monica Geller"}, [{"Monica Geller"}]),
        ("what did actionparsnip say", {"ActionParsnip"}, [{"ActionParsnip"}]),
        ("what did Ana say to Ben", {"Ana", "Ben"}, [{"Ana"}, {"Ben"}]),
        ("what did José say", {"Jose"}, [{"Jose"}]),
        ("what does the Project Manager want", {"Project Manager"}, [{"Project Manager"}]),
        ("Will Hon. members vote", {"Hon. Bill Morneau"}, []),
        ("what is a b", {"a", "b"}, []),
    ],
)
def test_people_named_in_a_question(question: str, names: set[str], found: list[set[str]]) -> None:
    assert [set(p.names) for p in named_people(question, names)] == found


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("What did Ana say?", 1.0),
        ("What is Ana's idea?", 1.0),
        ("Where is Ana?", 0.5),
        ("Who called Ana?", 0.5),
        ("What is Ana doing?", 0.5),
    ],
)
def test_who_would_tell(question: str, share: float) -> None:
    assert speaks_for_itself(question, named_people(question, {"Ana"})[0]) == share


@pytest.mark.parametrize(
    "words",
    ["update updates updated updating", "run runs running", "install installs installed installing",
     "try tries", "quick quickly", "stop stops stopped stopping"],
)  # fmt: skip
def test_forms_of_a_word_are_one(words: str) -> None:
    assert len({stem(word) for word in words.split()}) == 1


@pytest.mark.parametrize("word", ["bus", "ring", "red", "ssh", "обновить", "更新", "is", "glass"])
def test_short_and_foreign_words_stay(word: str) -> None:
    assert stem(word) == word


def test_accents_and_case_do_not_matter() -> None:
    assert words_of("Crème BRÛLÉE, ñandú!") == ["creme", "brulee", "nandu"]


@pytest.mark.parametrize(
    ("text", "asks"),
    [
        ("what is it?", True),
        ("anyone here", True),
        ("so, how do I do that", True),
        ("see http://a.example/?q=1 for it", False),
        ("It is what it is.", False),
        ("What I did " + "then and then " * 10, False),
        ("", False),
    ],
)
def test_what_is_a_question(text: str, asks: bool) -> None:
    assert is_question(text) is asks


@pytest.mark.parametrize("question", ["who said that?", "how does it work?", "", "tell me"])
def test_most_questions_do_not_say_what_an_answer_holds(question: str) -> None:
    assert expected_answer(question) is None
