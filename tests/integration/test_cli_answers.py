"""The commands search and ask, for one question and for many."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from app.domain.model import snowflake_time
from tests.exports import export, id_of, message, message_id, user, write
from tests.fake_ollama import in_thread
from tests.integration.program import DONE, FAILED, WRONG_USAGE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.program import Program

URL = f"https://discord.com/channels/{id_of('Testers')}/{id_of('general')}/{message_id(600)}"
ANSWER_KEYS = (
    "answer",
    "success",
    "grounded",
    "degraded",
    "reason",
    "citations",
    "model_used",
    "tokens_used",
    "response_time",
    "cached",
    "messages_retrieved",
    "window",
    "error",
)


def test_a_result_says_where_it_stands_and_why(library: Program) -> None:
    found = library.json("search", "printer paper", "--at", "2024-01-20", "--limit", "3")
    assert len(found["results"]) == 3
    best, second = found["results"][:2]
    assert best.pop("score") > second["score"]
    assert 0.3 < best.pop("similarity") <= 1
    assert best.pop("recency") == pytest.approx(1 - 4 / 30)
    assert best == {
        "message_id": str(message_id(600)),
        "channel_id": str(id_of("general")),
        "guild_id": str(id_of("Testers")),
        "channel": "general",
        "author": "carol",
        "timestamp": "2024-01-15T22:00:00+00:00",
        "content": "The printer on the second floor is out of paper again.",
        "url": URL,
    }
    assert found["window"] == {"after": None, "before": "2024-01-20T00:00:00.001000+00:00"}


def test_the_time_that_a_question_names_is_its_window(library: Program) -> None:
    question = "what was said on 15 January 2024"
    found = library.json("search", question, "--timezone", "Asia/Tokyo")
    assert found["window"] == {
        "after": "2024-01-14T15:00:00+00:00",
        "before": "2024-01-15T15:00:00+00:00",
    }
    moments = [result["timestamp"] for result in found["results"]]
    assert moments
    assert all("2024-01-14T15" <= moment < "2024-01-15T15" for moment in moments)
    assert library.json("ask", question, "--timezone", "Asia/Tokyo")["window"] == found["window"]
    narrowed = library.json("search", question, "--before", "2024-01-15 12:00")
    assert narrowed["window"] == {
        "after": "2024-01-15T00:00:00+00:00",
        "before": "2024-01-15T12:00:00+00:00",
    }
    shown = library.done("ask", question, "--explain").out
    assert "Time: from 2024-01-15 00:00 before 2024-01-16 00:00" in shown


def test_people_read_results_with_the_time_of_their_zone(library: Program) -> None:
    finished = library.done("search", "printer paper", "--limit", "1", "--timezone", "Asia/Tokyo")
    first, text, url = finished.out.splitlines()
    assert "carol in #general, 2024-01-16 07:00" in first
    assert "out of paper" in text
    assert url.strip() == URL
    nothing = library.done("search", "printer", "--before", "2020-01-01")
    assert nothing.out == "No message matches.\n"


def test_an_answer_tells_programs_everything(library: Program) -> None:
    answer = library.json("ask", "Who is out of printer paper?", "--guild", "Testers")
    assert tuple(answer) == ANSWER_KEYS
    assert answer["success"]
    assert answer["grounded"]
    assert answer["error"] is answer["window"] is answer["tokens_used"] is None
    assert answer["model_used"] == "extractive"
    assert 0 < answer["response_time"] < 60
    assert answer["messages_retrieved"] == 8
    [cited] = [c for c in answer["citations"] if c["message_id"] == str(message_id(600))]
    assert f"[{cited['number']}]" in answer["answer"]
    assert cited["url"] == URL
    assert cited["author"] == "carol"
    assert cited["timestamp"] == "2024-01-15T22:00:00+00:00"
    assert "out of paper" in cited["excerpt"]


def test_a_question_without_evidence_is_answered_honestly(library: Program) -> None:
    answer = library.json("ask", "printer paper", "--before", "2020-01-01")
    assert (answer["success"], answer["grounded"]) == (True, False)
    assert answer["citations"] == []
    assert answer["window"] == {"after": None, "before": "2020-01-01T00:00:00+00:00"}
    assert answer["answer"]


def test_on_a_pipe_people_get_the_answer_then_its_sources_with_addresses(library: Program) -> None:
    finished = library.done("ask", "Who is out of printer paper?")
    answer, _, sources = finished.out.partition("\n\n[")
    assert "out of paper" in answer
    assert URL in sources
    assert "carol in #general, 2024-01-15 22:00" in sources
    assert finished.out.splitlines()[-1].startswith("Based on")
    assert "\x1b" not in finished.out


def test_an_answer_and_its_sources_tell_the_same_time(library: Program) -> None:
    question = ("ask", "Who is out of printer paper?", "--timezone", "Asia/Tokyo")
    answer, _, sources = library.done(*question).out.partition("\n\n[")
    assert "carol, 2024-01-16 07:00 in #general" in answer
    assert "carol in #general, 2024-01-16 07:00" in sources


def test_what_was_quoted_is_not_repeated_below(library: Program) -> None:
    finished = library.done("ask", "Who is out of printer paper?")
    assert finished.out.count("out of paper") == 1
    _, _, sources = finished.out.partition("\n\n[")
    number, _, rest = sources.partition("] ")
    assert number.isdecimal()
    assert "carol in #general, 2024-01-15 22:00\n    " + URL in rest
    cited = library.json("ask", "Who is out of printer paper?")["citations"]
    assert f"{len(cited)} of them quoted" in finished.out


def test_sources_of_a_model_say_what_stands_in_them(library: Program) -> None:
    with in_thread() as ollama:
        ollama.answer = lambda _: "Carol said so [1]."
        settings = {"LLM_BACKEND": "ollama", "OLLAMA_HOST": ollama.url}
        asked = ("ask", "Who is out of printer paper?", "--author", "carol")
        finished = evolve(library, settings=settings).done(*asked)
    assert "[1] carol in #general, 2024-01-15 22:00 — The printer on the second" in finished.out
    assert "Based on 1 message • " in finished.out


def test_without_a_model_a_note_says_why_in_one_sentence(library: Program) -> None:
    settings = {"LLM_BACKEND": "auto", "OLLAMA_HOST": "http://127.0.0.1:9"}
    finished = evolve(library, settings=settings).done("ask", "Who is out of printer paper?")
    assert finished.out.splitlines()[-1] == (
        "Note: answered with quotes, because no Ollama answers at http://127.0.0.1:9"
        " (`discord-indexer doctor` says what to do)."
    )


def test_an_explanation_shows_what_was_searched_given_and_left_out(
    program: Program, tmp_path: Path
) -> None:
    said = [message(n, "The deploy key expires on Friday.") for n in range(3)]
    said += [message(9, "🎉" * 3), message(10, "A deploy needs the key of the month.")]
    write(tmp_path / "exports/general.json", export(said))
    program.done("import", tmp_path / "exports")
    question = ("ask", "When does the deploy key expire?", "--after", "2024-01-01")
    shown = program.done(*question, "--explain").out
    assert "from 2024-01-01 00:00" in shown
    assert "deploy" in shown
    assert "BEGIN EXCERPTS" in shown
    assert shown.count("says the same as rank 1") == 2
    explained = program.json(*question, "--explain")["explanation"]
    assert explained["window"]["after"] == "2024-01-01T00:00:00+00:00"
    best = explained["found"][0]
    parts = (best["meaning"], best["conversation"], *best["signals"].values())
    assert best["score"] == pytest.approx(sum(parts))
    assert best["signals"]["coverage"] > 0
    assert best["number"] is not None
    assert "Question: When does the deploy key expire?" in explained["prompt"]["user"]


def test_an_explanation_shows_what_stood_beside_the_messages_found(
    program: Program, tmp_path: Path
) -> None:
    said = [message(1, "When does the deploy key expire?"), message(2, "On Friday, as always.")]
    write(tmp_path / "exports/general.json", export(said))
    program.done("import", tmp_path / "exports")
    question = ("ask", "deploy key expire", "--max-results", "1", "--explain")
    assert "(beside rank 1)" in program.done(*question).out
    explanation = program.json(*question)["explanation"]
    found, (beside,) = explanation["found"], explanation["others_given"]
    assert [each["message_id"] for each in found] == [beside["beside"]]
    assert {found[0]["number"], beside["number"]} == {1, 2}


def test_nothing_in_a_message_steers_the_terminal(program: Program, tmp_path: Path) -> None:
    evil = "printer \x1b[2J\x1b]0;pwned\x07 paper \u202egnp.exe\u202c \x9b31m"
    mallory = user("mallory", nickname="\x1b[31mAdmin")
    said = [message(1, evil) | {"author": mallory}]
    write(tmp_path / "general.json", export(said, guild={"id": "5", "name": "\x1b[5mGuild"}))
    outputs = [
        program.done("import", tmp_path / "general.json"),
        program.done("search", "printer paper"),
        program.done("ask", "printer paper", "--explain"),
        program.done("status"),
    ]
    for finished in outputs:
        assert not {"\x1b", "\x07", "\x9b", "\u202e"} & set(finished.out + finished.err)
    results = program.json("search", "printer paper")["results"]
    assert "printer" in results[0]["content"]


def test_a_batch_answers_each_line_as_of_its_own_now(library: Program, tmp_path: Path) -> None:
    early = snowflake_time(message_id(6)).isoformat()
    lines = [
        {"query_id": "a", "query": "release", "guild_id": str(id_of("Testers"))},
        {"query_id": "b", "query": "release", "guild": "Testers", "asked_at": early},
        {"query_id": 3, "query": "release", "guild_id": id_of("Elsewhere"), "kind": "lexical"},
    ]
    file = tmp_path / "queries.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)) + "\n\n", encoding="utf-8")
    finished = library.done("search", "--batch", file, "--limit", "4")
    a, b, c = map(json.loads, finished.out.splitlines())
    assert set(a) == {"query_id", "ranked", "seconds", "seconds_embedding"}
    assert a["query_id"] == "a"
    assert len(a["ranked"]) == 4
    assert set(b["ranked"]) == {str(message_id(0)), str(message_id(5))}
    assert c == c | {"query_id": 3, "ranked": [str(message_id(7))]}
    assert a["seconds"] >= a["seconds_embedding"] >= 0
    asked = library.run("ask", "--batch", "-", "--limit", "4", typed=json.dumps(lines[1]))
    [b] = map(json.loads, asked.out.splitlines())
    assert asked.code == DONE
    assert tuple(b["ask"]) == ANSWER_KEYS
    assert {c["message_id"] for c in b["ask"]["citations"]} <= set(b["ranked"])


def test_one_bad_line_of_a_batch_spoils_no_other(library: Program) -> None:
    lines = [
        "{broken",
        "[]",
        '{"query_id": "c", "query": "printer", "guild": "nowhere"}',
        '{"query_id": "d", "query": 5}',
        '{"query_id": "e", "query": "printer", "asked_at": "soon"}',
        '{"query_id": "f", "query": "printer", "guild_id": 0}',
        "[" * 100_000,
        json.dumps({"query_id": "h", "query": "printer", "note": "x" * 1_000_000}),
        '{"query_id": "g", "query": "printer"}',
        "x" * 100_001,
    ]
    finished = library.run("search", "--batch", "-", typed="\n".join(lines))
    assert finished.code == FAILED
    assert "9 lines" in finished.sentence
    *bad, good, last = map(json.loads, finished.out.splitlines())
    assert good["ranked"][0] == str(message_id(600))
    assert [line["query_id"] for line in bad] == [None, None, "c", "d", "e", "f", None, None]
    assert bad[7]["error"] == "line 8: this is longer than 100,000 characters"
    assert last["error"] == "line 10: this is longer than 100,000 characters"
    assert "longer" not in bad[6]["error"]
    assert "line 1" in bad[0]["error"]
    assert "nowhere" in bad[2]["error"]
    assert "soon" in bad[4]["error"]


def test_a_batch_that_cannot_be_read_is_named(library: Program, tmp_path: Path) -> None:
    finished = library.run("ask", "--batch", tmp_path / "none.jsonl")
    assert finished.code == FAILED
    assert "none.jsonl" in finished.sentence


def test_an_ambiguous_author_is_wrong_usage_that_lists_the_ids(library: Program) -> None:
    finished = library.run("ask", "Does my build work?", "--author", "Sam")
    assert finished.code == WRONG_USAGE
    assert str(id_of("sam1")) in finished.sentence
    assert str(id_of("sam2")) in finished.sentence


def test_a_question_needs_no_quotes(library: Program) -> None:
    quoted = library.json("search", "printer paper", "--limit", 3)
    assert library.json("search", "printer", "paper", "--limit", 3) == quoted
