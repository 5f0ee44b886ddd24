"""The commands status, doctor, forget and opt-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.exports import export, id_of, message, message_id, user, write
from tests.integration.program import DONE, FAILED, WRONG_USAGE, Program
from tests.integration.terminal import on_terminal

if TYPE_CHECKING:
    from pathlib import Path


def test_the_status_tells_what_is_held_of_each_channel(library: Program) -> None:
    status = library.json("status")
    assert set(status) == {
        "guilds",
        "messages",
        "vectors",
        "waiting",
        "embedding_model",
        "disk_bytes",
        "dependencies",
    }
    assert (status["messages"], status["vectors"], status["waiting"]) == (9, 9, 0)
    assert status["disk_bytes"] > 10_000
    assert "MiniLM" in status["embedding_model"]
    [testers] = [guild for guild in status["guilds"] if guild["name"] == "Testers"]
    assert testers["guild_id"] == str(id_of("Testers"))
    assert (testers["messages"], testers["waiting"]) == (8, 0)
    assert testers["first"] == "2024-01-15T12:00:00+00:00"
    [general] = [channel for channel in testers["channels"] if channel["name"] == "general"]
    assert general == {
        "channel_id": str(id_of("general")),
        "name": "general",
        "messages": 4,
        "first": "2024-01-15T12:00:00+00:00",
        "last": "2024-01-16T21:20:00+00:00",
    }
    states = {name: found["state"] for name, found in status["dependencies"].items()}
    assert states == dict.fromkeys(["archive", "index", "embedder", "model"], "ok")


def test_people_read_the_status_as_a_table(library: Program) -> None:
    out = library.done("status").out
    assert "#general" in out
    assert "9 messages, 9 vectors, 0 waiting" in out
    assert out.startswith(f"Data directory: {library.data_dir}\n")


def test_a_status_without_an_archive_says_so_and_makes_nothing(program: Program) -> None:
    shown = program.done("status").out
    assert f"There is no archive in {program.data_dir}: begin with" in shown
    status = program.json("status")
    assert status["guilds"] == []
    assert (status["messages"], status["vectors"], status["waiting"]) == (0, 0, 0)
    assert "MiniLM" in status["embedding_model"]
    states = {name: found["state"] for name, found in status["dependencies"].items()}
    assert states == {"archive": "off", "index": "off", "embedder": "ok", "model": "ok"}
    assert not program.data_dir.exists()


def test_a_status_of_an_empty_archive_says_how_to_begin(program: Program, tmp_path: Path) -> None:
    program.done("import", write(tmp_path / "quiet.json", export([])))
    assert "Nothing has been imported yet" in program.done("status").out


def test_the_doctor_finds_a_good_installation_good(library: Program) -> None:
    checks = {check["name"]: check for check in library.json("doctor")["checks"]}
    assert {check["state"] for check in checks.values()} == {"ok"}
    assert set(checks) == {
        "settings", "python", "data directory", "disk", "time",
        "archive", "index", "embedder", "model",
    }  # fmt: skip


def test_the_doctor_names_every_wrong_setting_and_still_looks_at_the_rest(tmp_path: Path) -> None:
    wrong = {
        "LLM_MAX_CONTEXT": "plenty",
        "TIMEZONE": "Mars",
        "LLM_MODEL": "llama",
        "LLM_BACKEND": "ollama",
        "OLLAMA_HOST": "http://127.0.0.1:9",
    }
    (tmp_path / ".env").write_text("TIMEZON=UTC\n")
    finished = Program(tmp_path / "data", wrong).run("doctor")
    assert finished.code == FAILED
    lines = finished.out.splitlines()
    bad = {line.split(":")[0].split(maxsplit=1)[1] for line in lines if line.startswith("fail")}
    assert bad == {"LLM_MAX_CONTEXT", "TIMEZONE", "model"}
    assert "Did you mean LLM_MODEL_NAME?" in finished.out
    assert "Did you mean TIMEZONE?" in finished.out
    assert "ollama pull llama3.2:3b" in finished.out
    assert not (tmp_path / "data").exists(), "looking makes nothing"


def test_the_doctor_finds_what_is_right_alone_and_wrong_together(tmp_path: Path) -> None:
    together = {"LLM_BACKEND": "auto", "LLM_MAX_CONTEXT": "20000", "LLM_NUM_CTX": "4096"}
    finished = Program(tmp_path / "data", together).run("doctor")
    assert finished.code == FAILED
    [bad] = [line for line in finished.out.splitlines() if line.startswith("fail")]
    assert bad.startswith("fail LLM_NUM_CTX: LLM_NUM_CTX is 4096, too few tokens")


def test_the_doctor_looks_for_an_archive_and_makes_none(program: Program) -> None:
    program.data_dir.mkdir()
    finished = program.done("doctor")
    assert f"warn archive: there is none in {program.data_dir}" in finished.out
    assert list(program.data_dir.iterdir()) == []


def test_the_doctor_repeats_no_password(tmp_path: Path) -> None:
    program = Program(tmp_path / "data", {"OLLAMA_HOST": "http://ana:hunter2@host"})
    finished = program.run("doctor")
    assert finished.code == FAILED
    assert "fail OLLAMA_HOST: OLLAMA_HOST is 'http://***@host'" in finished.out
    assert "hunter2" not in finished.out + finished.err


def test_the_doctor_only_warns_where_quotes_stand_in_for_a_model(tmp_path: Path) -> None:
    settings = {"LLM_BACKEND": "auto", "OLLAMA_HOST": "http://127.0.0.1:9"}
    finished = Program(tmp_path / "data", settings).run("doctor")
    assert finished.code == DONE
    assert "warn model" in finished.out


def test_the_doctor_finds_a_damaged_archive_and_leaves_it_alone(
    program: Program, exported: Path
) -> None:
    program.done("import", "--no-embed", exported)
    archive = program.data_dir / "archive.db"
    content = bytearray(archive.read_bytes())
    content[8_192:12_288] = b"\xff" * 4_096
    archive.write_bytes(content)
    finished = program.run("doctor")
    assert finished.code == FAILED
    assert "fail archive" in finished.out
    assert "damaged" in finished.out
    assert archive.read_bytes() == content


def test_who_is_forgotten_stays_so_until_they_opt_in(program: Program, exported: Path) -> None:
    program.done("import", exported)
    bob = str(id_of("bob"))
    forgotten = program.done("forget", "--user", bob)
    assert "Erased 3 messages" in forgotten.out
    assert "opt-in" not in forgotten.out
    assert program.json("status")["vectors"] == 6
    assert not {message_id(n) for n in (5, 60, 62)} & set(program.found("build release cache"))
    again = program.json("import", exported)
    assert again["messages_new"] == 0
    assert program.json("opt-in", "--user", bob) == {"was_forgotten": True}
    assert "not forgotten" in program.done("opt-in", "--user", bob).out
    assert program.json("import", exported)["messages_new"] == 3
    assert message_id(62) in program.found("cache", "--author", "bob")


def test_a_person_can_be_forgotten_by_name_with_a_confirmation(
    program: Program, exported: Path
) -> None:
    program.done("import", "--no-embed", exported)
    with on_terminal(program, "forget", "--user", "BOB") as terminal:
        terminal.wait_for(f"Erase all messages of user {id_of('bob')} (bob, @bob), for good? [y/N]")
        terminal.type("n\n")
        terminal.wait_for("Nothing was erased.")
        assert terminal.wait_for_end() == FAILED
    assert program.json("status")["messages"] == 9
    refused = program.run("forget", "--user", "bob")
    assert refused.code == WRONG_USAGE
    assert "'bob' is a name" in refused.sentence
    assert program.json("status")["messages"] == 9
    finished = program.done("forget", "--user", "@bob", "--yes")
    assert f"Erased 3 messages of user {id_of('bob')} (bob, @bob)." in finished.out
    assert program.json("import", "--no-embed", exported)["messages_new"] == 0


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--user", "Sam"), WRONG_USAGE, (str(id_of("sam1")), str(id_of("sam2")), "@sam1")),
        (("--channel", "general"), WRONG_USAGE, (str(id_of("general")), "(in Elsewhere)")),
        (("--user", "nobody"), FAILED, ("Nobody called 'nobody'",)),
        (("--channel", "genral"), FAILED, ("did you mean 'general'",)),
        (("--guild", "Tester"), FAILED, ("did you mean 'Testers'",)),
    ],
)
def test_a_name_that_is_not_of_one_only_erases_nothing(
    library: Program, arguments: tuple[str, ...], code: int, said: tuple[str, ...]
) -> None:
    finished = library.run("forget", *arguments, "--yes")
    assert finished.code == code
    assert all(part in finished.sentence for part in said)
    assert library.json("status")["messages"] == 9


def test_channels_and_servers_can_be_erased_by_name(program: Program, exported: Path) -> None:
    program.done("import", "--no-embed", exported)
    assert program.json("forget", "--channel", "#dev", "--yes")["messages_erased"] == 4
    erased = program.done("forget", "--guild", "elsewhere", "--yes").out
    assert erased == f"Erased 1 message of guild {id_of('Elsewhere')} (Elsewhere).\n"


def test_a_name_of_digits_is_an_id(program: Program, tmp_path: Path) -> None:
    said = [message(1, author=user("12345")), message(2, author=user("eve", id="12345"))]
    program.done("import", "--no-embed", write(tmp_path / "general.json", export(said)))
    assert "Erased 1 message of user 12345." in program.done("forget", "--user", "12345").out
    [left] = program.json("status")["guilds"]
    assert left["messages"] == 1


def test_who_wrote_nothing_is_remembered_as_forgotten(program: Program, exported: Path) -> None:
    finished = program.done("forget", "--user", id_of("bob"))
    assert finished.out.startswith(f"Nothing of user {id_of('bob')} is stored; they are remembered")
    assert program.json("import", "--no-embed", exported)["messages_new"] == 6
    nothing = program.done("forget", "--channel", 5)
    assert nothing.out == "Nothing of channel 5 is stored.\n"


def test_a_channel_goes_with_its_threads_and_a_server_with_everything(
    program: Program, exported: Path
) -> None:
    program.done("import", "--no-embed", exported)
    erased = program.json("forget", "--channel", id_of("dev"))
    assert erased == {"messages_erased": 4, "vectors_waiting": None}
    assert program.json("forget", "--guild", id_of("Testers"))["messages_erased"] == 4
    [left] = program.json("status")["guilds"]
    assert left["name"] == "Elsewhere"
    assert program.json("forget", "--guild", 12345)["messages_erased"] == 0
