"""The documentation names every setting and every command there is."""

import json
import re
import shlex
from pathlib import Path

import pytest

from app.entrypoints.cli.options import AFTER_THE_COMMAND
from app.entrypoints.cli.program import COMMANDS, load_command
from app.entrypoints.settings import known_settings

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")
TYPED = re.findall(r"^\$ discord-indexer (.+?)(?: +# .*)?$", README, re.MULTILINE)
SETTINGS = {a.metadata["name"]: a.default for a in known_settings()}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_described_with_its_default(name: str) -> None:
    row = re.search(rf"^\| `{name}` \| (.+?) \| .+ \|$", CONFIGURATION, re.MULTILINE)
    assert row, f"{name} has no row in docs/configuration.md"
    default = SETTINGS[name]
    if default is not None and name != "EMBED_THREADS":
        shown = str(default).lower() if isinstance(default, bool) else f"{default}"
        assert row[1].strip("`") == shown.removesuffix(".0")


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_stands_in_the_example(name: str) -> None:
    assert re.search(rf"^# ?{name}=", EXAMPLE, re.MULTILINE)


def test_the_example_and_the_documentation_name_no_setting_that_does_not_exist() -> None:
    assert set(re.findall(r"^# ?([A-Z_]+)=", EXAMPLE, re.MULTILINE)) == set(SETTINGS)
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", CONFIGURATION, re.MULTILINE)) == set(SETTINGS)


def test_every_command_is_described_and_no_other() -> None:
    described = set(re.findall(r"^\| `([a-z-]+)[^`]*` \|", CONFIGURATION, re.MULTILINE))
    assert described == set(COMMANDS.keys())


@pytest.mark.parametrize("typed", TYPED)
def test_what_the_readme_says_to_type_exists(typed: str) -> None:
    words = shlex.split(typed)
    [name] = [word for word in words if word in COMMANDS]
    options = {word for word in words if word.startswith("--")}
    known = {o for p in (*load_command(name).params, *AFTER_THE_COMMAND) for o in p.opts}
    assert options <= known


def test_the_readme_shows_the_sample_as_it_is() -> None:
    exports = [json.loads(file.read_text("utf-8")) for file in (ROOT / "examples/server").iterdir()]
    links = {
        (export["guild"]["id"], export["channel"]["id"], message["id"]): message
        for export in exports
        for message in export["messages"]
    }
    shown = re.findall(r"discord\.com/channels/(\d+)/(\d+)/(\d+)$", README, re.MULTILINE)
    assert shown
    quoted = [links[link]["content"] for link in shown]
    assert sorted(quoted) == sorted(re.findall(r"^> (.+)$", README, re.MULTILINE))
    channels = {export["channel"]["name"] for export in exports}
    asked = re.findall(r"sample ask .* --channel (\S+)$", README, re.MULTILINE)
    assert asked
    assert set(asked) <= channels
    named = re.search(r"Its channels are (.+?);", README)
    assert named
    assert set(re.findall(r"`(.+?)`", named[1])) <= channels
