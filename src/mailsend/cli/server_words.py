"""Servers told to people and to programs, and the exit codes of what was found."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from mailsend.cli.exits import Exit
from mailsend.cli.output import Output
from mailsend.decide.verdict import Reason
from mailsend.model.log_in_pause import LogInPause
from mailsend.model.server import Server
from mailsend.model.server_options import OPTIONS
from mailsend.model.server_record import ServerRecord
from mailsend.model.words import phrase
from mailsend.transport.probe import Finding, Level, ProbeCode, ProbeReport, ProbeStep, Proposal

__all__ = [
    "exit_of_probe",
    "pause_document",
    "record_document",
    "server_document",
    "tell_probe",
    "tell_record",
    "tell_servers",
    "told_pause",
    "traits_of",
]

_MARKS: Final = {Level.OK: True, Level.WARNING: None, Level.FAILED: False}
_INDENT: Final = 2

_EXITS: Final[Mapping[str, Exit]] = {
    Reason.NAME_MISSING: Exit.NO_HOST,
    Reason.NAME_LOOKUP_FAILED: Exit.TEMPORARY,
    Reason.ADDRESS_FORBIDDEN: Exit.NOT_PERMITTED,
    Reason.CA_FILE_UNREADABLE: Exit.CONFIGURATION,
    Reason.AUTH_NOT_OFFERED: Exit.CONFIGURATION,
    Reason.AUTH_METHOD_NOT_OFFERED: Exit.CONFIGURATION,
    Reason.AUTH_METHOD_UNFIT: Exit.CONFIGURATION,
    Reason.AUTH_IN_CLEAR: Exit.CONFIGURATION,
    Reason.AUTH_TEMPORARY: Exit.TEMPORARY,
    ProbeCode.TEST_MODE: Exit.CONFIGURATION,
    ProbeCode.NOT_ARRIVED: Exit.UNAVAILABLE,
}
_OF_STEP: Final = {
    ProbeStep.CONNECT: Exit.UNAVAILABLE,
    ProbeStep.TLS: Exit.UNAVAILABLE,
    ProbeStep.EHLO: Exit.UNAVAILABLE,
}
_PERMANENT: Final = range(500, 600)
_TRANSIENT: Final = range(400, 500)
_PLAIN: Final = Server()
_STEPS_SHOWN: Final = "%Y-%m-%d %H:%M"


def exit_of_probe(reports: Iterable[ProbeReport]) -> Exit:
    """Give the code for what was found: that of the first failure, 0 where nothing failed."""
    for report in reports:
        for finding in report.failed:
            return _exit_of(finding)
    return Exit.OK


def _exit_of(finding: Finding) -> Exit:
    code = finding.facts.get("reply_code")
    known = _EXITS.get(str(finding.code)) or _OF_STEP.get(finding.step)
    if known in (None, Exit.UNAVAILABLE) and code in _TRANSIENT:
        return Exit.TEMPORARY
    if known is Exit.UNAVAILABLE and code in _PERMANENT:
        return Exit.NOT_PERMITTED
    return known or Exit.NOT_PERMITTED


def tell_probe(output: Output, report: ProbeReport, locale: str) -> None:
    """Say what was found about a server, step by step, and what might be set for it."""
    output.line(f"{report.server}{f' ({report.preset})' if report.preset else ''}", "bold")
    for one in report:
        advice = "" if one.level is Level.OK else one.advise(locale)
        words = (one.explain(locale), *_why_not_trusted(one, report, locale), advice)
        told = f"{one.title(locale)}: {' '.join(filter(None, words))}"
        output.marked(_MARKS[one.level], told, indent=_INDENT)
    if report.proposals:
        output.heading(phrase("probe.proposals", {}, locale))
        for proposal in report.proposals:
            output.line(f"  {_written(proposal)}  ({proposal.because})")


def _why_not_trusted(finding: Finding, report: ProbeReport, locale: str) -> Iterator[str]:
    """Say what is wrong with a certificate that was not trusted: date, name, or who vouches for it."""
    facts = finding.facts
    if finding.level is not Level.FAILED or "name_matches" not in facts:
        return
    wrong = []
    if facts["days"] < 0:
        wrong.append("ended")
    elif datetime.fromisoformat(facts["starts"]) > report.started:
        wrong.append("not_begun")
    if not facts["name_matches"]:
        wrong.append("other_name")
    if facts["issuer"] == facts["subjects"][0]:
        wrong.append("self_signed")
    told = {
        "starts": facts["starts"][:10],
        "ends": facts["ends"][:10],
        "names": ", ".join(facts["names"]) or facts["subjects"][0],
        "host": facts["host"],
    }
    for one in wrong or ["unknown_authority"]:
        yield phrase(f"probe.certificate.{one}", told, locale)


def _written(proposal: Proposal) -> str:
    """Write a proposal as it is to be set: a trait of the server, or a key of the settings."""
    value = proposal.value
    if isinstance(value, bool):
        value = str(value).lower()
    told = f"{proposal.trait}={','.join(value) if isinstance(value, list) else value}"
    return f"--trait {told}" if proposal.trait in OPTIONS else told.replace("=", " = ", 1)


def tell_record(output: Output, record: ServerRecord, then: str = "") -> int:
    """Say how far a server has come, and what is to be done next; give the code of success."""
    output.document(record_document(record))
    output.marked(True, f"{record.name} of {record.customer} is {record.state}.")
    if then:
        output.line(then)
    return Exit.OK


def tell_servers(output: Output, smarthosts: Sequence[Server], records: Sequence[ServerRecord]) -> None:
    """Say which servers there are, in the order in which they are tried."""
    rows = [["-", one.name, "smarthost", ""] for one in smarthosts]
    rows += [[one.customer, one.name, str(one.state), _since(one)] for one in records]
    if not rows:
        output.line("There are no servers.")
        return
    output.table(["CUSTOMER", "SERVER", "STATE", "SINCE (UTC)"], rows)


def _since(record: ServerRecord) -> str:
    if not record.steps:
        return "by the settings" if record.from_rules else ""
    last = record.steps[-1]
    return f"{last.at:{_STEPS_SHOWN}} {last.by}"


def record_document(record: ServerRecord) -> dict[str, Any]:
    """Give a customer's server as a JSON document; neither user nor password stands in it."""
    return {
        "customer": record.customer,
        "name": record.name,
        "position": record.position,
        "state": str(record.state),
        "senders": list(record.senders),
        "from_settings": record.from_rules,
        "steps": [
            {"state": str(one.state), "at": one.at.isoformat(), "by": one.by, "note": one.note}
            for one in record.steps
        ],
        **({} if record.server is None else _server(record.server)),
    }


