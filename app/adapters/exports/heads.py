"""What an export says before its messages: which server and channel, and when it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import frozen

from app.adapters.exports.fields import name_at, object_at, snowflake, snowflake_or_none, time_at
from app.domain.errors import InvalidInput
from app.domain.model import Channel, ChannelKind, Guild

if TYPE_CHECKING:
    from datetime import datetime

    from app.adapters.exports.fields import Json

_KINDS = {
    "DirectTextChat": ChannelKind.DIRECT,
    "DirectGroupTextChat": ChannelKind.DIRECT,
    "GuildNewsThread": ChannelKind.THREAD,
    "GuildPublicThread": ChannelKind.THREAD,
    "GuildPrivateThread": ChannelKind.PRIVATE_THREAD,
}
_VOICE = ("GuildVoiceChat", "GuildStageVoice")


@frozen
class Head:
    """The beginning of an export; `parent` is the channel that a thread hangs below."""

    guild: Guild
    channel: Channel
    parent: Channel | None
    exported_at: datetime | None
    mention: str
    """How the channel is called where a message mentions it."""

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All channels that are known from here."""
        return (self.channel,) if self.parent is None else (self.parent, self.channel)


def read_head(raw: object) -> Head:
    """Read the parsed head; raises `InvalidInput` where server or channel are not said."""
    if not isinstance(raw, dict) or not raw.get("guild") or not raw.get("channel"):
        raise InvalidInput('"guild" and "channel" must stand before "messages", and do not')
    guild, channel = object_at(raw, "guild"), object_at(raw, "channel")
    guild_id = snowflake(guild.get("id"), "its guild", smallest=0)
    channel_id = snowflake(channel.get("id"), "its channel")
    name = name_at(channel, "name", channel_id)
    kind = ChannelKind.DIRECT if guild_id == 0 else _kind(channel)
    parent = _parent(guild_id, kind, channel)
    return Head(
        guild=Guild(guild_id, name_at(guild, "name", guild_id)),
        channel=Channel(channel_id, guild_id, name, kind, parent.id if parent else None),
        parent=parent,
        exported_at=time_at(raw, "exportedAt"),
        mention=f"{name} [voice]" if channel.get("type") in _VOICE else name,
    )


def _kind(channel: Json) -> ChannelKind:
    return _KINDS.get(str(channel.get("type")), ChannelKind.TEXT)


def _parent(guild_id: int, kind: ChannelKind, channel: Json) -> Channel | None:
    """Return the parent of a thread, which the format calls its category."""
    parent_id = snowflake_or_none(channel.get("categoryId"))
    if kind not in (ChannelKind.THREAD, ChannelKind.PRIVATE_THREAD) or parent_id is None:
        return None
    return Channel(parent_id, guild_id, name_at(channel, "category", parent_id))
