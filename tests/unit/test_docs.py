"""The documentation names every setting and every command there is."""

import re
from pathlib import Path

import pytest

from app.entrypoints.cli.program import COMMANDS
from app.entrypoints.settings import known_settings

ROOT = Path(__file__).parents[2]
CONFIGURATION = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
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