def server_document(server: Server) -> dict[str, Any]:
    """Give a smarthost as a JSON document."""
    return {"customer": None, "name": server.name, "state": "smarthost", **_server(server)}


def pause_document(pause: LogInPause | None) -> dict[str, Any]:
    """Give what a server's document has besides while no log-in is tried on its account."""
    if pause is None:
        return {}
    until = None if pause.until is None else pause.until.isoformat()
    return {"log_in_pause": {"refused": pause.refused, "since": pause.since.isoformat(), "until": until}}


def told_pause(pause: LogInPause) -> str:
    """Say that the log-in was refused, and when another one is tried."""
    if pause.until is None:
        return "three log-ins were refused; correct the password, or mend the account and run: mailsend server probe"
    return f"the log-in was refused; the next one is tried at {pause.until:{_STEPS_SHOWN}} (UTC)"


def _server(server: Server) -> dict[str, Any]:
    return {
        "kind": str(server.kind),
        "host": server.host,
        "port": server.port,
        "tls": str(server.tls),
        "log_in": server.credentials is not None,
        "traits": traits_of(server),
    }


def traits_of(server: Server) -> dict[str, Any]:
    """Give the options of a server URL that are not as they come."""
    told = {}
    for name in sorted(set(OPTIONS) - {"tls", "dangerous"}):
        value = getattr(server, name)
        if value != getattr(_PLAIN, name):
            told[name] = [str(one) for one in value] if isinstance(value, tuple) else value
    return told
