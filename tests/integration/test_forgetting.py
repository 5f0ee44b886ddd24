"""What is forgotten is in no byte of the data directory, and stays away as far as it should."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.exports import channel, export, id_of, message, reply, thread, user, write
from tests.integration.contents import Contents, archive_rows, files_with
from tests.integration.program import DONE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.striking import Runs

# Words that occur nowhere else, whole or as a stem.
BOBS, BOBS_NAME, BOBS_FILE = "qxjzkvoprglumb", "Zwqxbobvvk", "jqzvworkplan.pdf"
IN_THREAD, IN_CHANNEL, ELSEWHERE = "wvxqthreadzzuk", "vqkjchannelwwop", "kzvxguildjjomm"
SECRETS = (BOBS, BOBS_NAME, BOBS_FILE, IN_THREAD, IN_CHANNEL, ELSEWHERE)

Json = dict[str, Any]


@pytest.fixture
def exports(tmp_path: Path) -> Path:
    """Write two servers; Bob speaks everywhere in the first."""
    folder = tmp_path / "exports"
    bob: Json = {"author": user("bob", nickname=BOBS_NAME)}
    said = [
        message(0, "Where is the plan?"),
        reply(1, 0, f"The plan is {BOBS}, see the file.", **bob) | attached(BOBS_FILE),
        message(2, "Thank you."),
        message(3, "Nothing else to say about the plan here."),
    ]
    write(folder / "general.json", export(said))
    said = [message(4, f"The secret of the channel is {IN_CHANNEL}."), message(5, "Right.", **bob)]
    write(folder / "dev.json", export(said, "dev"))
    said = [message(6, f"The secret of the thread is {IN_THREAD}.")]
    write(folder / "thread.json", export(said, thread("why", "dev")))
    there = channel("general", id="900000000000000001")
    said = [message(7, f"The secret of the server is {ELSEWHERE}.")]
    write(folder / "elsewhere.json", export(said, there, "Elsewhere"))
    return folder


def attached(name: str) -> Json:
    file = {"id": "1", "url": f"files/{name}", "fileName": name, "fileSizeBytes": 1}
    return {"attachments": [file]}


@pytest.fixture
def data_dir(forks: Runs, exports: Path, tmp_path: Path) -> Path:
    """Return a data directory that holds it all."""
    data_dir = tmp_path / "data"
    assert forks.run(data_dir, "import", exports).finished.code == DONE
    assert all(files_with(secret, data_dir) for secret in SECRETS)
    return data_dir


@pytest.mark.parametrize(
    ("option", "name", "secrets", "erased"),
    [
        ("--user", "bob", (BOBS, BOBS_NAME, BOBS_FILE), 2),
        ("--channel", "dev", (IN_CHANNEL, IN_THREAD), 3),
        ("--guild", "Elsewhere", (ELSEWHERE, "Elsewhere"), 1),
    ],
)
def test_what_is_forgotten_stands_in_no_file(  # noqa: PLR0917 - by name
    forks: Runs, data_dir: Path, option: str, name: str, secrets: tuple[str, ...], erased: int
) -> None:
    before = Contents.of(data_dir)
    forgotten = forks.run(data_dir, "forget", option, id_of(name), "--json").finished
    assert json.loads(forgotten.out) == {"messages_erased": erased, "vectors_waiting": None}
    for secret in secrets:
        assert not files_with(secret, data_dir)
        assert not files_with(secret[:-3], data_dir), "as a stem"
    for secret in set(SECRETS).difference(secrets):
        assert files_with(secret, data_dir), "nothing else may go"
    after = Contents.of(data_dir)
    assert count(before) - count(after) == erased
    assert not after.rows["marks"]


def count(contents: Contents) -> int:
    """Return how many messages have a vector."""
    return sum(len(vectors.ids) for vectors in contents.vectors.values())


def test_a_forgotten_person_stays_so_through_imports_until_they_opt_in(
    forks: Runs, data_dir: Path, exports: Path
) -> None:
    whole = archive_rows(data_dir)
    forks.run(data_dir, "forget", "--user", id_of("bob"))
    without = archive_rows(data_dir)
    for _ in range(2):
        assert forks.run(data_dir, "import", exports).finished.code == DONE
        assert archive_rows(data_dir) == without
    assert not files_with(BOBS, data_dir)
    forks.run(data_dir, "opt-in", "--user", id_of("bob"))
    assert archive_rows(data_dir)["messages"] == without["messages"], "for the future only"
    forks.run(data_dir, "import", exports)
    assert archive_rows(data_dir) == whole


def test_whoever_was_never_seen_can_be_forgotten_beforehand(
    forks: Runs, tmp_path: Path, exports: Path
) -> None:
    data_dir = tmp_path / "fresh"
    assert forks.run(data_dir, "forget", "--user", id_of("bob")).finished.code == DONE
    forks.run(data_dir, "import", exports)
    assert not files_with(BOBS, data_dir)
    assert not files_with(BOBS_NAME, data_dir)
