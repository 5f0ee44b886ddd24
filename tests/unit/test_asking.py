"""Answering a question over doubles."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from attrs import evolve

from app.domain.asking import AnswerLimits, Done, Event, Replaced, Sources, Written
from app.domain.errors import ModelUnavailable
from app.domain.model import Question, Scope, Turn, Window
from tests.doubles.broken import BrokenEmbedder, BrokenIndex
from tests.doubles.embedder import HashEmbedder
from tests.doubles.model import BrokenChatModel, ScriptedChatModel
from tests.engine import NOW, Engine, asked, id_of, message_id, said

QUESTION = "how do I install firefox?"


async def events(engine: Engine, question: Question) -> list[Event]:
    return [event async for event in engine.ask().stream(question)]


async def an_engine(**parts: object) -> Engine:
    engine = Engine(**parts)  # type: ignore[arg-type]
    await engine.hear(
        said(1, "install firefox with apt"),
        said(2, "bread is baked at noon", author="bob"),
        said(3, "firefox is a browser", author="eve", channel="secret"),
    )
    return engine


async def test_the_answer_names_the_messages_it_cites() -> None:
    engine = await an_engine()
    done = (await events(engine, asked(QUESTION)))[-1]
    assert isinstance(done, Done)
    answer = done.answer
    assert answer.success
    assert answer.grounded
    assert not answer.degraded
    assert answer.model_used == "scripted"
    assert answer.tokens_used == 42
    assert [c.number for c in answer.citations] == [1]
    assert answer.messages_retrieved == len(done.prompt.excerpts if done.prompt else ())


async def test_sources_come_first_then_the_words_then_the_whole() -> None:
    happened = await events(await an_engine(), asked(QUESTION))
    assert isinstance(happened[0], Sources)
    assert isinstance(happened[-1], Done)
    assert all(isinstance(event, Written) for event in happened[1:-1])
    written = "".join(event.text for event in happened[1:-1] if isinstance(event, Written))
    assert written == happened[-1].answer.text


async def test_whole_gives_what_stream_ends_with() -> None:
    engine = await an_engine()
    assert (await engine.ask().whole(asked(QUESTION))).answer == (
        (await events(engine, asked(QUESTION)))[-1].answer  # type: ignore[union-attr]
    )


async def test_an_invented_citation_is_removed_and_the_answer_is_not_grounded() -> None:
    engine = await an_engine(model=ScriptedChatModel("With apt [77]."))
    answer = (await engine.ask().whole(asked(QUESTION))).answer
    assert answer.text == "With apt."
    assert answer.citations == ()
    assert not answer.grounded
    assert "cited none" in str(answer.reason)


async def test_a_model_that_fails_before_its_first_word_is_replaced_quietly() -> None:
    engine = await an_engine(model=BrokenChatModel(ModelUnavailable("It is out.")))
    happened = await events(engine, asked(QUESTION))
    assert [type(e) for e in happened] == [Sources, Written, Done]
    answer = happened[-1].answer  # type: ignore[union-attr]
    assert answer.text == "a quote [1]"
    assert answer.degraded
    assert answer.success
    assert answer.model_used == "fallback"
    assert "It is out." in str(answer.reason)


async def test_a_model_that_fails_in_the_middle_has_its_words_replaced() -> None:
    engine = await an_engine(model=BrokenChatModel(begin="I think that"))
    happened = await events(engine, asked(QUESTION))
    assert [type(e) for e in happened] == [Sources, Written, Replaced, Done]
    assert happened[2] == Replaced("a quote [1]")
    assert happened[-1].answer.text == "a quote [1]"  # type: ignore[union-attr]


async def test_without_a_message_the_model_is_not_asked() -> None:
    model = ScriptedChatModel()
    engine = await an_engine(model=model)
    done = await engine.ask().whole(asked(QUESTION, Scope.nothing()))
    assert model.prompts == []
    assert done.answer.success
    assert not done.answer.grounded
    assert "no messages to search" in done.answer.text


NOTHING = "does Zorgblatt bake quantum firefox?"


async def test_a_refusal_says_what_was_searched() -> None:
    model = ScriptedChatModel()
    engine = await an_engine(model=model)
    await engine.hear(*(said(n, f"word{n} thing{n}") for n in range(10, 200)))
    answer = (await engine.ask().whole(asked(NOTHING))).answer
    assert model.prompts == []
    assert answer.text == (
        "I found nothing about that in the 193 messages in #general and #secret of guild 1"
        " that I searched."
    )
    assert (answer.grounded, answer.citations) == (False, ())


async def test_a_refusal_shows_the_nearest_messages_and_cites_none() -> None:
    engine = await an_engine()
    question = evolve(asked("What did Zorgblatt say, bread at noon?"), zone=ZoneInfo("Asia/Tokyo"))
    answer = (await engine.ask().whole(question)).answer
    lead, first, *lines = filter(None, answer.text.splitlines())
    assert lead == "Nobody called Zorgblatt wrote in what I searched."
    assert first == "The nearest I found, which is no answer:"
    assert lines[0] == (
        "- Bob in #general, 2024-05-01 21:02: “bread is baked at noon” "
        f"https://discord.com/channels/1/{id_of('home/general')}/{message_id(2)}"
    )
    assert (answer.grounded, answer.citations) == (False, ())


async def test_a_refusal_names_nothing_outside_the_scope() -> None:
    engine = await an_engine()
    scope = Scope({1: {id_of("home/general")}})
    text = (await engine.ask().whole(asked(NOTHING, scope))).answer.text
    assert "in #general of guild 1" in text
    assert "secret" not in text
    assert "browser" not in text
    text = (await engine.ask().whole(asked(NOTHING, Scope.nothing()))).answer.text
    assert text == "There are no messages to search here, so I cannot answer that."


async def test_nothing_outside_the_scope_reaches_the_model() -> None:
    model = ScriptedChatModel()
    engine = await an_engine(model=model)
    scope = Scope({1: {id_of("home/general")}})
    await engine.ask().whole(asked(QUESTION, scope))
    (prompt,) = model.prompts
    assert {e.message.channel.name for e in prompt.excerpts} == {"general"}
    assert "browser" not in prompt.user


@pytest.mark.parametrize("broken", ["index", "embedder"])
async def test_without_vectors_words_find_and_the_answer_says_so(broken: str) -> None:
    engine = await an_engine()
    identity = HashEmbedder().identity
    if broken == "index":
        crippled = Engine(archive=engine.archive, vectors=BrokenIndex(identity))
    else:
        crippled = Engine(archive=engine.archive, embedder=BrokenEmbedder(identity))
    answer = (await crippled.ask().whole(asked(QUESTION))).answer
    assert answer.degraded
    assert "words only" in str(answer.reason)
    assert message_id(1) in [c.message.id for c in answer.citations]


async def test_an_answer_that_is_too_long_is_cut_and_says_so() -> None:
    limits = AnswerLimits(response_chars=60)
    engine = await an_engine(model=ScriptedChatModel("word " * 100 + "[1]"), limits=limits)
    answer = (await engine.ask().whole(asked(QUESTION))).answer
    assert len(answer.text) <= 60
    assert answer.text.endswith("*[Response truncated]*")


async def test_earlier_questions_reach_the_model() -> None:
    model = ScriptedChatModel()
    engine = await an_engine(model=model)
    await engine.ask().whole(evolve(asked(QUESTION), history=(Turn("what is apt?", NOW),)))
    assert "what is apt?" in model.prompts[0].user


async def test_a_forgotten_author_is_never_cited() -> None:
    engine = await an_engine()
    await engine.forget().author(id_of("ana"))
    answer = (await engine.ask().whole(asked(QUESTION))).answer
    assert all(c.message.author.id != id_of("ana") for c in answer.citations)
    assert await engine.vectors.count(Scope.everything()) == 2


async def test_an_answer_says_which_time_was_searched() -> None:
    engine = await an_engine()
    named = (await engine.ask().whole(asked("what was said on 1 May 2024?"))).answer
    first = datetime(2024, 5, 1, tzinfo=UTC)
    assert named.window == Window(first, first + timedelta(days=1))
    assert (await engine.ask().whole(asked(QUESTION))).answer.window is None


async def test_where_nothing_is_found_the_messages_of_the_time_are_counted() -> None:
    engine = await an_engine()
    answer = (await engine.ask().whole(asked("what was said on 3 May 2024?"))).answer
    assert "no messages to search" in answer.text
    assert answer.window is not None


async def test_what_stands_beside_the_best_messages_is_given_to_the_model_too() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "how do I mount an iso?"),
        said(2, "use the loop option", author="bob", reply_to=1),
    )
    done = await engine.ask().whole(asked("mount iso", limit=1))
    assert done.prompt is not None
    assert [(e.text, e.beside) for e in done.prompt.excerpts] == [
        ("how do I mount an iso?", None),
        ("use the loop option", message_id(1)),
    ]
    assert done.answer.messages_retrieved == 2
    assert len(done.findings.found) == 1


async def test_what_room_is_left_goes_to_messages_found_further_down() -> None:
    engine = Engine(limits=AnswerLimits(context_chars=340))
    await engine.hear(*(said(n, f"iso {n} mounts as well as any") for n in range(8)))
    done = await engine.ask().whole(asked("does iso 3 mount well?", limit=1))
    assert done.prompt is not None
    assert len(done.findings.found) == 1
    assert sorted((e.rank, e.beside is None) for e in done.prompt.excerpts) == [
        (0, True),
        (1, False),
        (2, False),
        (3, True),
    ]
    assert done.findings.found[0].message in [e.message for e in done.prompt.excerpts]


async def test_nothing_outside_the_scope_stands_beside_anything() -> None:
    engine = Engine()
    await engine.hear(
        said(1, "how do I mount an iso?"),
        said(2, "the secret loop option", author="bob", channel="secret", reply_to=1),
    )
    scope = Scope({1: {id_of("home/general")}})
    done = await engine.ask().whole(asked("mount iso", scope))
    assert done.prompt is not None
    assert "secret" not in done.prompt.user


async def test_an_answer_without_citations_gets_those_that_hold_its_words() -> None:
    engine = await an_engine(model=ScriptedChatModel("You can install firefox with apt."))
    answer = (await engine.ask().whole(asked(QUESTION))).answer
    assert answer.grounded
    assert [c.message.text for c in answer.citations] == ["install firefox with apt"]
    assert "cited none" in str(answer.reason)


async def test_a_model_that_repeats_itself_is_cut() -> None:
    loop = "Install firefox with apt [1]. "
    engine = await an_engine(model=ScriptedChatModel(loop * 9))
    answer = (await engine.ask().whole(asked(QUESTION))).answer
    assert answer.text == loop.strip()
