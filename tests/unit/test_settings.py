"""Reading settings from the environment."""

from pathlib import Path

import pytest

from app.domain.errors import InvalidSetting
from app.entrypoints.settings import environment_with_dotenv, known_settings, read_settings


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


def test_a_password_in_an_address_is_not_repeated() -> None:
    with pytest.raises(InvalidSetting) as raised:
        read_settings({"OLLAMA_HOST": "ftp://ana:secret@host"})
    assert "secret" not in str(raised.value)


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


def test_every_setting_says_what_it_is_for() -> None:
    for attribute in known_settings():
        assert attribute.metadata["about"]
        assert attribute.metadata["name"].isupper()
