"""Reading settings from the environment."""

import re
from pathlib import Path

import pytest
from attrs import fields, frozen

from app.domain.errors import InvalidSetting
from app.entrypoints.kinds import TEXT, whole
from app.entrypoints.settings import (
    PRESETS,
    changed,
    environment_with_dotenv,
    known_settings,
    read_setting,
    read_settings,
    setting,
)

SECRET = "hunter2"


def test_an_empty_environment_gives_the_defaults() -> None:
    settings = read_settings({})
    assert settings.llm_model_name == "llama3.2:3b"
    assert settings.llm_max_context == 4_000
    assert settings.llm_max_response == 1_800
    assert settings.llm_temperature == 0.7
    assert settings.ollama_host == "http://localhost:11434"


def test_an_override_wins_over_a_variable_and_that_over_the_preset() -> None:
    environment = {"LLM_PRESET": "fast", "LLM_MAX_CONTEXT": "3000"}
    settings = read_settings(environment, {"llm_temperature": 0.1})
    assert settings.llm_max_response == 1_000  # the preset's
    assert settings.llm_max_context == 3_000  # the variable's
    assert settings.llm_temperature == 0.1  # the override's


def test_an_override_of_none_overrides_nothing() -> None:
    assert read_settings({"LLM_MODEL_NAME": "a"}, {"llm_model_name": None}).llm_model_name == "a"


def test_an_empty_variable_counts_as_unset() -> None:
    assert read_settings({"LLM_MAX_CONTEXT": " "}).llm_max_context == 4_000


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LLM_MAX_CONTEXT", "many"),
        ("LLM_MAX_CONTEXT", "-1"),
        ("LLM_MAX_RESPONSE", "2001"),
        ("LLM_TEMPERATURE", "nan"),
        ("LLM_TEMPERATURE", "2.5"),
        ("LLM_BACKEND", "gpt"),
        ("LLM_PRESET", "best"),
        ("INDEX_BOTS", "perhaps"),
        ("TIMEZONE", "Mars/Olympus"),
        ("OLLAMA_HOST", "ftp://x"),
        ("OLLAMA_HOST", "http://host:port"),
        ("DATABASE_URL", "mysql://x"),
        ("LLM_SYSTEM_PROMPT_FILE", "/nowhere/at/all"),
        ("EMBED_THREADS", "0"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(name: str, value: str) -> None:
    with pytest.raises(InvalidSetting, match=name) as raised:
        read_settings({name: value})
    assert value in str(raised.value)
    assert "must be" in str(raised.value)


@pytest.mark.parametrize(
    "password", [SECRET, f"{SECRET}@{SECRET}", f"{SECRET}/{SECRET}", f"p://{SECRET}"]
)
@pytest.mark.parametrize("scheme", ["", "http://", "https://", "ftp://"])
def test_a_name_and_password_for_ollama_are_refused_and_not_repeated(
    scheme: str, password: str
) -> None:
    with pytest.raises(InvalidSetting, match="OLLAMA_HOST") as raised:
        read_settings({"OLLAMA_HOST": f"{scheme}ana:{password}@host:11434"})
    assert "without a user name or password" in str(raised.value)
    assert f"{scheme}***@host" in str(raised.value)
    assert_not_told(raised.value)


@pytest.mark.parametrize("name", ["CHROMA_URL", "DATABASE_URL"])
def test_a_password_in_another_address_is_not_repeated_either(name: str) -> None:
    with pytest.raises(InvalidSetting) as raised:
        read_settings({name: f"ftp://ana:{SECRET}@host"})
    assert_not_told(raised.value)


def assert_not_told(error: BaseException | None) -> None:
    """Look for the secret in everything that even a traceback would show."""
    while error:
        assert SECRET not in str(error)
        assert "ana" not in str(error)
        error = error.__cause__ or error.__context__


@frozen
class WithSecrets:
    token: str = setting("MY_TOKEN", None, TEXT, "a token", secret=True)
    pin: int = setting("MY_PIN", 1, whole(1, 9), "a number", secret=True)


def test_a_secret_is_never_shown() -> None:
    with pytest.raises(InvalidSetting, match="MY_PIN must be a whole number") as raised:
        read_setting(fields(WithSecrets).pin, {"MY_PIN": SECRET})
    assert_not_told(raised.value)
    token = read_setting(fields(WithSecrets).token, {"MY_TOKEN": SECRET})
    assert token == SECRET
    assert SECRET not in repr(WithSecrets(token))


def test_whatever_is_called_a_secret_is_one() -> None:
    for attribute in known_settings():
        name = attribute.metadata["name"]
        sounds_secret = re.search(r"TOKENS?$|SECRET|PASSWORD|_KEYS?$", name) is not None
        assert sounds_secret <= attribute.metadata["secret"], name


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_fits_into_the_default_context(preset: str) -> None:
    assert read_settings({"LLM_PRESET": preset}).llm_num_ctx == 8_192


@pytest.mark.parametrize(
    "environment",
    [
        {"LLM_MAX_CONTEXT": "50000"},
        {"LLM_NUM_CTX": "1024"},
        {"LLM_PRESET": "high-context", "LLM_NUM_CTX": "2048"},
    ],
)
def test_more_context_than_the_model_is_loaded_with_stops_the_start(
    environment: dict[str, str],
) -> None:
    with pytest.raises(InvalidSetting) as raised:
        read_settings(environment)
    assert "LLM_NUM_CTX is" in str(raised.value)
    assert "lower LLM_MAX_CONTEXT, or raise LLM_NUM_CTX to" in str(raised.value)
    needed = re.search(r"to (\d+) or more", str(raised.value))
    assert needed
    enough = {**environment, "LLM_NUM_CTX": needed[1]}
    assert read_settings(enough).llm_num_ctx == int(needed[1])
    with pytest.raises(InvalidSetting):
        read_settings({**enough, "LLM_NUM_CTX": str(int(needed[1]) - 1)})


def test_quotes_need_no_context_of_a_model() -> None:
    settings = read_settings({"LLM_MAX_CONTEXT": "50000", "LLM_BACKEND": "extractive"})
    assert settings.llm_max_context == 50_000


def test_long_instructions_take_their_part_of_the_context(tmp_path: Path) -> None:
    file = tmp_path / "instructions.txt"
    file.write_text("Be kind. " * 1_000, encoding="utf-8")
    environment = {"LLM_SYSTEM_PROMPT_FILE": str(file)}
    assert read_settings(environment).llm_system_prompt_file == file
    with pytest.raises(InvalidSetting, match="LLM_NUM_CTX"):
        read_settings({**environment, "LLM_NUM_CTX": "4096"})


def test_a_change_afterwards_must_go_with_the_rest() -> None:
    settings = read_settings({})
    assert changed(settings, {"llm_max_context": 8_000, "llm_temperature": None}) == read_settings(
        {"LLM_MAX_CONTEXT": "8000"}
    )
    with pytest.raises(InvalidSetting, match="LLM_NUM_CTX"):
        changed(settings, {"llm_max_context": 80_000})


@pytest.mark.parametrize("content", [None, b"Be kind \xff\xfe", "folder"])
def test_instructions_that_cannot_be_read_stop_the_start(
    tmp_path: Path, content: bytes | str | None
) -> None:
    file = tmp_path / "instructions.txt"
    if content == "folder":
        file.mkdir()
    elif isinstance(content, bytes):
        file.write_bytes(content)
    with pytest.raises(InvalidSetting, match="LLM_SYSTEM_PROMPT_FILE") as raised:
        read_settings({"LLM_SYSTEM_PROMPT_FILE": str(file)})
    assert str(file) in str(raised.value)
    assert "a file of UTF-8 text that can be read" in str(raised.value)


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("gpu:8080", "http://gpu:8080"),
        ("gpu", "http://gpu:11434"),
        ("gpu/ollama/", "http://gpu:11434/ollama"),
        ("0.0.0.0", "http://0.0.0.0:11434"),  # noqa: S104 (an address that people set)
        ("http://gpu", "http://gpu"),
    ],
)
def test_a_host_without_a_scheme_is_http_on_the_port_of_ollama(written: str, address: str) -> None:
    assert read_settings({"OLLAMA_HOST": written}).ollama_host == address


