"""What the machine lets the tests run: services that may be missing, and the table of contracts.

Services: a test, or the fixture that it uses, asks for one with
`require("PostgreSQL", found=..., remedy=...)`. Where it is missing the test is skipped, and the
end of the run lists what was missing. Where `REQUIRE_SERVICES=1`, as on CI, every skip is a
failure.

Contracts: each module of `tests/contract` is the suite of one port. Its tests take a parameter
named `adapter` whose values are the names of the adapters, directly or through a fixture:

    ADAPTERS = {"MemoryVectorIndex": in_memory, "ChromaVectorIndex on disk": on_disk}

    @pytest.fixture(params=ADAPTERS)
    def adapter(request):
        return request.param

The end of the run shows, suite by adapter, how many tests ran. Where `REQUIRE_SERVICES=1` and the
whole of `tests/contract` was asked for, an adapter without a test that ran fails the run.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

pytest_plugins = ["pytester"]

CONTRACTS = Path(__file__).parent / "contract"
NO_ADAPTER = "takes no `adapter`"

Cell = tuple[str, str]
"""The name of a suite and of an adapter."""


class Require(Protocol):
    """Skip the test unless a service was found; `remedy` says how to get the service."""

    def __call__(self, service: str, *, found: bool, remedy: str) -> None: ...


def services_are_required() -> bool:
    """Return whether a missing service is a failure, as on CI."""
    return os.environ.get("REQUIRE_SERVICES") == "1"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ollama", metavar="URL", help="also run the tests marked live_ollama, against this server"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Services(config), "services")
    config.pluginmanager.register(ContractTable(), "contract-table")


@pytest.fixture(scope="session")
def require(request: pytest.FixtureRequest) -> Require:
    """Return the function by which a test asks for a service."""
    services = request.config.pluginmanager.get_plugin("services")
    assert isinstance(services, Services)
    return services.require


@pytest.fixture(scope="session")
def ollama_url(pytestconfig: pytest.Config) -> str:
    """Return the address of the live Ollama; for tests marked `live_ollama` only."""
    url = pytestconfig.getoption("--ollama")
    assert isinstance(url, str), "mark the test with pytest.mark.live_ollama"
    return url


class Services:
    """Skips what lacks a service, or fails it where services are required, and lists both."""

    def __init__(self, config: pytest.Config) -> None:
        self._ollama_is_live = config.getoption("--ollama") is not None
        self._missing: dict[str, str] = {}
        self._not_live = 0

    def require(self, service: str, *, found: bool, remedy: str) -> None:
        if not found:
            self._missing[service] = remedy
            pytest.skip(f"{service} is missing: {remedy}")

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if self._ollama_is_live:
            return
        kept = [item for item in items if item.get_closest_marker("live_ollama") is None]
        self._not_live = len(items) - len(kept)
        items[:] = kept

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        report = yield
        _fail_if_skipped(report)
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self,
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        report = yield
        _fail_if_skipped(report)
        return report

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._missing:
            terminalreporter.section("missing services")
        for service, remedy in sorted(self._missing.items()):
            terminalreporter.write_line(f"{service}: {remedy}")
        if self._not_live:
            terminalreporter.write_line(
                f"{self._not_live} tests need a live Ollama: pass --ollama URL to run them"
            )


def _fail_if_skipped(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where services are required; an expected failure stays one."""
    if report.skipped and services_are_required() and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"{reason}\n(a skip is a failure where REQUIRE_SERVICES=1)"


class ContractTable:
    """Counts the tests that ran, suite by adapter, and fails a whole run with an empty cell."""

    def __init__(self) -> None:
        self._cells: dict[str, Cell] = {}  # by the id of the test
        self._ran: Counter[Cell] = Counter()
        self._is_whole = True

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        if any(_is_contract(item) for item in items):
            self._is_whole = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        items = [item for item in session.items if _is_contract(item)]
        for item in items:
            adapter = _adapter(item)
            if adapter is not None:
                self._cells[item.nodeid] = item.path.stem.removeprefix("test_"), adapter
        filled = {suite for suite, _ in self._cells.values()}
        suites = {item.path.stem.removeprefix("test_") for item in items}
        self._ran.update(dict.fromkeys(self._cells.values(), 0))
        self._ran.update({(suite, NO_ADAPTER): 0 for suite in suites - filled})
        self._is_whole &= (
            bool(items)
            and not session.config.option.collectonly
            and not any("::" in argument for argument in session.config.args)
            and {item.path for item in items} == set(CONTRACTS.glob("test_*.py"))
        )

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" and not report.skipped and report.nodeid in self._cells:
            self._ran[self._cells[report.nodeid]] += 1

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if self._is_broken() and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if not self._ran:
            return
        terminalreporter.section("contracts: tests run")
        widths = [max(len(name) for name in names) + 2 for names in zip(*self._ran, strict=True)]
        for (suite, adapter), ran in sorted(self._ran.items()):
            line = f"{suite:<{widths[0]}}{adapter:<{widths[1]}}{ran or 'none':>5}"
            terminalreporter.write_line(line, red=not ran)
        if self._is_broken():
            terminalreporter.write_line(
                "An adapter without a test that ran is a failure where REQUIRE_SERVICES=1.",
                red=True,
            )

    def _is_broken(self) -> bool:
        return self._is_whole and services_are_required() and not all(self._ran.values())


def _is_contract(item: pytest.Item) -> bool:
    return CONTRACTS in item.path.parents


def _adapter(item: pytest.Item) -> str | None:
    """Return the name of the adapter that a test is run over, if it is run over one."""
    callspec = getattr(item, "callspec", None)
    if callspec is None or "adapter" not in callspec.params:
        return None
    value = callspec.params["adapter"]
    return value if isinstance(value, str) else str(callspec.id)
