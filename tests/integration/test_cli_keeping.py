"""The commands status, doctor, forget and opt-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.exports import id_of, message_id
from tests.integration.program import DONE, FAILED, Program

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


def test_an_empty_status_says_how_to_begin(program: Program) -> None:
    assert "discord-indexer import PATH" in program.done("status").out
    assert program.json("status")["guilds"] == []


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
