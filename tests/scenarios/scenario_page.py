"""The table of scenarios for the documentation, from the catalogue that every run is judged by."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from scenario import Scenario, may_go_elsewhere

from mailsend.model.server import Pipelining
from mailsend.testing.faults import FAULTS

__all__ = ["PAGE", "page"]

PAGE: Final = Path(__file__).parents[2] / "docs" / "reference" / "fault-scenarios.md"

_HEAD: Final = """# Fault scenarios

What becomes of a mail when a server misbehaves. Each scenario is run with a real server on loopback
(`mailsend.testing.ScriptedServer`) and judged by that server's own record: what it took and what it heard. In
every one of them

- who is told *accepted* stands in the record once, and who is told *deferred* or *rejected* does not;
- nothing is sent twice, and nothing that nobody wrote;
- the call ends within the limits of its steps, and what is kept of an endless reply is bounded;
- no content and no log-in goes over a connection that is weaker than the settings ask for;
- the next mail over the same transport is accepted when the server behaves again, but where a wrong log-in has
  to wait, or the fault lies in the setting.

With a second, healthy server behind the first, *deferred* becomes *accepted* there where the last column says
so, and nothing else is ever offered to it.

This page is written by `python tests/scenarios/write_table.py`, which runs all scenarios; a test fails where it
is out of date. {scenarios} scenarios try {faults} faults. A fault's name is what `ScriptedServer(faults=[…])` takes:
`"dot-421:2"` strikes twice, `"dot-421+3"` from the fourth time on.
"""
_COLUMNS: Final = ("Scenario", "Server", "Told", "In its record", "Never seen by it", "Second route")
_LEVELS: Final = {Pipelining.ACROSS: "", Pipelining.WITHIN: "within a mail", Pipelining.OFF: "off"}
_NAMES: Final = {"max_size": "SIZE", "smtputf8": "SMTPUTF8", "certificate": "certificate", "tls": "TLS"}


def page(parts: Mapping[str, Sequence[Scenario]]) -> str:
    """Give the whole page; ``parts`` are the scenarios by the heading that they stand under."""
    scenarios = sum(len(part) for part in parts.values())
    lines = [_HEAD.format(scenarios=scenarios, faults=len(FAULTS))]
    for title, part in parts.items():
        lines += [f"## {title}", "", _row(_COLUMNS), _row("---" for _ in _COLUMNS)]
        lines += [_row(_cells(one)) for one in part]
        lines.append("")
    return "\n".join(lines)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cells(scenario: Scenario) -> Iterator[str]:
    yield _named(scenario)
    yield ", ".join(_set_up(scenario))
    if scenario.mails > 1:
        told = " or ".join(_readable(text) for text in scenario.told)
        yield f"{told}; at least {scenario.least} of {scenario.mails} accepted"
        yield "each as told"
    else:
        yield _each(" or ".join(_readable(one) for one in text.split(" | ")) for text in _told(scenario))
        yield _each(_kept(scenario, place) for place in range(len(scenario.recipients)))
    yield _unseen(scenario)
    yield _each(_elsewhere(text) for text in _told(scenario)) if scenario.mails == 1 else "–"


def _named(scenario: Scenario) -> str:
    fault, comma, rest = scenario.name.partition(",")
    return f"`{fault}`{comma}{rest}" if fault in scenario.faults else scenario.name


def _set_up(scenario: Scenario) -> Iterator[str]:
    if scenario.name.partition(",")[0] not in scenario.faults:
        yield from (f"`{fault}`" for fault in scenario.faults)
    for key, value in scenario.server.items():
        match key:
            case "accounts":
                yield "log-in"
            case "tokens":
                yield "log-in by token"
            case "auth_methods":
                yield f"AUTH {' '.join(value)}"
            case "extensions":
                yield ", ".join(one if len(one) < 40 else f"{one[:12]}…" for one in value) or "no extension"
            case _:
                yield f"{_NAMES[key]} {'no' if value in (False, 0) else value}"
    if level := _LEVELS[scenario.pipelining]:
        yield f"pipelining {level}"
    if scenario.content != "small":
        yield f"{scenario.content} of content"


def _told(scenario: Scenario) -> tuple[str, ...]:
    return scenario.told * len(scenario.recipients) if len(scenario.told) == 1 else scenario.told


def _readable(text: str) -> str:
    outcome, *rest = text.split()
    if not rest:
        return outcome
    fault, reason, *lasting = rest
    return f"{outcome} ({fault}: `{reason}`{', lasting' if lasting else ''})"


def _kept(scenario: Scenario, place: int) -> str:
    due = scenario.taken_each[place]
    if due is None:
        outcomes = {text.partition(" ")[0] for text in scenario.told_each[place]}
        if len(outcomes) > 1:
            return "as told"
        due = outcomes == {"accepted"}
    return "yes" if due else "no"


def _unseen(scenario: Scenario) -> str:
    unseen = [] if scenario.reads_content else ["content"]
    if not scenario.reads_secrets and {"accounts", "tokens"} & set(scenario.server):
        unseen.append("log-in")
    return ", ".join(unseen) or "–"


def _elsewhere(text: str) -> str:
    may = [may_go_elsewhere(one) for one in text.split(" | ")]
    return "–" if text == "accepted" else "yes" if all(may) else "if deferred" if any(may) else "no"


def _each(texts: Iterable[str]) -> str:
    """Say once what holds for all recipients, else for each in turn."""
    several = list(texts)
    return several[0] if len(set(several)) == 1 else "; ".join(several)
