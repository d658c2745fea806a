"""Forked, pre-forked and spawned: each process has connections of its own, and disturbs no other's."""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from told_and_taken import eventually

from mailsend.testing import ScriptedServer

PROGRAMS = Path(__file__).parents[1] / "helpers" / "lifetime_programs.py"
KINDS = [
    pytest.param({"tls": "starttls", "accounts": {"ann": "pw"}}, id="with TLS and a log-in"),
    pytest.param({}, id="plain", marks=pytest.mark.rings),
]

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")


@pytest.fixture(params=KINDS)
def server(request: pytest.FixtureRequest) -> Iterator[ScriptedServer]:
    with ScriptedServer(**request.param) as running:
        yield running


def _run(program: str, server: ScriptedServer) -> dict[str, list[int]]:
    """Run it to its end; give the numbers of the connections on which mail of each subject came."""
    ran = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "default::DeprecationWarning",
            str(PROGRAMS),
            program,
            server.url,
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    eventually(lambda: server.open_connections, 0)
    came: dict[str, list[int]] = defaultdict(list)
    for mail in server.messages:
        lines = mail.data.split(b"\r\n")
        subject = next(one for one in lines if one.startswith(b"Subject: "))
        came[subject.removeprefix(b"Subject: ").decode()].append(mail.connection)
    return came


@pytest.mark.parametrize(
    ("program", "from_children", "connections"),
    [  # a Mailer has four connections to a server; the workers of prefork send one mail at a time
        ("child_that_sends", 8, 4 + 4),
        ("child_that_closes", 8, 4 + 4),
        ("child_that_forgets", 0, 4),
        ("both_at_once", 60, 4 + 3 * 4),
        ("in_the_middle_of_an_import", 8, 4 + 4),
        ("loop_with_warm_connections", 8, 4 + 4),
        ("loop_dropped_in_the_child", 0, 4),
        ("prefork", 12, 4 + 4 + 3 * (1 + 2)),
    ],
)
def test_the_parents_warm_connections_stay_the_parents(server, program, from_children, connections) -> None:
    """Children send over connections of their own; the parent goes on with those that it had."""
    came = _run(program, server)

    assert len(came["child"]) == from_children
    assert set(came["child"]).isdisjoint({*came["before"], *came["parent"]})
    assert set(came["parent"]) & set(came["before"])
    assert server.connections <= connections
    assert len(came["before"]) >= 8
    assert len(came["parent"]) in (8, 20)


def test_a_fork_in_the_middle_of_many_sends_leaves_no_lock_behind(server) -> None:
    """Children forked while other threads send can send at once, and the threads notice nothing."""
    came = _run("under_fire", server)

    assert len(came["child"]) == 12
    assert len(set(came["child"])) == 12
    assert set(came["child"]).isdisjoint(came["parent"])


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes_of_multiprocessing_send(server, method) -> None:
    """However multiprocessing starts its processes, the Mailers of a module work in each, and in the parent after."""
    came = _run(f"processes_by_{method}", server)

    assert len(came["child"]) == 8
