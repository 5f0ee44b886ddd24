"""Removing what was deleted at the source, and forgetting people, channels and servers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, bindparam, delete, or_, select, tuple_

from app.adapters.sql import chunking, lexical, marking, sqlite
from app.adapters.sql.optouts import opt_out
from app.adapters.sql.schema import (
    ANY_GUILD,
    channels,
    guilds,
    messages,
    names,
    tombstones,
)
from app.adapters.sql.scoping import ADMITTED, parameters

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Column, ColumnElement, Connection

    from app.domain.model import Scope

_AT_ONCE = 5_000
"""Messages erased in one go; the transaction is one all the same."""

_ID = bindparam("id", type_=BigInteger)
_IDS = sqlite.listed("ids")
_KNOWN = select(messages.c.id, messages.c.guild_id, ADMITTED).where(messages.c.id.in_(_IDS))
_STONES = select(tombstones).where(tombstones.c.message_id.in_(_IDS))
_DELETE = delete(messages).where(messages.c.id.in_(_IDS))
_FAMILY = select(channels.c.guild_id, channels.c.id).where(
    or_(channels.c.id == _ID, channels.c.parent_id == _ID)
)


def remove(connection: Connection, message_ids: Collection[int], scope: Scope) -> int:
    """Erase messages and see to it that they do not come back.

    One that is in the archive but not in scope is left alone. One that is not there is
    barred from the servers of the scope alone.
    """
    if scope.is_empty:
        return 0
    asked = {"ids": sqlite.as_json(message_ids), **parameters(scope)}
    known = connection.execute(_KNOWN, asked).all()
    servers = [ANY_GUILD] if scope.grants is None else list(scope.grants)
    unknown = set(message_ids) - {message_id for message_id, _, _ in known}
    stones = {(i, guild_id) for i, guild_id, is_admitted in known if is_admitted}
    erasable = [message_id for message_id, _ in stones]
    stones |= {(i, guild_id) for i in unknown for guild_id in servers}
    stones -= {(i, guild_id) for i, guild_id in connection.execute(_STONES, asked)}
    if stones:
        sqlite.insert_rows(connection, tombstones, sorted(stones))
    return _erase(connection, messages.c.id.in_(_IDS), ids=sqlite.as_json(erasable))


def forget_author(connection: Connection, author_id: int) -> int:
    """Erase a person."""
    opt_out(connection, author_id)
    erased = _erase(connection, messages.c.author_id == _ID, id=author_id)
    connection.execute(delete(names).where(names.c.author_id == author_id))
    return erased


def forget_channel(connection: Connection, channel_id: int) -> int:
    """Erase a channel and its threads."""
    family = {"family": sqlite.rows_as_json(connection.execute(_FAMILY, {"id": channel_id}))}
    erased = _erase(connection, _in_family(messages.c.guild_id, messages.c.channel_id), **family)
    for guild, channel in (
        (names.c.guild_id, names.c.channel_id),
        (channels.c.guild_id, channels.c.id),
    ):
        connection.execute(delete(guild.table).where(_in_family(guild, channel)), family)
    return erased


def forget_guild(connection: Connection, guild_id: int) -> int:
    """Erase a server."""
    erased = _erase(connection, messages.c.guild_id == _ID, id=guild_id)
    for table in (names, channels):
        connection.execute(delete(table).where(table.c.guild_id == guild_id))
    connection.execute(delete(guilds).where(guilds.c.id == guild_id))
    return erased


def _in_family(guild_id: Column[int], channel_id: Column[int]) -> ColumnElement[bool]:
    family = sqlite.listed_rows("family", "guild_id", "channel_id")
    return tuple_(guild_id, channel_id).in_(select(family))


def _erase(connection: Connection, which: ColumnElement[bool], **parameters: int | str) -> int:
    """Erase messages and let everything derived follow; a part at a time, to bound the memory."""
    place = (messages.c.id, messages.c.guild_id, messages.c.channel_id)
    wanted = select(*place, messages.c.created_us, messages.c.is_indexed).where(which)
    erased = 0
    while rows := connection.execute(wanted.limit(_AT_ONCE), parameters).all():
        ids = [row.id for row in rows]
        connection.execute(_DELETE, {"ids": sqlite.as_json(ids)})
        lexical.discard(connection, "message_words", ids)
        indexed = [row for row in rows if row.is_indexed]
        chunking.rebuild(connection, {chunking.cell_at(*row[1:4]) for row in indexed}, {})
        marking.mark(connection, [tuple(row[:3]) for row in indexed])
        erased += len(ids)
    return erased
