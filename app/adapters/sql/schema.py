"""The tables. Times are integers, microseconds since 1970 in UTC; ids are snowflakes.

The full-text tables stand beside these (`lexical`), their row ids the ids of messages
and chunks.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
)

HEAD = "0001"
"""The newest migration: what `alembic_version` says of a database that is up to date."""

MAX_INTEGER = 2**63 - 1
"""The greatest id or time that a database keeps."""

ANY_GUILD = -1
"""In a tombstone: whichever server the message is of (0 is that of direct messages)."""

metadata = MetaData()

Big = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite takes a primary key for the row id only when it is called INTEGER."""

secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

guilds = Table(
    "guilds",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("seen_us", Big, nullable=False),  # when the name was; the latest stays
)

# A channel is known by its server too, so that no import can claim another server's channel.
channels = Table(
    "channels",
    metadata,
    Column("guild_id", Big, ForeignKey("guilds.id"), nullable=False),
    Column("id", Big, nullable=False),
    Column("name", Text, nullable=False),
    Column("folded", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("parent_id", Big),
    Column("seen_us", Big, nullable=False),
    Column("cursor", Big),  # how far a live sync has come
    PrimaryKeyConstraint("guild_id", "id"),
    Index("channels_by_parent", "guild_id", "parent_id"),
)

# One row for each way a person was called in a channel. Messages point at the one that they
# were written under; that is not declared, or erasing a name would search all messages for it.
names = Table(
    "names",
    metadata,
    Column("id", Big, primary_key=True),
    Column("guild_id", Big, nullable=False),
    Column("channel_id", Big, nullable=False),
    Column("author_id", Big, nullable=False),
    Column("name", Text, nullable=False),
    Column("display_name", Text, nullable=False),
    Column("is_bot", Boolean, nullable=False),
    Column("folded_name", Text, nullable=False),
    Column("folded_display_name", Text, nullable=False),
    ForeignKeyConstraint(["guild_id", "channel_id"], ["channels.guild_id", "channels.id"]),
    Index(
        "names_by_author",
        *("author_id", "guild_id", "channel_id", "name", "display_name", "is_bot"),
        unique=True,
    ),
    Index("names_by_place", "guild_id", "channel_id"),
    Index("names_by_name", "folded_name"),
    Index("names_by_display_name", "folded_display_name"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("guild_id", Big, nullable=False),
    Column("channel_id", Big, nullable=False),
    Column("author_id", Big, nullable=False),
    Column("name_id", Big, nullable=False),
    Column("named_us", Big, nullable=False),  # when that name was seen; the earliest stays
    Column("created_us", Big, nullable=False),
    Column("edited_us", Big),
    Column("observed_us", Big, nullable=False),
    Column("content", Text, nullable=False),
    Column("attachments", Text),  # JSON arrays of texts, or null
    Column("embeds", Text),
    Column("reply_to", Big),
    Column("source", Text, nullable=False),
    Column("is_indexed", Boolean, nullable=False),  # searched and marked
    Column("is_misdated", Boolean, nullable=False),  # the id tells another time
    ForeignKeyConstraint(["guild_id", "channel_id"], ["channels.guild_id", "channels.id"]),
)
Index(
    "messages_by_time",
    *(messages.c.guild_id, messages.c.channel_id, messages.c.created_us),
    *(messages.c.id, messages.c.is_indexed),
)
Index("messages_by_author", messages.c.author_id)
Index(
    "messages_by_reply",
    messages.c.reply_to,
    sqlite_where=messages.c.reply_to.is_not(None),
    postgresql_where=messages.c.reply_to.is_not(None),
)
Index(
    "messages_misdated",
    messages.c.is_misdated,
    sqlite_where=messages.c.is_misdated,
    postgresql_where=messages.c.is_misdated,
)

# A chunk is called after its first message and holds the indexed messages of the channel from
# there to the last, both included, in order of (time, id).
chunks = Table(
    "chunks",
    metadata,
    Column("id", Big, primary_key=True, autoincrement=False),
    Column("guild_id", Big, nullable=False),
    Column("channel_id", Big, nullable=False),
    Column("cell", Big, nullable=False),
    Column("first_us", Big, nullable=False),
    Column("last_us", Big, nullable=False),
    Column("last_id", Big, nullable=False),
    Column("size", Integer, nullable=False),  # in messages
    ForeignKeyConstraint(["guild_id", "channel_id"], ["channels.guild_id", "channels.id"]),
    Index("chunks_by_cell", "guild_id", "channel_id", "cell"),
)

# The version never occurs twice: renewing a mark gives it another one.
marks = Table(
    "marks",
    metadata,
    Column("version", Big, primary_key=True, autoincrement=True),
    Column("message_id", Big, nullable=False, unique=True),
    Column("guild_id", Big, nullable=False),
    Column("channel_id", Big, nullable=False),
    sqlite_autoincrement=True,
)

# Removed at the source; of a message that was not known the server is the remover's, or any.
tombstones = Table(
    "tombstones",
    metadata,
    Column("message_id", Big, nullable=False),
    Column("guild_id", Big, nullable=False),
    PrimaryKeyConstraint("message_id", "guild_id"),
)

# Keyed hashes of the ids of people who do not want to be kept; the key is among the secrets.
opt_outs = Table("opt_outs", metadata, Column("digest", LargeBinary, primary_key=True))