def test_the_environment_wins_over_the_dotenv_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env"
    file.write_text("TIMEZONE=Asia/Tokyo\nLLM_MODEL_NAME=from-file\n", encoding="utf-8")
    monkeypatch.setenv("LLM_MODEL_NAME", "from-environment")
    monkeypatch.delenv("TIMEZONE", raising=False)
    settings = read_settings(environment_with_dotenv(file))
    assert settings.timezone == "Asia/Tokyo"
    assert settings.llm_model_name == "from-environment"


def test_the_archive_lies_in_the_data_directory(tmp_path: Path) -> None:
    settings = read_settings({"DATA_DIR": str(tmp_path)})
    assert settings.archive_url == f"sqlite:///{tmp_path}/archive.db"


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("sqlite:////srv/archive.db", "/srv/archive.db"),
        ("sqlite:////srv/archive.db?timeout=9", "/srv/archive.db"),
        ("sqlite://", None),
        ("sqlite:///:memory:", None),
    ],
)
def test_the_file_of_an_archive_elsewhere_is_known(written: str, place: str | None) -> None:
    settings = read_settings({"DATABASE_URL": written})
    assert settings.archive_file == (place and Path(place))
    assert settings.has_archive == (place is None)


def test_an_archive_is_there_when_its_file_is(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    def is_there() -> bool:
        return read_settings({"DATA_DIR": str(folder)}).has_archive

    assert not is_there()
    folder.write_text("a file, and no folder")
    assert not is_there()
    folder.unlink()
    folder.mkdir()
    assert not is_there()
    (folder / "archive.db").touch()
    assert is_there()


def test_every_setting_says_what_it_is_for() -> None:
    for attribute in known_settings():
        assert attribute.metadata["about"]
        assert attribute.metadata["name"].isupper()
