"""The fake Ollama behaves as the real one: spoken to by bare HTTP and by Ollama's own client."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import httpx
import ollama
import pytest

from tests.conversations import prompt_of
from tests.fake_ollama import Behaviour, FakeOllama, Refusal, in_thread

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

MODEL = "llama3.2:3b"
CHAT = [{"role": "user", "content": prompt_of("When?", "On Friday. Or later.", "No.").user}]
HELLO = [{"role": "user", "content": "Hello?"}]


@pytest.fixture
async def server() -> AsyncGenerator[FakeOllama, None]:
    async with FakeOllama() as server:
        yield server


@pytest.fixture
async def http(server: FakeOllama) -> AsyncGenerator[httpx.AsyncClient, None]:
    async with httpx.AsyncClient(base_url=server.url) as client:
        yield client


@pytest.fixture
async def client(server: FakeOllama) -> AsyncGenerator[ollama.AsyncClient, None]:
    async with ollama.AsyncClient(server.url) as client:
        yield client


async def lines(http: httpx.AsyncClient, **body: object) -> list[dict[str, object]]:
    """Chat by bare HTTP and return the lines of the answer."""
    response = await http.post("/api/chat", json={"model": MODEL, "messages": CHAT, **body})
    assert response.status_code == 200
    return [json.loads(line) for line in response.text.splitlines()]


async def refusal(http: httpx.AsyncClient, path: str, body: object) -> tuple[int, str]:
    response = await http.post(path, json=body)
    return response.status_code, response.json()["error"]


# Chat


async def test_an_answer_is_lines_of_json_and_cites_the_first_excerpt(
    http: httpx.AsyncClient,
) -> None:
    *pieces, last = await lines(http)
    texts = [piece["message"]["content"] for piece in pieces]  # type: ignore[index]
    assert texts == ["On", " Friday.", " [1]"]
    assert not any(piece["done"] for piece in pieces)
    assert last["done"] is True
    assert last["done_reason"] == "stop"
    assert last["eval_count"] == 3


async def test_the_answer_has_the_media_type_of_ndjson(http: httpx.AsyncClient) -> None:
    response = await http.post("/api/chat", json={"model": MODEL, "messages": CHAT})
    assert response.headers["content-type"] == "application/x-ndjson"


async def test_an_answer_can_be_had_whole(client: ollama.AsyncClient) -> None:
    answer = await client.chat(MODEL, CHAT, stream=False)
    assert answer.message.content == "On Friday. [1]"
    assert answer.done_reason == "stop"


async def test_the_client_reads_the_stream(client: ollama.AsyncClient) -> None:
    pieces = [piece async for piece in await client.chat(MODEL, CHAT, stream=True)]
    assert "".join(piece.message.content or "" for piece in pieces) == "On Friday. [1]"
    assert pieces[-1].prompt_eval_count


async def test_without_excerpts_it_says_that_the_messages_say_nothing(
    client: ollama.AsyncClient,
) -> None:
    assert (await client.chat(MODEL, HELLO)).message.content == "The messages do not say."


async def test_the_answer_is_whatever_the_test_wants(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    server.answer = lambda chat: chat[-1]["content"].upper()
    assert (await client.chat(MODEL, HELLO)).message.content == "HELLO?"


async def test_num_predict_ends_the_answer_and_says_so(client: ollama.AsyncClient) -> None:
    answer = await client.chat(MODEL, CHAT, options={"num_predict": 2})
    assert answer.message.content == "On Friday."
    assert answer.done_reason == "length"
    assert answer.eval_count == 2


async def test_what_exceeds_the_context_is_lost_and_nobody_is_told(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    server.answer = lambda chat: "|".join(message["content"] for message in chat)
    instructions = {"role": "system", "content": "instructions"}
    chat = [instructions, {"role": "user", "content": "x" * 400}]
    answer = await client.chat(MODEL, chat, options={"num_ctx": 100})
    assert answer.message.content == "x" * 400  # the older message is gone
    answer = await client.chat(MODEL, chat, options={"num_ctx": 50})
    assert answer.message.content == "x" * 100  # and then half of the context
    assert answer.prompt_eval_count == 25


async def test_an_empty_chat_loads_the_model_and_without_keep_alive_unloads_it(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    loaded = await client.chat(MODEL, [], options={"num_ctx": 512}, keep_alive=-1)
    assert loaded.done_reason == "load"
    (running,) = (await client.ps()).models
    assert (running.model, running.context_length) == (MODEL, 512)
    unloaded = await client.chat(MODEL, [], keep_alive=0)
    assert unloaded.done_reason == "unload"
    assert not (await client.ps()).models
    assert server.models.loads == 1


async def test_a_change_of_a_load_option_loads_the_model_again(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    for num_ctx in (512, 512, 1024):
        await client.chat(MODEL, HELLO, options={"num_ctx": num_ctx, "temperature": num_ctx})
    assert server.models.loads == 2


# Refusals


async def test_a_missing_model_is_not_found(http: httpx.AsyncClient) -> None:
    asked = {"model": "no-such", "messages": CHAT}
    assert await refusal(http, "/api/chat", asked) == (404, "model 'no-such' not found")


async def test_a_wrong_path_is_not_found_in_plain_text(http: httpx.AsyncClient) -> None:
    response = await http.get("/v0/chat")
    assert (response.status_code, response.text) == (404, "404 page not found")


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({"messages": CHAT}, "model is required"),
        ({"model": "all-minilm", "messages": CHAT}, '"all-minilm" does not support chat'),
        ({"model": MODEL, "think": True}, f'"{MODEL}" does not support thinking'),
        ({"model": MODEL, "keep_alive": "30"}, 'time: missing unit in duration "30"'),
        ({"model": MODEL, "keep_alive": "soon"}, 'time: invalid duration "soon"'),
        ({"model": MODEL, "options": [1]}, "invalid options or messages"),
        ([1], "invalid JSON"),
    ],
)
async def test_a_request_that_is_wrong_is_refused(
    http: httpx.AsyncClient, body: object, text: str
) -> None:
    assert await refusal(http, "/api/chat", body) == (400, text)


async def test_what_is_no_http_closes_the_connection(server: FakeOllama) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"\x16\x03\x01\x00\xa5 not http\r\n\r\n")
    assert await reader.read() == b""
    writer.close()


async def test_any_refusal_can_be_ordered(server: FakeOllama, http: httpx.AsyncClient) -> None:
    server.behaviour = Behaviour(refusal=Refusal.error(500, "cudaMalloc failed: out of memory"))
    assert await refusal(http, "/api/chat", {}) == (500, "cudaMalloc failed: out of memory")
    assert (await http.get("/api/tags")).status_code == 200


async def test_a_full_queue_refuses_at_once(server: FakeOllama, http: httpx.AsyncClient) -> None:
    server.max_queue = 1
    server.behaviour = Behaviour(stall_after=1)
    waiting = [asyncio.create_task(lines(http)) for _ in range(2)]
    await server.until(lambda: server.under_way == 2)
    asked = {"model": MODEL, "messages": CHAT}
    assert await refusal(http, "/api/chat", asked) == (
        503,
        "server busy, please try again.  maximum pending requests exceeded",
    )
    server.resume()
    assert all(answer[-1]["done"] for answer in await asyncio.gather(*waiting))
    assert server.under_way == 0


# Breaking


async def test_an_answer_can_stall_and_go_on(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    server.behaviour = Behaviour(stall_after=1)
    pieces = aiter(await client.chat(MODEL, CHAT, stream=True))
    assert (await anext(pieces)).message.content == "On"
    server.resume()
    assert [piece.message.content async for piece in pieces] == [" Friday.", " [1]", ""]


async def test_an_answer_can_break_off(server: FakeOllama, client: ollama.AsyncClient) -> None:
    server.behaviour = Behaviour(drop_after=1)
    pieces = aiter(await client.chat(MODEL, CHAT, stream=True))
    assert (await anext(pieces)).message.content == "On"
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await anext(pieces)


async def test_an_answer_can_end_without_its_last_line(
    server: FakeOllama, http: httpx.AsyncClient
) -> None:
    server.behaviour = Behaviour(end_after=2)
    assert [line["done"] for line in await lines(http)] == [False, False]


async def test_an_error_can_come_in_the_middle(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    server.behaviour = Behaviour(insert=(1, '{"error": "the runner has died"}'))
    pieces = aiter(await client.chat(MODEL, CHAT, stream=True))
    assert (await anext(pieces)).message.content == "On"
    with pytest.raises(ollama.ResponseError, match="the runner has died") as raised:
        await anext(pieces)
    assert raised.value.status_code == -1


async def test_the_first_chats_can_go_otherwise_than_the_rest(
    server: FakeOllama, http: httpx.AsyncClient
) -> None:
    server.first = [Behaviour(end_after=0), Behaviour(end_after=1)]
    assert [len(await lines(http)) for _ in range(3)] == [0, 1, 4]


async def test_figures_of_the_last_line_can_be_changed_and_left_out(
    server: FakeOllama, http: httpx.AsyncClient
) -> None:
    server.behaviour = Behaviour(final={"prompt_eval_count": None, "eval_count": 7})
    last = (await lines(http))[-1]
    assert "prompt_eval_count" not in last
    assert last["eval_count"] == 7


async def test_a_client_that_leaves_is_noticed_and_the_next_one_is_served(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    server.behaviour = Behaviour(stall_after=0)
    leaving = asyncio.ensure_future(client.chat(MODEL, CHAT))
    await server.until(lambda: server.under_way == 1)
    leaving.cancel()
    await server.until(lambda: server.cancelled == 1)
    assert server.under_way == 0
    server.behaviour = Behaviour()
    assert (await client.chat(MODEL, CHAT)).message.content == "On Friday. [1]"
    assert server.cancelled == 1


# The rest


async def test_the_installed_models_are_listed(client: ollama.AsyncClient) -> None:
    listed = (await client.list()).models
    assert [model.model for model in listed] == [MODEL, "all-minilm:latest"]
    assert all(model.digest and model.size for model in listed)


async def test_a_model_tells_its_capabilities_and_context(client: ollama.AsyncClient) -> None:
    shown = await client.show(MODEL)
    assert shown.capabilities == ["completion"]
    assert shown.modelinfo is not None
    assert shown.modelinfo["fake.context_length"] == 131_072


async def test_a_pulled_model_arrives_with_progress(client: ollama.AsyncClient) -> None:
    steps = [step async for step in await client.pull("qwen2.5:0.5b", stream=True)]
    assert [step.status for step in steps][-1] == "success"
    assert any(step.total and step.completed == step.total for step in steps)
    assert (await client.chat("qwen2.5:0.5b", HELLO)).done


async def test_a_model_that_nobody_knows_cannot_be_pulled(client: ollama.AsyncClient) -> None:
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        [step async for step in await client.pull("unknown", stream=True)]


async def test_texts_that_share_words_have_near_vectors(client: ollama.AsyncClient) -> None:
    texts = ["restart the gateway", "please restart the gateway", "bananas are yellow"]
    one, near, far = (await client.embed("all-minilm", texts)).embeddings

    def cosine(other: Sequence[float]) -> float:
        return sum(a * b for a, b in zip(one, other, strict=True))

    assert cosine(one) == pytest.approx(1)
    assert cosine(near) > 0.7
    assert cosine(far) < 0.3


async def test_a_text_too_long_to_embed_is_cut_or_refused(client: ollama.AsyncClient) -> None:
    kept = await client.embed("all-minilm", "x " * 512)
    assert (await client.embed("all-minilm", "x " * 5_000)).embeddings == kept.embeddings
    with pytest.raises(ollama.ResponseError, match="exceeds the context length"):
        await client.embed("all-minilm", "x " * 5_000, truncate=False)


async def test_it_says_its_version_and_that_it_runs(http: httpx.AsyncClient) -> None:
    assert (await http.get("/api/version")).json() == {"version": "0.33.0"}
    assert (await http.get("/")).text == "Ollama is running"
    assert (await http.head("/")).status_code == 200


async def test_one_connection_serves_many_requests(
    server: FakeOllama, client: ollama.AsyncClient
) -> None:
    for _ in range(3):
        await client.chat(MODEL, CHAT)
    assert len(server.asked("/api/chat")) == 3
    assert server.connections == 1


async def test_a_stopped_server_lets_go_of_everybody() -> None:
    async with FakeOllama(behaviour=Behaviour(stall_after=0)) as server:
        client = ollama.AsyncClient(server.url)
        waiting = asyncio.ensure_future(client.chat(MODEL, CHAT))
        await server.until(lambda: server.under_way == 1)
    async with client:
        with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            await waiting
        with pytest.raises(ConnectionError):
            await client.list()


def test_it_serves_code_that_blocks_from_a_thread() -> None:
    with in_thread() as server, ollama.Client(server.url) as client:
        assert client.chat(MODEL, CHAT).message.content == "On Friday. [1]"


def test_it_serves_other_processes_as_a_process() -> None:
    command = [sys.executable, "-m", "tests.fake_ollama", "--model", "qwen2.5:0.5b"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        with ollama.Client(process.stdout.readline().strip()) as client:
            answer = client.chat("qwen2.5:0.5b", CHAT)
        process.terminate()
    assert answer.message.content == "On Friday. [1]"
