"""What an export says before its messages: which server and channel, and when it was made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from attrs import frozen

from app.domain.cleaning import clean_name
from app.domain.errors import InvalidInput
from app.domain.model import Channel, ChannelKind, Guild
from app.domain.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping

    Json = Mapping[str, Any]

_KINDS = {
    "DirectTextChat": ChannelKind.DIRECT,
    "DirectGroupTextChat": ChannelKind.DIRECT,
    "GuildNewsThread": ChannelKind.THREAD,
    "GuildPublicThread": ChannelKind.THREAD,
    "GuildPrivateThread": ChannelKind.PRIVATE_THREAD,
}
_VOICE = ("GuildVoiceChat", "GuildStageVoice")
_LARGEST_ID = (1 << 63) - 1


@frozen
class Head:
    """The beginning of an export; `parent` is the channel that a thread hangs below."""

    guild: Guild
    channel: Channel
    parent: Channel | None
    exported_at: datetime | None
    mention: str
    """How the channel is written where a message mentions it."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels that are known from here."""
        return (self.channel,) if self.parent is None else (self.parent, self.channel)


def read_head(raw: object) -> Head:
    """Read the parsed head; raises `InvalidInput` where server or channel are not said."""
    if not isinstance(raw, dict):
        raise InvalidInput("It does not begin as an export does.")
    guild, channel = raw.get("guild"), raw.get("channel")
    if not isinstance(guild, dict) or not isinstance(channel, dict):
        raise InvalidInput('The keys "guild" and "channel" must stand before "messages".')
    guild_id = snowflake(guild.get("id"), "The guild", smallest=0)
    channel_id = snowflake(channel.get("id"), "The channel")
    name = name_or_id(channel.get("name"), channel_id)
    kind = _kind(guild_id, channel)
    parent = _parent(guild_id, kind, channel)
    return Head(
        guild=Guild(guild_id, name_or_id(guild.get("name"), guild_id)),
        channel=Channel(channel_id, guild_id, name, kind, parent.id if parent else None),
        parent=parent,
        exported_at=time_or_none(raw.get("exportedAt")),
        mention=f"{name} [voice]" if channel.get("type") in _VOICE else name,
    )


def snowflake(raw: object, whose: str, *, smallest: int = 1) -> int:
    """Read an id, written as a decimal string or as a number; raises `InvalidInput`."""
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) <= len("1" * 20):
        raw = int(raw)
    if type(raw) is int and smallest <= raw <= _LARGEST_ID:
        return raw
    raise InvalidInput(f"{whose} has no id that can be one.")


def time_or_none(raw: object) -> datetime | None:
    """Read a time that may be absent or unreadable; one without a zone is in UTC."""
    try:
        return parse_time(raw, UTC) if isinstance(raw, str) else None
    except InvalidInput:
        return None


def name_or_id(raw: object, otherwise: int) -> str:
    """Read a name; an id stands in for one that is absent or invisible."""
    return (clean_name(raw) if isinstance(raw, str) else "") or str(otherwise)


def _kind(guild_id: int, channel: Json) -> ChannelKind:
    if guild_id == 0:
        return ChannelKind.DIRECT
    return _KINDS.get(str(channel.get("type")), ChannelKind.TEXT)


def _parent(guild_id: int, kind: ChannelKind, channel: Json) -> Channel | None:
    """Return the parent of a thread, which the format calls its category."""
    if kind not in (ChannelKind.THREAD, ChannelKind.PRIVATE_THREAD):
        return None
    try:
        parent_id = snowflake(channel.get("categoryId"), "The parent")
    except InvalidInput:
        return None
    return Channel(parent_id, guild_id, name_or_id(channel.get("category"), parent_id))
