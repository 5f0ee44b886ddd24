"""The report on services and contracts, run on small projects made for the purpose."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tests.conftest

if TYPE_CHECKING:
    from collections.abc import Mapping

SUITE = """
    import pytest

    @pytest.fixture(params=["MemoryArchive", "SqlArchive"])
    def adapter(request, require):
        if request.param == "SqlArchive":
            require("PostgreSQL", found={found}, remedy="apt install postgresql")
        return request.param

    def test_it_stores(adapter): pass
    def test_it_forgets(adapter): pass
"""
LIVE = """
    import pytest

    @pytest.mark.live_ollama
    def test_it_answers(ollama_url):
        assert ollama_url == "http://localhost:11434"

    def test_it_needs_nothing(): pass
"""


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """Return an empty project that has the conftest under test."""
    monkeypatch.delenv("REQUIRE_SERVICES", raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # none is needed; loading takes long
    pytester.makeconftest(Path(tests.conftest.__file__).read_text(encoding="utf-8"))
    pytester.makeini("[pytest]\nmarkers =\n    live_ollama: needs --ollama\n")
    return pytester


def write(project: pytest.Pytester, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = project.path / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(line[4:] for line in text.splitlines()), encoding="utf-8")


def test_the_table_counts_the_tests_of_every_adapter(project: pytest.Pytester) -> None:
    write(project, {"contract/test_archive": SUITE.format(found=True)})
    result = project.runpytest()
    result.stdout.fnmatch_lines(
        ["*contracts: tests run*", "archive  MemoryArchive      2", "archive  SqlArchive         2"]
    )
    assert result.ret == pytest.ExitCode.OK


def test_a_missing_service_skips_and_is_listed(project: pytest.Pytester) -> None:
    write(project, {"contract/test_archive": SUITE.format(found=False)})
    result = project.runpytest()
    result.assert_outcomes(passed=2, skipped=2)
    result.stdout.fnmatch_lines(["*missing services*", "PostgreSQL: apt install postgresql"])
    result.stdout.fnmatch_lines(["archive  SqlArchive      none"])
    assert result.ret == pytest.ExitCode.OK


def test_a_missing_service_fails_where_services_are_required(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    write(project, {"contract/test_archive": SUITE.format(found=False)})
    result = project.runpytest()
    result.assert_outcomes(passed=2, errors=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "skip",
    [
        '    import pytest\n    pytest.importorskip("no_such_module")',
        '    import pytest\n    pytestmark = pytest.mark.skip("later")\n    def test_it(): pass',
        '    import pytest\n    def test_it(): pytest.skip("later")',
    ],
    ids=["of a module", "by a mark", "inside a test"],
)
def test_any_skip_fails_where_services_are_required(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, skip: str
) -> None:
    write(project, {"unit/test_one": skip})
    assert project.runpytest().ret in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    result = project.runpytest()
    assert result.ret in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}
    result.stdout.fnmatch_lines(["*a skip is a failure where REQUIRE_SERVICES=1*"])


def test_an_expected_failure_is_no_skip(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    test = "    import pytest\n    @pytest.mark.xfail\n    def test_it(): assert False"
    write(project, {"unit/test_one": test})
    project.runpytest().assert_outcomes(xfailed=1)


EMPTY_CELL = """
    import pytest

    @pytest.mark.parametrize("adapter", ["MemoryIndex", "ChromaIndex"])
    def test_it_finds(adapter): pass

    def test_it_says_what_it_is(): pass
"""
NO_CELL = """
    def test_it_ticks(): pass
"""


def test_a_suite_without_adapters_fails_a_whole_run_on_ci_only(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, {"contract/test_clock": NO_CELL, "contract/test_index": EMPTY_CELL})
    assert project.runpytest().ret == pytest.ExitCode.OK
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    result = project.runpytest()
    result.stdout.fnmatch_lines(["clock  takes no `adapter`   none", "An adapter without a test*"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_an_adapter_whose_tests_are_all_expected_to_fail_is_an_empty_cell(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    broken = 'pytest.param("ChromaIndex", marks=pytest.mark.xfail(run=False))'
    write(project, {"contract/test_index": EMPTY_CELL.replace('"ChromaIndex"', broken)})
    result = project.runpytest()
    result.stdout.fnmatch_lines(["index  ChromaIndex   none", "index  MemoryIndex      1"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


@pytest.mark.parametrize(
    "arguments",
    [
        ["contract/test_index.py"],
        ["-k", "not clock"],
        ["contract/test_index.py::test_it_finds", "contract/test_clock.py"],
        ["--collect-only"],
    ],
    ids=["one suite", "a selection", "one test", "only collected"],
)
def test_a_part_of_the_contracts_may_leave_cells_empty(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, arguments: list[str]
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    write(project, {"contract/test_clock": NO_CELL, "contract/test_index": EMPTY_CELL})
    assert project.runpytest(*arguments).ret == pytest.ExitCode.OK


def test_a_live_ollama_is_asked_only_when_it_is_named(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUIRE_SERVICES", "1")
    write(project, {"unit/test_model": LIVE})
    result = project.runpytest("unit")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["1 tests need a live Ollama*"])
    project.runpytest("unit", "--ollama", "http://localhost:11434").assert_outcomes(passed=2)
