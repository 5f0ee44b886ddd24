"""The archive: messages, names, conversations, what waits, what must not come back."""

import sqlalchemy as sa
from alembic import op

from app.adapters.sql import lexical

revision = "0001"
down_revision = None

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Create the tables and the word indexes."""
    _create_what_must_stay()
    _create_places()
    _create_messages()
    _create_what_is_derived()
    lexical.create(op.get_bind())


def _create_what_must_stay() -> None:
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text, primary_key=True),
        sa.Column("value", sa.LargeBinary, nullable=False),
    )
    op.create_table("opt_outs", sa.Column("digest", sa.LargeBinary, primary_key=True))
    op.create_table(
        "tombstones",
        sa.Column("message_id", BIG, primary_key=True, autoincrement=False),
        sa.Column("guild_id", BIG, primary_key=True, autoincrement=False),
    )


def _create_places() -> None:
    op.create_table(
        "guilds",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("seen_us", BIG, nullable=False),
    )
    op.create_table(
        "channels",
        sa.Column("guild_id", BIG, sa.ForeignKey("guilds.id"), primary_key=True),
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("folded", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("parent_id", BIG),
        sa.Column("seen_us", BIG, nullable=False),
        sa.Column("cursor", BIG),
    )
    op.create_index("channels_by_parent", "channels", ["guild_id", "parent_id"])
    op.create_table(
        "names",
        sa.Column("id", BIG, primary_key=True),
        sa.Column("guild_id", BIG, nullable=False),
        sa.Column("channel_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("display_name", sa.Text, nullable=False),
        sa.Column("is_bot", sa.Boolean, nullable=False),
        sa.Column("folded_name", sa.Text, nullable=False),
        sa.Column("folded_display_name", sa.Text, nullable=False),
        _of_a_channel(),
    )
    identity = ["author_id", "guild_id", "channel_id", "name", "display_name", "is_bot"]
    op.create_index("names_by_author", "names", identity, unique=True)
    op.create_index("names_by_place", "names", ["guild_id", "channel_id"])
    op.create_index("names_by_name", "names", ["folded_name"])
    op.create_index("names_by_display_name", "names", ["folded_display_name"])


def _create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("guild_id", BIG, nullable=False),
        sa.Column("channel_id", BIG, nullable=False),
        sa.Column("author_id", BIG, nullable=False),
        sa.Column("name_id", BIG, nullable=False),
        sa.Column("named_us", BIG, nullable=False),
        sa.Column("created_us", BIG, nullable=False),
        sa.Column("edited_us", BIG),
        sa.Column("observed_us", BIG, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("attachments", sa.Text),
        sa.Column("embeds", sa.Text),
        sa.Column("reply_to", BIG),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("is_indexed", sa.Boolean, nullable=False),
        sa.Column("is_misdated", sa.Boolean, nullable=False),
        _of_a_channel(),
    )
    in_time = ["guild_id", "channel_id", "created_us", "id", "is_indexed"]
    op.create_index("messages_by_time", "messages", in_time)
    op.create_index("messages_by_author", "messages", ["author_id"])
    _create_partial_index("messages_by_reply", "reply_to", "reply_to IS NOT NULL")
    _create_partial_index("messages_misdated", "is_misdated", "is_misdated")


def _create_what_is_derived() -> None:
    op.create_table(
        "chunks",
        sa.Column("id", BIG, primary_key=True, autoincrement=False),
        sa.Column("guild_id", BIG, nullable=False),
        sa.Column("channel_id", BIG, nullable=False),
        sa.Column("cell", BIG, nullable=False),
        sa.Column("first_us", BIG, nullable=False),
        sa.Column("last_us", BIG, nullable=False),
        sa.Column("last_id", BIG, nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        _of_a_channel(),
    )
    op.create_index("chunks_by_cell", "chunks", ["guild_id", "channel_id", "cell"])
    op.create_table(
        "marks",
        sa.Column("version", BIG, primary_key=True, autoincrement=True),
        sa.Column("message_id", BIG, nullable=False, unique=True),
        sa.Column("guild_id", BIG, nullable=False),
        sa.Column("channel_id", BIG, nullable=False),
        sqlite_autoincrement=True,
    )


def _of_a_channel() -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(["guild_id", "channel_id"], ["channels.guild_id", "channels.id"])


def _create_partial_index(name: str, column: str, condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, "messages", [column], sqlite_where=where, postgresql_where=where)
