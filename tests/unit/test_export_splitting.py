"""However the text of an export arrives, it is cut into the same messages."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.exports.splitting import NotAnExport, Splitter, parse
from app.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Iterator

texts = st.text('"\\[]{},:n \n', max_size=12) | st.text(max_size=5)
values = st.recursive(
    st.none() | st.integers(-9, 9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
messages = st.lists(st.dictionaries(texts, values, max_size=4), max_size=5)


def blocks(text: bytes, sizes: list[int]) -> Iterator[bytes]:
    """Yield a text in blocks of these sizes, again and again."""
    at = 0
    while at < len(text):
        for size in sizes:
            yield text[at : at + size] or b" "
            at += size


def split(text: bytes, sizes: list[int]) -> list[Any]:
    return [parse(piece.text or bytearray()) for piece in Splitter().pieces(blocks(text, sizes))]


@given(messages, st.lists(st.integers(1, 9), min_size=1, max_size=4), st.sampled_from([None, 2]))
def test_blocks_of_any_size_give_the_messages_that_are_in_the_text(
    messages: list[object], sizes: list[int], indent: int | None
) -> None:
    document = {"guild": {"[": '"messages": ['}, "messages": messages, "messageCount": "}]"}

    head, *found = split(json.dumps(document, indent=indent).encode(), sizes)

    assert head == {"guild": document["guild"], "messages": []}
    assert found == messages


@given(messages, st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_a_piece_begins_where_it_says(messages: list[object], sizes: list[int]) -> None:
    text = json.dumps({"guild": 1, "messages": messages}, indent=1).encode()

    for piece in list(Splitter().pieces(blocks(text, sizes)))[1:]:
        assert piece.text is not None
        assert text[piece.offset :].startswith(piece.text)


@given(st.binary(max_size=80) | texts.map(str.encode), st.integers(1, 9))
def test_any_other_text_is_refused(text: bytes, size: int) -> None:
    with pytest.raises(InvalidInput):
        split(text, [size])


@pytest.mark.parametrize(
    "text", [b"", b" ", b"[]", b"{}", b'{"messages": 5}', b'{"a": {"messages": []}}']
)
def test_a_text_without_a_list_of_messages_is_no_export(text: bytes) -> None:
    with pytest.raises(NotAnExport):
        split(text, [3])
