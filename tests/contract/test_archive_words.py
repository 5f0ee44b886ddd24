"""What every archive promises about searching by words, and about names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from attrs import evolve

from app.domain.chunking import MAX_MESSAGES
from app.domain.model import Author, Channel, ChannelKind, Guild, Scope
from app.domain.terms import question_terms
from app.ports.history import Page
from tests.archives import (
    ADAPTERS,
    EVERYTHING,
    SEEN,
    found,
    id_of,
    message_id,
    opened,
    page_of,
    say,
    store,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from app.ports.storage import MessageArchive


@pytest.fixture(params=ADAPTERS)
def adapter(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def archive(adapter: str, tmp_path: Path) -> AsyncIterator[MessageArchive]:
    async with opened(adapter, tmp_path) as archive:
        yield archive


# Words


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("My printer is printing", "printers"),
        ("The RELEASE is out", "release"),
        ("release", "RELEASES"),
        ("Café Müller", "cafe"),
        ("cafe", "CAFÉ"),
        ("Cafe\u0301", "café"),
        ("Приве́т, мир", "ПРИВЕТ"),
        ("今日は東京都庁に行く", "東京"),
        ("今日は東京都庁に行く", "都庁"),
        ("我們在台北開會", "台北"),
        ("サーバーが落ちた", "サーバ"),
        ("ｻｰﾊﾞｰ", "サーバー"),
        ("ร้านอาหารไทย", "ไทย"),
        ("서버 점검", "서버"),
        ("हिन्दी में लिखा", "हिन्दी"),
        ("Ｆｕｌｌ ｗｉｄｔｈ", "full"),
        ("مُحَمَّد", "محمد"),
        ("party🎉🎉tonight", "🎉"),
        ("thumbs 👍🏽", "👍"),
        ("we ship 🦀 code", "🦀"),
        ("see https://example.org/guide_to/setup", "setup"),
        ("run `apt-get install vim`", "apt-get"),
        ("NULL\x00byte", "byte"),
        ("half a \ud83d pair", "pair"),
    ],
)
async def test_a_word_is_found_however_it_is_written(
    archive: MessageArchive, said: str, asked: str
) -> None:
    await store(archive, say(1, said), say(2, "something else"))
    assert await found(archive, asked) == [message_id(1)]
    [chunk] = await archive.matching_chunks([asked], EVERYTHING, 10)
    assert message_id(1) in chunk.message_ids


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("京都と東", "東京"),
        ("a b", "b a"),
        ("printing", "mint"),
        ("今日", "明日"),
        ("🎉", "🦀"),
        ("apt then get", "apt-get"),
    ],
)
async def test_what_only_resembles_the_word_is_not_found(
    archive: MessageArchive, said: str, asked: str
) -> None:
    await store(archive, say(1, said))
    assert await found(archive, asked) == []


@pytest.mark.parametrize(
    "term",
    [
        *(
            "",
            " ",
            '"',
            '""',
            "'",
            "*",
            "-",
            "^",
            ":",
            "(",
            ")",
            "{",
            "}",
            "+",
            "%",
            "_",
            "\\",
            ";",
        ),
        *("AND", "OR", "NOT", "NEAR", "NEAR(", "a OR b", "text:a", "-a", "a*", '"a" OR "b"'),
        *("\x00", "a\x00b", "\ud800", "'; DROP TABLE messages; --", "<@123>", "[]", "null"),
        "x" * 100_000,
        "word " * 10_000,
        "🎉" * 1_000,
    ],
)
async def test_nothing_in_a_term_is_an_operator(archive: MessageArchive, term: str) -> None:
    await store(archive, say(1, "needle"), say(2, "hay"))
    assert set(await found(archive, term)) <= set()
    assert await found(archive, term, "needle") == [message_id(1)]
    assert await found(archive, *question_terms(f"{term} needle")) == [message_id(1)]
    [chunk] = await archive.matching_chunks([term, "needle"], EVERYTHING, 10)
    assert message_id(1) in chunk.message_ids


async def test_operators_are_found_as_the_words_they_are(archive: MessageArchive) -> None:
    await store(archive, say(1, "this OR that"), say(2, "NOT NEAR anything"), say(3, "plain"))
    assert await found(archive, "OR") == [message_id(1)]
    assert await found(archive, "NEAR") == [message_id(2)]


async def test_no_terms_find_nothing(archive: MessageArchive) -> None:
    await store(archive, say(1))
    assert await archive.matching([], EVERYTHING, 10) == []
    assert await archive.matching_chunks([], EVERYTHING, 10) == []


async def test_thousands_of_terms_are_a_question_too(archive: MessageArchive) -> None:
    await store(archive, say(1, "needle"))
    assert await found(archive, *(f"word{n}" for n in range(5_000)), "needle") == [message_id(1)]


async def test_a_word_is_found_that_was_asked_for_before_anybody_said_it(
    archive: MessageArchive,
) -> None:
    await store(archive, say(1, "old"))
    assert await found(archive, "new", "old") == [message_id(1)]
    assert await archive.matching_chunks(["new"], EVERYTHING, 10) == []
    await store(archive, say(60, "new"))
    assert set(await found(archive, "new", "old")) == {message_id(1), message_id(60)}
    [chunk] = await archive.matching_chunks(["new"], EVERYTHING, 10)
    assert chunk.message_ids == (message_id(60),)


async def test_a_huge_text_is_kept_and_found(archive: MessageArchive) -> None:
    huge = "filler " * 200_000 + "needle"
    await store(archive, say(1, huge))
    assert await found(archive, "needle") == [message_id(1)]
    assert (await archive.read([message_id(1)], EVERYTHING))[0].content == huge


async def test_the_author_is_among_the_words(archive: MessageArchive) -> None:
    await store(archive, say(1, "hi", author="Zoë"), say(2, "hi"))
    assert await found(archive, "zoe") == [message_id(1)]


async def test_the_better_match_comes_first_with_a_higher_score(archive: MessageArchive) -> None:
    await store(
        archive,
        say(1, "apples grow on trees in the garden behind the long brick wall"),
        say(2, "pears and apples"),
        say(3, "pears and plums"),
        *(say(n, "nothing of the kind") for n in range(10, 20)),
    )
    hits = await archive.matching(["pears", "apples"], EVERYTHING, 10)
    assert [hit.message_id for hit in hits] == [message_id(n) for n in (2, 3, 1)]
    assert hits[0].score > hits[1].score > hits[2].score > 0
    assert {hit.guild_id for hit in hits} == {id_of("home")}


async def test_a_limit_is_kept(archive: MessageArchive) -> None:
    await store(archive, *(say(60 * n, "needle") for n in range(5)))
    assert len(await archive.matching(["needle"], EVERYTHING, 3)) == 3
    assert len(await archive.matching_chunks(["needle"], EVERYTHING, 3)) == 3
    assert await archive.matching(["needle"], EVERYTHING, 0) == []
    assert await archive.matching_chunks(["needle"], EVERYTHING, 0) == []


# Stretches of conversation


async def test_a_silence_of_half_an_hour_parts_conversations(archive: MessageArchive) -> None:
    await store(archive, *(say(n, f"word{n}") for n in (0, 1, 20, 49, 79, 80)))
    chunks = await archive.matching_chunks(["word0", "word80"], EVERYTHING, 10)
    assert sorted(chunk.message_ids for chunk in chunks) == [
        tuple(message_id(n) for n in (0, 1, 20, 49)),
        (message_id(79), message_id(80)),
    ]


async def test_messages_of_one_moment_are_each_in_one_stretch(archive: MessageArchive) -> None:
    said = [say(0, "at once", id=message_id(0) + n) for n in range(2 * MAX_MESSAGES + 1)]
    await store(archive, *said)
    chunks = await archive.matching_chunks(["once"], EVERYTHING, 10)
    assert len(chunks) == 3
    assert sorted(i for chunk in chunks for i in chunk.message_ids) == [m.id for m in said]


async def test_channels_are_conversations_of_their_own(archive: MessageArchive) -> None:
    await store(archive, say(1, "tea"), say(2, "tea", channel="random"), say(3, "tea"))
    chunks = await archive.matching_chunks(["tea"], EVERYTHING, 10)
    assert sorted(chunk.message_ids for chunk in chunks) == [
        (message_id(1), message_id(3)),
        (message_id(2),),
    ]


async def test_a_conversation_shows_only_what_is_in_scope(archive: MessageArchive) -> None:
    await store(archive, say(1, "tea", author="ben"), say(2, "or coffee"), say(3, "or both"))
    [chunk] = await archive.matching_chunks(["tea"], EVERYTHING.by([id_of("ana")]), 10)
    assert chunk.message_ids == (message_id(2), message_id(3))
    assert await archive.matching_chunks(["tea"], EVERYTHING.by([id_of("eve")]), 10) == []


@pytest.mark.parametrize("elsewhere", [{"author": "ben"}, {"channel": "random"}, {"guild": "away"}])
async def test_what_is_out_of_scope_takes_no_place_among_the_best(
    archive: MessageArchive, elsewhere: dict[str, Any]
) -> None:
    """Though it matches better, and the scope is otherwise wide enough for it."""
    others = [say(100 + 60 * n, "tea tea tea", **elsewhere) for n in range(5)]
    await store(archive, say(1, "tea for somebody else, it seems to me"), *others)
    scope = {
        "author": EVERYTHING.by([id_of("ana")]),
        "channel": EVERYTHING.in_channels([id_of("general")]),
        "guild": EVERYTHING.in_guilds([id_of("home")]),
    }[next(iter(elsewhere))]
    assert [hit.message_id for hit in await archive.matching(["tea"], scope, 1)] == [message_id(1)]
    [chunk] = await archive.matching_chunks(["tea"], scope, 1)
    assert chunk.message_ids == (message_id(1),)


async def test_a_word_added_or_taken_away_by_an_edit_is_followed(archive: MessageArchive) -> None:
    await store(archive, say(1, "alpha"), say(2, "beta"))
    await store(archive, say(1, "gamma", edited_at=SEEN))
    assert await archive.matching_chunks(["alpha"], EVERYTHING, 10) == []
    [chunk] = await archive.matching_chunks(["gamma"], EVERYTHING, 10)
    assert chunk.message_ids == (message_id(1), message_id(2))


# Names


async def test_servers_are_found_by_name_and_id(archive: MessageArchive) -> None:
    home = Guild(id_of("home"), "Café  Home")
    await archive.store(Page(home, (), (say(1),)))
    for name in ("café  home", "CAFE  HOME", f" {home.id} "):
        assert await archive.guilds_named(name, EVERYTHING) == [home]
    assert await archive.guilds_named("caf", EVERYTHING) == []


async def test_channels_and_threads_are_found_by_name_and_id(archive: MessageArchive) -> None:
    thread = Channel(77, id_of("home"), "Straße", ChannelKind.THREAD, id_of("general"))
    await archive.store(page_of(say(1), evolve(say(2), channel=thread)))
    for name in ("strasse", "#STRASSE", " #straße", "77"):
        assert await archive.channels_named(name, EVERYTHING) == [thread]
    assert await archive.threads_of([id_of("general"), 5], EVERYTHING) == [thread]
    assert await archive.threads_of([77], EVERYTHING) == []
    assert await archive.threads_of([], EVERYTHING) == []


async def test_people_are_found_by_every_name_they_bore(archive: MessageArchive) -> None:
    await store(archive, say(1, author="José"))
    later = evolve(say(2, author="José"), author=Author(id_of("José"), "josé", "The Boss"))
    await store(archive, later)
    for name in ("jose", "@JOSÉ", "the boss", "@The Boss", str(id_of("José"))):
        assert await archive.authors_named(name, EVERYTHING) == [later.author]


async def test_people_of_one_name_are_all_found(archive: MessageArchive) -> None:
    twins = [Author(1, "max", "Max"), Author(2, "Max", "Maximilian")]
    await store(archive, *(evolve(say(n), author=twin) for n, twin in enumerate(twins)))
    assert await archive.authors_named("max", EVERYTHING) == twins


async def test_people_are_known_only_where_they_wrote_in_scope(archive: MessageArchive) -> None:
    nick = Author(id_of("ana"), "ana", "Secret nick")
    await store(archive, say(1), evolve(say(2, channel="hidden"), author=nick))
    general = Scope({id_of("home"): {id_of("general")}})
    assert await archive.authors_named("secret nick", general) == []
    assert [a.display_name for a in await archive.authors_named("ana", general)] == ["Ana"]
    assert await archive.authors_named("ana", general.by([id_of("ben")])) == []


@pytest.mark.parametrize(
    "name",
    ["", "#", "@", "%", "_", "'", '"', "\x00", "\ud800", "9" * 30, "-1", "٣", "²", "x" * 1_000_000],
)
async def test_a_strange_name_is_nobodys(archive: MessageArchive, name: str) -> None:
    await store(archive, say(1))
    assert await archive.guilds_named(name, EVERYTHING) == []
    assert await archive.channels_named(name, EVERYTHING) == []
    assert await archive.authors_named(name, EVERYTHING) == []
