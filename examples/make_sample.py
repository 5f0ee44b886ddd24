"""Make the sample server under ``examples/server`` from exported Ubuntu support chat.

    python examples/make_sample.py EXPORT_FOLDER

EXPORT_FOLDER holds DiscordChatExporter JSON files; the one of the channel ``ubuntu`` in the
server ``ubuntu-irc`` is read (see ATTRIBUTION.md). Whole conversations, that is messages joined
by reply links, are kept or left out together and shared out over channels by what they are about.
The same input always gives the same files.
"""

import argparse
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

Message = dict[str, Any]
Conversation = list[Message]

SOURCE = ("ubuntu-irc", "ubuntu")
TARGET = Path(__file__).parent / "server"
GUILD_NAME = "Ubuntu Community (sample)"
CATEGORY = "Support"
SHORTEST = 4  # messages: shorter conversations seldom hold an answer
DAYS = {  # The parts whose pace is that of a chat; in others the times of a day are squeezed.
    "2016-06-27", "2016-12-19", "2017-06-05", "2018-01-19", "2018-06-04",
    "2019-04-28", "2019-06-04", "2019-12-12", "2020-02-24", "2020-03-03",
    "2020-10-01", "2022-05-29", "2022-11-13", "2024-10-04", "2024-10-11",
}  # fmt: skip

DISCORD_EPOCH = 1_420_070_400_000
CREATED = datetime(2016, 6, 27, 9, tzinfo=UTC)  # of the sample server, before its first message


class Topic(NamedTuple):
    """A channel: what its header says, and the words by which a conversation belongs to it."""

    about: str
    words: str


class Thread(NamedTuple):
    """A conversation that became a thread of its own."""

    parent: str
    name: str


TOPICS = {
    "general": Topic("Anything about Ubuntu that has no channel of its own", ""),
    "install-help": Topic(
        "Installing, upgrading, partitions, boot loaders",
        r"install(er|ing)?|live ?cd|iso|partition\w*|dual ?boot|grub|boot\w*|mbr|fstab|mount\w*"
        r"|ext3|ntfs|vfat|upgrad\w*|recovery|busybox|raid|lvms?|format\w*|gparted|initrd|kernel",
    ),
    "hardware": Topic(
        "Graphics, sound, printers, cameras and everything with a plug",
        r"nvidia|ati|radeon|fglrx|geforce|sound\w*|alsa\w*|oss|audio|speakers?|webcam|ipod|printer"
        r"|monitor|lcd|dvi|screen|resolution|usb|camera|dvds?|cdrom|ram|cpu|battery|bios|graphics"
        r"|cards?|laptop|drivers?|xorg|suspend|hdparm|xserver",
    ),
    "networking": Topic(
        "Wireless, VPN, servers, remote access",
        r"wi-?fi|wireless|router|ethernet|vpn|ssh|dns|network\w*|nfs|firewall|ufw|iptables|ftp|imap"
        r"|telnet|apache\d?|hosts?|ports?|ip|internet|ping|bridge|wlan\w*|bandwidth|fail2ban|smtp"
        r"|eth0|ndiswrapper|netstat|samba|resolv\w*|nslookup",
    ),
    "packages": Topic(
        "apt, dpkg, repositories, building from source",
        r"apt\S*|packages?|dpkg|synaptics?|reposit\w+|repos?|sources\.list|debs?|ppa|dependenc\w+"
        r"|deps|compil\w+|makefile|gcc|aptitude|build\S*|libs?\w*|gpg|unmet|purge|alien|gstreamer",
    ),
    "desktop": Topic(
        "GNOME, KDE, Xfce, themes, effects and applications",
        r"gnome\S*|kde|compiz\S*|beryl|themes?|panels?|desktops?|windows?|gdm|lightdm|xfce|docks?"
        r"|firefox|pidgin|amarok|xgl|unity|kopete|nautilus|cube|emerald|wine|gtk|menu|applet|icons?"
        r"|wallpaper|metacity|konversation|session|vista|flash|gimp|photoshop",
    ),
}

THREADS = {  # by the id of the first message
    "684340507538542941": Thread("hardware", "iPod touch will not mount"),
    "585433287230989031": Thread("networking", "Locked out of my own site by denyhosts"),
    "260500252265395163": Thread("install-help", "Two Ubuntu systems, one GRUB"),
}

# By the id of the first message: rude, trolling, or showing somebody's page or name.
LEFT_OUT_AFTER_READING = {
    "321267890653899316", "403805291151374276", "453142649679096319", "453145641617944828",
    "571944727394445457", "654646355954566777", "1041177834950692325",
}  # fmt: skip

UNWANTED = re.compile(
    r"""
    \w@\w                                            # e-mail addresses, user@host
    | \b(?:\d{1,3}\.){3}\d{1,3}\b                    # IPv4 addresses
    | \b(?:[0-9a-f]{1,4}:){5,7}[0-9a-f]{1,4}\b       # IPv6 and hardware addresses
    | \+\d[\d\ -]{7,} | \b\d{3}[\ -]\d{3}[\ -]\d{4}\b  # telephone numbers
    | /home/(?!user|your|share)\w+                   # home directories bear names
    | pirate\ ?bay
    | \b(?: fuck | shit | bitch | bastard | piss | crap | damn | suck | porn | sex | rape | fag
          | nazi | twat | cunt | idiot | moron | retard | dumb | stupid | terroris | ejaculat )
    | \b(?: arse | ass | asshole | dick | gay | hell | stfu | wtf )\b
    """,
    re.IGNORECASE | re.VERBOSE,
)


