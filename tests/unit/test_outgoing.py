"""What leaves in an answer notifies nobody, hides nothing and leads nowhere of its own."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from app.domain.outgoing import LINK_REMOVED, disarmed, plain

SOURCES = [
    "The wiki is https://wiki.example/setup?page=2#top, mirror at http://mirror.example/.",
    "see [the docs](https://docs.example/a_(b)) or www.example.org",
    "join discord.gg/our-own",
]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("[docs](https://docs.example/a_)", "[docs] (https://docs.example/a_)"),
        ("[1](https://evil.example)", f"[1] ({LINK_REMOVED})"),
        ("![x](https://evil.example/?q=secret)", f"![x] ({LINK_REMOVED})"),
        ("[[1] a](<https://evil.example> 'b')", f"[[1] a] (<{LINK_REMOVED}> 'b')"),
        ("[x](javascript:alert(1))", "[x] (javascript:alert(1))"),
    ],
)
def test_no_text_hides_an_address(written: str, shown: str) -> None:
    assert disarmed(written, SOURCES) == shown


@pytest.mark.parametrize(
    "written",
    [
        "It is https://wiki.example/setup?page=2#top.",
        "It is https://wiki.example/setup, I think",
        "**https://wiki.example/setup?page=2#top**",
        "<http://mirror.example> or http://mirror.example/",
        "wiki.example and mirror.example/, or www.example.org!",
        "https://docs.example/a_(b)",
        "discord.gg/our-own",
        "no address at all: 3://4, a/b, x:y",
    ],
)
def test_an_address_that_somebody_wrote_stays(written: str) -> None:
    assert disarmed(written, SOURCES) == written


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example",
        "https://wiki.example/setup?page=2#top&q=what+was+asked",
        "https://wiki.example.evil.example/",
        "https://wiki.example@evil.example",
        "HTTPS://EVIL.EXAMPLE",
        "ftp://mirror.example/x",
        "discord://-/channels/1/2",
        "https://discord.com/channels/1/2/3",
        "https://discord.gg/raid",
        "discord.gg/raid",
        "discord.com/invite/raid",
        "www.evil.example",
    ],
)
def test_an_address_that_nobody_wrote_is_removed(address: str) -> None:
    assert disarmed(f"Go to {address}, now.", SOURCES) == f"Go to {LINK_REMOVED}, now."
    assert disarmed(f"Go to <{address}>", []) == f"Go to <{LINK_REMOVED}>"
    assert disarmed(f"Go to {address}!", [f"ana: {address}"]) == f"Go to {address}!"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("@everyone and @here, @EveryOne", "@\u200beveryone and @\u200bhere, @\u200bEveryOne"),
        ("<@123> <@!123> <@&123> <@x>", "<@\u200b123> <@\u200b!123> <@\u200b&123> <@x>"),
        ("ana@example.org, @ana, everyone", "ana@example.org, @ana, everyone"),
    ],
)
def test_nobody_is_notified(written: str, shown: str) -> None:
    assert disarmed(written, []) == shown


def test_a_block_of_code_that_was_left_open_is_closed() -> None:
    assert disarmed("```sh\nls", []) == "```sh\nls\n```"
    assert disarmed("```sh\nls\n```", []) == "```sh\nls\n```"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("\x1b[31mred\x1b[0m\x07 \x9b2J", "[31mred[0m 2J"),
        ("user\u202egnp.exe\u2066\u200b\U000e0041", "usergnp.exe"),
        ("[\u200b9] @\u200beveryone", "[9] @everyone"),
        ("<@123> and <@&5>, <#7>", "@Unknown and @deleted-role, #deleted-channel"),
        ("one\r\ntwo\u2028three", "one\ntwo\nthree"),
        ("naïve 👩‍👩‍👧 日本 שלום", "naïve 👩‍👩‍👧 日本 שלום"),
    ],
)
def test_what_a_model_writes_is_cleaned_like_a_message(written: str, shown: str) -> None:
    assert plain(written) == shown


PIECES = [
    "](",
    "https://",
    "evil.example",
    "wiki.example",
    "@",
    "everyone",
    "here",
    "<@",
    "&1",
    ">",
]
texts = st.text() | st.lists(
    st.sampled_from([*PIECES, "```", "[", "]", "(", "www.", " ", "\n"])
).map("".join)


@given(texts, st.lists(texts, max_size=2))
@example("https://blog.example/@everyone", ["https://blog.example/@everyone"])
def test_any_text_is_disarmed_and_once_is_enough(text: str, sources: list[str]) -> None:
    said = [source.replace("\u200b", "") for source in sources]
    once = disarmed(text, sources)
    assert disarmed(once, sources) == once
    assert "](" not in once
    assert not re.search(r"@(everyone|here)|<@[!&]?\d", once, re.IGNORECASE)
    assert once.count("```") % 2 == 0
    for address in re.findall(r"https?://[^\s<>\"'`|()\[\]{}]+", once.replace("\u200b", "")):
        assert any(address.rstrip(".,;:!?*_~").removesuffix("/") in source for source in said)


def test_an_address_ends_at_the_quotation_mark_behind_it() -> None:
    said = "see http://pastebin.com/Dh9ijK1K"
    assert disarmed(f"\u201c{said}\u201d [1]", [said]) == f"\u201c{said}\u201d [1]"
