"""OllamaChatModel over real sockets: what it asks for, how long it waits, how it fails."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx
import pytest
import respx

from app.adapters.ollama import OllamaChatModel
from app.adapters.ollama.server import server_address
from app.domain.errors import InvalidSetting, ModelMissing, ModelTimeout, ModelUnavailable
from app.domain.prompt import build_prompt
from app.ports.language import Completion, Token
from tests.conversations import prompt_of
from tests.fake_ollama import Behaviour, FakeOllama, Refusal

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    Make = Callable[..., OllamaChatModel]

MODEL = "llama3.2:3b"
PROMPT = prompt_of("When?", "On Friday. Or later.")
LIMIT = 1_800


@pytest.fixture
async def server() -> AsyncGenerator[FakeOllama, None]:
    async with FakeOllama() as server:
        yield server


@pytest.fixture
async def make(server: FakeOllama) -> AsyncGenerator[Make, None]:
    """Return what makes models on the server, and closes them."""
    made: list[OllamaChatModel] = []

    def make(**changes: object) -> OllamaChatModel:
        settings: dict[str, object] = {
            "host": server.url,
            "model": MODEL,
            "temperature": 0.7,
            "num_ctx": 8_192,
        } | changes
        made.append(OllamaChatModel(**settings))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for model in made:
        await model.close()


@pytest.fixture
def model(make: Make) -> OllamaChatModel:
    return make()


async def ask(model: OllamaChatModel, limit: int = LIMIT) -> tuple[str, Completion]:
    """Return the text of an answer and its completion."""
    *tokens, end = [piece async for piece in model.stream(PROMPT, limit)]
    assert isinstance(end, Completion)
    return "".join(token.text for token in tokens if isinstance(token, Token)), end


async def problem(model: OllamaChatModel) -> str:
    """Return what the model says that went wrong."""
    with pytest.raises(ModelUnavailable) as raised:
        await ask(model)
    text = str(raised.value)
    assert text.endswith((".", "`")) or text[-1].isalnum()
    assert "Friday" not in text
    return text


# The address


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("http://localhost:11434", "http://localhost:11434"),
        ("", "http://127.0.0.1:11434"),
        ("localhost", "http://localhost:11434"),
        ("  ollama.lan:8080/ ", "http://ollama.lan:8080"),
        (":8080", "http://127.0.0.1:8080"),
        ("0.0.0.0", "http://127.0.0.1:11434"),  # noqa: S104 (an address that people set)
        ("http://0.0.0.0:8080", "http://127.0.0.1:8080"),
        ("[::]:8080", "http://[::1]:8080"),
        ("http://[fe80::1]", "http://[fe80::1]:80"),
        ("http://ollama.lan", "http://ollama.lan:80"),
        ("https://ollama.lan", "https://ollama.lan:443"),
        ("https://lan/ollama/", "https://lan:443/ollama"),
        ("http://user:secret@lan:1", "http://lan:1"),
    ],
)
def test_an_address_is_completed_as_ollama_itself_does(written: str, address: str) -> None:
    assert server_address(written) == address


@pytest.mark.parametrize(
    "written",
    [
        "ftp://lan",
        "http://lan:99999",
        "lan:port",
        "http://[::1",
        "http://a b",
        "://",
        "1.2.3",
        "256.1.1.1",
    ],
)
def test_a_wrong_address_is_refused_without_repeating_it(written: str) -> None:
    with pytest.raises(InvalidSetting, match="OLLAMA_HOST must be an address") as raised:
        server_address(f"{written}?key=secret")
    assert "secret" not in str(raised.value)


async def test_an_address_to_listen_on_is_one_to_connect_to(server: FakeOllama, make: Make) -> None:
    text, _ = await ask(make(host=f"0.0.0.0:{server.port}"))
    assert text == "On Friday. [1]"


async def test_no_proxy_stands_between_the_program_and_its_own_machine(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.delenv("no_proxy", raising=False)
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert (await ask(make()))[0] == "On Friday. [1]"


async def test_a_server_elsewhere_is_reached_through_the_proxy_of_the_environment(
    server: FakeOllama, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", server.url)
    await make(host="http://ollama.example:11434").readiness()
    assert [r.path for r in server.requests] == ["http://ollama.example:11434/api/tags"]


async def test_a_redirect_is_not_followed_with_the_prompt(server: FakeOllama, make: Make) -> None:
    async with FakeOllama() as elsewhere:
        location = ("Location", f"{elsewhere.url}/api/chat")
        server.behaviour = Behaviour(refusal=Refusal(307, "", headers=(location,)))
        assert "leads elsewhere" in await problem(make())
        assert elsewhere.requests == []


# What is asked for


async def test_instructions_and_question_are_sent_as_messages(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    await ask(model)
    (asked,) = server.asked("/api/chat")
    assert asked["model"] == MODEL
    assert asked["messages"] == [
        {"role": "system", "content": PROMPT.system},
        {"role": "user", "content": PROMPT.user},
    ]


async def test_context_and_temperature_are_always_sent_and_the_gpu_only_if_set(
    server: FakeOllama, make: Make
) -> None:
    await ask(make(temperature=0.2, num_ctx=4_096))
    await ask(make(num_gpu=0))
    plain, with_gpu = (asked["options"] for asked in server.asked("/api/chat"))
    assert plain == {"temperature": 0.2, "num_ctx": 4_096, "num_predict": LIMIT}
    assert with_gpu == {"temperature": 0.7, "num_ctx": 8_192, "num_predict": LIMIT, "num_gpu": 0}


async def test_the_answer_gets_at_most_half_of_the_context(server: FakeOllama, make: Make) -> None:
    await ask(make(num_ctx=512))
    (asked,) = server.asked("/api/chat")
    assert asked["options"] == {"temperature": 0.7, "num_ctx": 512, "num_predict": 256}


async def test_nothing_that_is_asked_loads_the_model_again(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    await model.readiness()
    for limit in (LIMIT, 50, LIMIT):
        await ask(model, limit)
    assert server.models.loads == 1


@pytest.mark.parametrize(
    ("written", "sent"),
    [("30m", "30m"), ("300", 300.0), ("-1", -1.0), (0, 0.0), ("1h30m", "1h30m")],
)
async def test_keep_alive_is_sent_in_a_form_that_the_server_takes(
    server: FakeOllama, make: Make, written: str | float, sent: object
) -> None:
    await ask(make(keep_alive=written))
    assert server.asked("/api/chat")[0]["keep_alive"] == sent


async def test_models_that_think_are_told_not_to(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    await ask(model)
    assert server.asked("/api/chat")[0]["think"] is False


async def test_an_answer_at_once_costs_one_request_and_the_next_one_no_new_connection(
    server: FakeOllama, model: OllamaChatModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.ollama.chat.AT_ONCE_SECONDS", 5.0)  # a busy machine is slow
    await ask(model)
    await ask(model)
    assert [request.path for request in server.requests] == ["/api/chat", "/api/chat"]
    assert server.connections == 1


# The answer


async def test_the_answer_comes_as_it_is_written(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.behaviour = Behaviour(stall_after=1)
    async with aclosing(model.stream(PROMPT, LIMIT)) as pieces:
        assert await anext(pieces) == Token("On")
        server.resume()
        assert [piece async for piece in pieces][:2] == [Token(" Friday."), Token(" [1]")]


async def test_the_tokens_of_prompt_and_answer_are_added_up(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.behaviour = Behaviour(final={"prompt_eval_count": 100, "eval_count": 23})
    assert (await ask(model))[1] == Completion(MODEL, tokens_used=123)


@pytest.mark.parametrize("missing", ["prompt_eval_count", "eval_count"])
async def test_tokens_that_the_server_does_not_tell_are_unknown(
    server: FakeOllama, model: OllamaChatModel, missing: str
) -> None:
    server.behaviour = Behaviour(final={missing: None})
    assert (await ask(model))[1].tokens_used is None


@pytest.mark.parametrize(("reason", "reached"), [("length", True), ("stop", False), (None, False)])
async def test_an_answer_that_ran_out_of_length_says_so(
    server: FakeOllama, model: OllamaChatModel, reason: str | None, reached: bool
) -> None:
    server.behaviour = Behaviour(final={"done_reason": reason})
    assert (await ask(model))[1].limit_reached is reached


async def test_one_character_over_the_limit_ends_the_answer_and_the_generation(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.answer = lambda _: "word " * 100
    server.behaviour = Behaviour(stall_after=20)
    text, end = await ask(model, 62)
    assert text == ("word " * 100)[:63]
    assert end.limit_reached
    await server.until(lambda: server.cancelled == 1)
    assert server.under_way == 0


async def test_an_answer_of_just_the_limit_is_whole(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    text, end = await ask(model, len("On Friday. [1]"))
    assert text == "On Friday. [1]"
    assert not end.limit_reached


async def test_one_huge_piece_is_cut(server: FakeOllama, model: OllamaChatModel) -> None:
    server.answer = lambda _: "x" * 1_000_000
    assert await ask(model, 100) == ("x" * 101, Completion(MODEL, None, limit_reached=True))


async def test_an_empty_answer_is_no_text_and_a_completion(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.answer = lambda _: ""
    assert (await ask(model))[0] == ""


async def test_an_answer_that_is_whole_needs_no_clean_goodbye(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.behaviour = Behaviour(drop_after=4)
    server.answer = lambda _: "a b c"
    whole = '{"message": {"role": "assistant", "content": " d"}, "done": true}\nrubbish'
    server.behaviour = Behaviour(insert=(3, whole))
    assert (await ask(model))[0] == "a b c d"


async def test_cancelling_stops_the_generation(server: FakeOllama, model: OllamaChatModel) -> None:
    server.behaviour = Behaviour(stall_after=1)
    asking = asyncio.create_task(ask(model))
    await server.until(lambda: server.under_way == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    await server.until(lambda: server.cancelled == 1)
    assert server.under_way == 0


async def test_closing_the_stream_stops_the_generation(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.behaviour = Behaviour(stall_after=1)
    async with aclosing(model.stream(PROMPT, LIMIT)) as pieces:
        await anext(pieces)
    await server.until(lambda: server.cancelled == 1)


async def test_many_can_ask_at_once(server: FakeOllama, model: OllamaChatModel) -> None:
    answers = await asyncio.gather(*(ask(model) for _ in range(20)))
    assert {text for text, _ in answers} == {"On Friday. [1]"}


# Patience


async def test_a_loaded_model_must_begin_in_time(server: FakeOllama, make: Make) -> None:
    await ask(make())  # loads it
    server.behaviour = Behaviour(seconds_before=60)
    with pytest.raises(ModelTimeout, match=r"did not begin .* within 0\.3 seconds.*FIRST_TOKEN"):
        await ask(make(first_token_timeout=0.3))
    await server.until(lambda: server.cancelled == 1)


async def test_a_model_that_is_being_loaded_gets_more_time(server: FakeOllama, make: Make) -> None:
    server.behaviour = Behaviour(seconds_to_load=1.0)
    assert (await ask(make(first_token_timeout=0.4)))[0] == "On Friday. [1]"


async def test_loading_does_not_count_as_answering(server: FakeOllama, make: Make) -> None:
    server.behaviour = Behaviour(seconds_to_load=1.0)
    text, _ = await ask(make(first_token_timeout=0.4, timeout=0.5))
    assert text == "On Friday. [1]"


async def test_loading_must_end_as_well(server: FakeOllama, make: Make) -> None:
    server.behaviour = Behaviour(seconds_to_load=60)
    with pytest.raises(ModelTimeout, match=r"still being loaded after 0\.4 seconds"):
        await ask(make(first_token_timeout=0.3, load_timeout=0.4))


async def test_where_the_loaded_models_are_secret_the_usual_patience_holds(
    server: FakeOllama, make: Make
) -> None:
    server.behaviour = Behaviour(
        refusal=Refusal.error(500, "no"), refused_paths=("/api/ps",), seconds_to_load=60
    )
    with pytest.raises(ModelTimeout, match="did not begin"):
        await ask(make(first_token_timeout=0.3))


async def test_an_answer_must_end_in_time(server: FakeOllama, make: Make) -> None:
    server.behaviour = Behaviour(stall_after=2)
    written: list[Token | Completion] = []

    async def read() -> None:
        async for piece in make(timeout=0.5).stream(PROMPT, LIMIT):
            written.append(piece)  # noqa: PERF401 (what came before the error counts)

    with pytest.raises(ModelTimeout, match=r"did not finish .* within 0\.5 seconds.*LLM_TIMEOUT"):
        await read()
    assert written == [Token("On"), Token(" Friday.")]
    await server.until(lambda: server.cancelled == 1)


# Errors


async def test_a_missing_model_is_said_with_the_line_that_installs_it(make: Make) -> None:
    with pytest.raises(ModelMissing, match="run `ollama pull mistral:7b`"):
        await ask(make(model="mistral:7b"))


async def test_older_words_for_a_missing_model_are_understood(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    words = f'model "{MODEL}" not found, try pulling it first'
    server.behaviour = Behaviour(refusal=Refusal.error(404, words))
    with pytest.raises(ModelMissing, match=f"`ollama pull {MODEL}`"):
        await ask(model)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        (Refusal(404, "404 page not found", "text/plain"), "no Ollama at .* check OLLAMA_HOST"),
        (Refusal(404, "<html>Not here</html>", "text/html"), "no Ollama at"),
        (
            Refusal.error(503, "server busy, please try again.  maximum pending requests exceeded"),
            "is busy: ask again",
        ),
        (Refusal(401, "unauthorized", "text/plain"), "refuses access"),
        (Refusal.error(403, "forbidden"), "refuses access"),
        (Refusal(302, ""), "leads elsewhere"),
        (Refusal.error(400, '"llama3.2:3b" does not support chat'), "does not support chat"),
        (Refusal.error(500, "llama runner process has terminated"), "process has terminated"),
        (Refusal.error(500, "cudaMalloc failed: out of memory"), "does not fit into the memory"),
        (
            Refusal.error(500, "model requires more system memory (5.6 GiB) than is available"),
            "lower LLM_NUM_CTX or choose a smaller model",
        ),
        (Refusal.error(500, "x" * 5_000), "failed: x{200}$"),
        (Refusal(500, ""), "no reason given"),
        (Refusal(502, "[1]"), "does not speak like Ollama"),
        (Refusal(502, "null"), "does not speak like Ollama"),
        (Refusal(502, "<html>\nBad\n gateway</html>"), "Bad gateway"),
    ],
)
async def test_a_refusal_becomes_a_sentence_that_says_what_to_do(
    server: FakeOllama, model: OllamaChatModel, refusal: Refusal, said: str
) -> None:
    server.behaviour = Behaviour(refusal=refusal)
    with pytest.raises(ModelUnavailable, match=said) as raised:
        await ask(model)
    assert not isinstance(raised.value, ModelMissing)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        (Behaviour(insert=(1, '{"error": "the runner has died"}')), "the runner has died"),
        (Behaviour(insert=(1, '{"error": "out of memory"}')), "does not fit into the memory"),
        (Behaviour(drop_after=1), "connection to Ollama at .* broke"),
        (Behaviour(end_after=1), "ended the answer in the middle"),
        (Behaviour(end_after=0), "ended the answer in the middle"),
        (Behaviour(insert=(1, "<html>")), "does not speak like Ollama"),
        (Behaviour(insert=(1, "")), "does not speak like Ollama"),
        (Behaviour(insert=(1, "[1]")), "does not speak like Ollama"),
        (Behaviour(insert=(1, "null")), "does not speak like Ollama"),
        (Behaviour(insert=(1, "{}")), "does not speak like Ollama"),
        (Behaviour(insert=(1, '{"message": 5}')), "does not speak like Ollama"),
        (Behaviour(insert=(0, "SSH-2.0-OpenSSH_9.6")), "does not speak like Ollama"),
    ],
)
async def test_an_answer_that_breaks_is_an_error_and_never_a_short_answer(
    server: FakeOllama, model: OllamaChatModel, behaviour: Behaviour, said: str
) -> None:
    server.behaviour = behaviour
    with pytest.raises(ModelUnavailable, match=said):
        await ask(model)


async def test_where_nobody_listens_the_error_says_how_to_start_ollama(make: Make) -> None:
    async with FakeOllama() as gone:
        pass
    said = await problem(make(host=gone.url))
    assert said.startswith(f"No Ollama answers at {gone.url}: start it with `ollama serve`")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (httpx.ConnectTimeout("slow"), "No Ollama answers"),
        (httpx.ConnectError("no such host"), "No Ollama answers"),
        (httpx.ReadError("reset"), "broke (ReadError)"),
        (httpx.RemoteProtocolError("no HTTP"), "broke (RemoteProtocolError)"),
        (httpx.PoolTimeout("full"), "broke (PoolTimeout)"),
    ],
)
async def test_a_network_that_fails_is_a_model_that_is_unavailable(
    make: Make, error: Exception, said: str
) -> None:
    with respx.mock(base_url="http://ollama.example:11434") as router:
        router.post("/api/chat").mock(side_effect=error)
        router.get("/api/tags").mock(side_effect=error)
        model = make(host="http://ollama.example:11434")
        assert said in await problem(model)
        readiness = await model.readiness()
    assert readiness.state == "down"
    assert said in readiness.detail


async def test_after_an_error_the_next_answer_is_whole(
    server: FakeOllama, model: OllamaChatModel
) -> None:
    server.behaviour = Behaviour(drop_after=1)
    await problem(model)
    server.behaviour = Behaviour()
    assert (await ask(model))[0] == "On Friday. [1]"


async def test_a_server_that_comes_back_is_found_again(make: Make) -> None:
    async with FakeOllama() as server:
        model = make(host=server.url)
        await ask(model)
    await problem(model)
    async with FakeOllama(port=server.port):
        assert (await ask(model))[0] == "On Friday. [1]"


async def test_what_a_prompt_says_is_in_no_error(server: FakeOllama, make: Make) -> None:
    server.behaviour = Behaviour(refusal=Refusal.error(400, "invalid"))
    model = make()
    with pytest.raises(ModelUnavailable) as raised:
        [p async for p in model.stream(build_prompt("my secret", ()), LIMIT)]
    assert "secret" not in f"{raised.value!r} {raised.value.__cause__!r}"


# Readiness


@pytest.mark.parametrize("name", [MODEL, "LLAMA3.2:3B", "mistral", "mistral:latest", "hf.co/a/b"])
async def test_a_server_that_has_the_model_is_ready(
    server: FakeOllama, make: Make, name: str
) -> None:
    server.models.install("mistral:latest", "hf.co/a/b:latest")
    readiness = await make(model=name).readiness()
    assert (readiness.state, readiness.detail) == ("ok", f"{name} on Ollama at {server.url}")


async def test_a_server_without_the_model_is_not_ready_and_says_what_to_do(make: Make) -> None:
    readiness = await make(model="mistral").readiness()
    assert readiness.state == "down"
    assert "run `ollama pull mistral`" in readiness.detail


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(200, '{"models": null}'),
        Refusal(200, "<html>"),
        Refusal(200, "[]"),
        Refusal(404, "404 page not found"),
        Refusal.error(503, "busy"),
    ],
)
async def test_whatever_a_server_says_readiness_never_fails(
    server: FakeOllama, model: OllamaChatModel, refusal: Refusal
) -> None:
    server.behaviour = Behaviour(refusal=refusal, refused_paths=("/api/tags",))
    assert (await model.readiness()).state == "down"


async def test_a_server_that_is_silent_is_not_waited_for(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("app.adapters.ollama.chat.READINESS_SECONDS", 0.2)
    left = asyncio.Event()

    async def stay_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4_096):
            pass
        writer.close()
        left.set()

    async with await asyncio.start_server(stay_silent, "127.0.0.1", 0) as silent:
        port = silent.sockets[0].getsockname()[1]
        readiness = await make(host=f"127.0.0.1:{port}").readiness()
        assert readiness.state == "down"
        assert "too slow" in readiness.detail
        async with asyncio.timeout(10):
            await left.wait()
