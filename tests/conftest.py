"""What every test has: a clean environment, a count that is never zero, and laws with a profile."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent / "helpers"))  # strategies that several rings share

try:
    import hypothesis
except ModuleNotFoundError:  # the acceptance ring has the installed wheel and no more
    pass
else:
    # fast: the same tree gives the same answer. rings: new cases each time.
    hypothesis.settings.register_profile(
        "fast", max_examples=50, deadline=None, derandomize=True, print_blob=True, database=None
    )
    hypothesis.settings.register_profile(
        "rings", max_examples=500, deadline=None, derandomize=False, print_blob=True, database=None
    )
    hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))

try:
    import resource
except ModuleNotFoundError:  # Windows has none
    resource = None

MOST_MEMORY = 6 * 2**30
SETTINGS_OF_OTHERS = ("EMAIL_URL", "MAILER_DSN", "SMTP_")
WITHOUT_SOCKETS = {"unit", "properties"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--ring", default="pytest", help="the name under which the count is printed")


def pytest_configure() -> None:
    """Let hostile input that is not bounded after all fail its test, and not the machine."""
    if resource is not None:
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, hard))


def _passed(reporter: object) -> int:
    return len(getattr(reporter, "stats", {}).get("passed", ()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Make a run red in which nothing passed, were it only skipped tests."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    worker = hasattr(session.config, "workerinput")
    if (
        reporter is not None
        and not worker
        and not session.config.option.collectonly
        and not _passed(reporter)
    ):
        session.exitstatus = session.exitstatus or pytest.ExitCode.NO_TESTS_COLLECTED


def pytest_terminal_summary(terminalreporter: object, config: pytest.Config) -> None:
    if not config.option.collectonly:
        for report in getattr(terminalreporter, "stats", {}).get("passed", ()):
            for name, told in report.user_properties:
                if name == "printed":
                    terminalreporter.write_line(told)
        terminalreporter.write_line(f"{config.getoption('--ring')}: {_passed(terminalreporter)} passed")


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads a setting of the machine that it runs on."""
    for name in list(os.environ):
        if name.startswith(("MAILSEND_", *SETTINGS_OF_OTHERS)):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thought needs no network: in tests/unit and tests/properties a socket is a mistake."""
    ring = Path(request.path).relative_to(Path(__file__).parent).parts[0]
    if ring not in WITHOUT_SOCKETS:
        return

    def refuse(*arguments: object, **more: object) -> None:
        raise AssertionError("this test opened a socket; it belongs to tests/smtp or tests/contracts")

    for name in ("bind", "connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    for name in ("create_connection", "getaddrinfo", "gethostbyname"):
        monkeypatch.setattr(socket, name, refuse)
