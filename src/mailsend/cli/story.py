"""Decisions told to people: one line beside the name of each step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from mailsend.cli.output import Output
from mailsend.model.decision import Decision
from mailsend.model.report import Outcome, RecipientResult, Report

__all__ = ["tell_decisions", "tell_report"]

_STEPS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "sender": "Sender",
        "reply_to": "Reply-To",
        "recipients": "Recipients",
        "routes": "Route",
        "return_path": "Bounces",
        "content": "Content",
        "signatures": "Signature",
    },
    "de": {
        "sender": "Absender",
        "reply_to": "Antworten",
        "recipients": "Empfänger",
        "routes": "Weg",
        "return_path": "Rückläufer",
        "content": "Inhalt",
        "signatures": "Signatur",
    },
}


def tell_decisions(
    output: Output, decisions: Iterable[Decision], *, locale: str = "en", indent: int = 0
) -> None:
    """Say each decision in words, in English or German."""
    names = _STEPS["de" if locale.replace("_", "-").partition("-")[0].lower() == "de" else "en"]
    for one in decisions:
        output.labelled(names.get(one.step, one.step), one.explain(locale), indent=indent)


def tell_report(output: Output, report: Report, *, indent: int = 0) -> None:
    """Say what became of each recipient, with the server's reply."""
    for who, one in report.recipients.items():
        good = True if one.outcome is Outcome.ACCEPTED else None if _is_open(one) else False
        output.marked(good, f"{who} {one.outcome}{_by(one)}", indent=indent)


def _is_open(one: RecipientResult) -> bool:
    return one.outcome in (Outcome.DEFERRED, Outcome.HELD, Outcome.PENDING, Outcome.UNKNOWN)


def _by(one: RecipientResult) -> str:
    server = f" by {one.server}" if one.server else ""
    said = one.reply if one.reply is not None else one.reason
    return f"{server}{f' ({said})' if said else ''}"
