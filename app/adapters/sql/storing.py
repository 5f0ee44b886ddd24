"""Adding and updating messages: one transaction a page, all that is derived included."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from app.adapters.sql import chunking, lexical, marking, placing, sqlite
from app.adapters.sql.merging import State
from app.adapters.sql.optouts import opted_out
from app.adapters.sql.rows import WHOLE, to_message, to_row, to_us
from app.adapters.sql.schema import ANY_GUILD, messages, tombstones
from app.domain.terms import segment
from app.ports.storage import Stored

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from app.domain.model import Message
    from app.ports.history import Page

_IDS = sqlite.listed("ids")
_REMOVED = select(tombstones).where(tombstones.c.message_id.in_(_IDS))
_KNOWN = WHOLE.where(messages.c.id.in_(_IDS))
_DELETE = delete(messages).where(messages.c.id.in_(_IDS))


def store(connection: Connection, page: Page, *, index_bots: bool) -> Stored:
    """Merge a page into the archive and let everything derived follow."""
    willing = _of_willing_authors(connection, page.messages)
    known = _known(connection, [message.id for message in willing])
    seen = [State.of(message, index_bots=index_bots) for message in willing]
    ours = [
        state
        for state in seen
        if (known.get(state.message.id) or state).message.guild_id == state.message.guild_id
    ]
    changed, outcome = _merge(known, _not_removed(connection, ours))
    placing.record_places(connection, page)
    _write(connection, known, changed, ours)
    _let_follow(connection, known, changed)
    taken = outcome.new + outcome.updated + outcome.unchanged
    return outcome + Stored(refused=len(page.messages) - taken)


def _of_willing_authors(connection: Connection, incoming: Sequence[Message]) -> Sequence[Message]:
    """Leave out the messages of people who do not want to be kept."""
    unwilling = opted_out(connection, {message.author.id for message in incoming})
    if not unwilling:
        return incoming
    return [message for message in incoming if message.author.id not in unwilling]


def _not_removed(connection: Connection, incoming: Sequence[State]) -> Sequence[State]:
    """Leave out the messages that were removed at the source."""
    ids = sqlite.as_json(state.message.id for state in incoming)
    removed = {tuple(row) for row in connection.execute(_REMOVED, {"ids": ids})}
    if not removed:
        return incoming
    return [
        state
        for state in incoming
        if (state.message.id, state.message.guild_id) not in removed
        and (state.message.id, ANY_GUILD) not in removed
    ]


def _known(connection: Connection, ids: Collection[int]) -> dict[int, State]:
    rows = connection.execute(_KNOWN, {"ids": sqlite.as_json(ids)})
    return {row.id: State(to_message(row), row.named_us, row.is_indexed) for row in rows}


def _merge(
    known: Mapping[int, State], incoming: Sequence[State]
) -> tuple[dict[int, State], Stored]:
    """Return the states to be written and what became of the messages."""
    changed: dict[int, State] = {}
    count: Counter[str] = Counter()
    for state in incoming:
        message_id = state.message.id
        before = changed.get(message_id) or known.get(message_id)
        if before is None:
            count["new"] += 1
            changed[message_id] = state
            continue
        after = before.merge(state)
        count["unchanged" if after.says_the_same(before) else "updated"] += 1
        if after != before:
            changed[message_id] = after
    return changed, Stored(**count)


def _write(
    connection: Connection,
    known: Mapping[int, State],
    changed: Mapping[int, State],
    seen: Sequence[State],
) -> None:
    """Write the rows of the messages, and every name that was seen, also on what is refused."""
    named = {placing.name_of(state.message) for state in (*seen, *changed.values())}
    ids = placing.name_ids(connection, named)
    replaced = known.keys() & changed.keys()
    if replaced:
        connection.execute(_DELETE, {"ids": sqlite.as_json(replaced)})
    if changed:
        rows = [to_row(state, ids[placing.name_of(state.message)]) for state in changed.values()]
        sqlite.insert_rows(connection, messages, rows)


def _let_follow(
    connection: Connection, known: Mapping[int, State], changed: Mapping[int, State]
) -> None:
    """Index the words, rebuild conversations and mark vectors, of what is found otherwise now."""
    texts: dict[int, str] = {}
    touched: list[Message] = []
    for message_id, after in changed.items():
        before = known.get(message_id)
        if before is not None and before.is_found_the_same(after):
            continue
        if before is not None and before.is_indexed:
            touched.append(before.message)
        if after.is_indexed:
            touched.append(after.message)
            texts[message_id] = segment(after.message.indexed_text)
    places = {m.id: (m.id, m.guild_id, m.channel.id) for m in touched}
    lexical.discard(connection, "message_words", known.keys() & places.keys())
    lexical.add(connection, "message_words", texts)
    chunking.rebuild(connection, {_cell(message) for message in touched}, texts)
    marking.mark(connection, places.values())


def _cell(message: Message) -> chunking.Cell:
    return chunking.cell_at(message.guild_id, message.channel.id, to_us(message.created_at))