def snowflake(moment: datetime, sequence: int = 0) -> str:
    """Return the Discord id of something created at that moment."""
    return str((round(moment.timestamp() * 1000) - DISCORD_EPOCH << 22) + sequence)


def read_source(folder: Path) -> Conversation:
    """Return the messages of the source channel, oldest first."""
    for path in sorted(folder.glob("*.json")):
        export = json.loads(path.read_text(encoding="utf-8"))
        if (export["guild"]["name"], export["channel"]["name"]) == SOURCE:
            return sorted(export["messages"], key=lambda message: int(message["id"]))
    raise SystemExit(f"{folder} holds no export of the channel {' / '.join(SOURCE)}.")


def replied_to(message: Message) -> str:
    """Return the id of the message that this one answers, empty if none."""
    return (message.get("reference") or {}).get("messageId") or ""


def conversations(messages: Iterable[Message]) -> list[Conversation]:
    """Join the messages that reply links connect (links point to earlier messages only)."""
    home: dict[str, str] = {}
    joined: defaultdict[str, Conversation] = defaultdict(list)
    for message in messages:
        own = str(message["id"])
        home[own] = home.get(replied_to(message), own)
        joined[home[own]].append(message)
    return list(joined.values())


def is_wanted(conversation: Conversation) -> bool:
    """Tell whether a conversation is fit for a sample that everybody can read."""
    return (
        len(conversation) >= SHORTEST
        and conversation[0]["timestamp"][:10] in DAYS
        and conversation[0]["id"] not in LEFT_OUT_AFTER_READING
        and not any(
            UNWANTED.search(f"{message['author']['name']} {message['content']}")
            for message in conversation
        )
    )


def topic_of(conversation: Conversation) -> str:
    """Return the channel whose words the conversation uses most, else the general one."""
    text = "\n".join(message["content"].casefold() for message in conversation)
    counts = Counter(
        {
            name: len(re.findall(rf"(?<![\w-])(?:{topic.words})(?![\w-])", text))
            for name, topic in TOPICS.items()
            if topic.words
        }
    )
    name, count = counts.most_common(1)[0]
    return name if count > 1 else "general"


def as_exported(message: Message, channel: str, guild: str) -> Message:
    """Return the message as its new channel's export holds it, without the empty keys."""
    exported = {key: message[key] for key in ("id", "type", "timestamp", "timestampEdited")}
    exported["content"] = message["content"]
    exported["author"] = {
        key: message["author"][key] for key in ("id", "name", "nickname", "isBot")
    }
    if target := replied_to(message):
        exported["reference"] = {
            "type": "Default", "messageId": target, "channelId": channel, "guildId": guild,
        }  # fmt: skip
    return exported


def write(path: Path, header: Mapping[str, Any], messages: list[Message]) -> None:
    """Write one export file, a message on each line."""
    lines = [f'"{key}": {json.dumps(value, ensure_ascii=False)},' for key, value in header.items()]
    rows = ",\n".join(
        json.dumps(message, ensure_ascii=False, separators=(",", ":")) for message in messages
    )
    body = "\n".join(lines)
    end = f'"messageCount": {len(messages)}'
    path.write_text(f'{{\n{body}\n"messages": [\n{rows}\n],\n{end}\n}}\n', encoding="utf-8")


def main() -> None:
    """Read the source and write the sample server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("export_folder", type=Path)
    chosen = [
        conversation
        for conversation in conversations(read_source(parser.parse_args().export_folder))
        if is_wanted(conversation)
    ]
    contents: defaultdict[str, list[Message]] = defaultdict(list)
    for conversation in chosen:
        first = conversation[0]["id"]
        contents[first if first in THREADS else topic_of(conversation)] += conversation

    guild = {"id": snowflake(CREATED), "name": GUILD_NAME, "iconUrl": ""}
    category = (snowflake(CREATED, 1), CATEGORY)
    channel_ids = {name: snowflake(CREATED, number) for number, name in enumerate(TOPICS, 2)}
    TARGET.mkdir(exist_ok=True)
    for old in TARGET.glob("*.json"):
        old.unlink()
    for key, messages in contents.items():
        messages.sort(key=lambda message: int(message["id"]))
        if thread := THREADS.get(key):
            name = thread.name
            # As on Discord, the id tells when the thread was opened: here a second earlier.
            identity = str(int(key) - (1000 << 22))
            kind, parent = "GuildPublicThread", (channel_ids[thread.parent], thread.parent)
            about = None
        else:
            name, identity, about = key, channel_ids[key], TOPICS[key].about
            kind, parent = "GuildTextChat", category
        channel = {"id": identity, "type": kind, "categoryId": parent[0], "category": parent[1],
                   "name": name, "topic": about}  # fmt: skip
        header = {
            "guild": guild,
            "channel": channel,
            "dateRange": {"after": None, "before": None},
            "exportedAt": "2026-11-20T00:00:00+00:00",
        }
        path = TARGET / f"{re.sub(r'[^a-z]+', '-', name.casefold())}.json"
        write(path, header, [as_exported(message, identity, guild["id"]) for message in messages])
        print(f"{path.name}: {len(messages)} messages, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
