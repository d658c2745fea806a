"""Reasons are codes, and every code has words in every language (house, rule 13)."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import string
from enum import StrEnum

import pytest

import mailsend.decide
from mailsend.decide.content import ContentFinding, ContentReason, ContentRefused
from mailsend.decide.last_look import DropReason, HoldReason
from mailsend.decide.notice_to import NoticePassedOver, NoticeReason
from mailsend.decide.recipients import (
    Field,
    RecipientReason,
    RecipientsPassedOver,
    RecipientsReason,
    RecipientsRefused,
)
from mailsend.decide.reply_to import ReplyToFinding, ReplyToPassedOver, ReplyToReason
from mailsend.decide.return_path import ReturnPathFinding, ReturnPathPassedOver, ReturnPathReason
from mailsend.decide.route import (
    RoutePassedOver,
    RoutesReason,
    RoutesRefused,
    SecondLookPassedOver,
    SecondLookReason,
)
from mailsend.decide.sender import SenderPassedOver, SenderReason
from mailsend.decide.server_state import ServerAct, ServerStateRefused
from mailsend.decide.signing import SigningReason
from mailsend.decide.state import Act, MailStateRefused
from mailsend.decide.verdict.causes import CAUSES
from mailsend.mailer.gather import RulesRefused
from mailsend.model.display_name import NameReason
from mailsend.model.header_rules import HeaderRefused
from mailsend.model.message import AddressReason
from mailsend.model.original import OriginalFinding
from mailsend.model.queue_reason import QueueReason
from mailsend.model.report import Fault
from mailsend.model.words import LANGUAGES, catalogue, explain
from mailsend.model.words.de_advice import ADVICE
from mailsend.prepare import GateRefused, TemplateRefused
from mailsend.transport.probe import ProbeCode, ProbeStep

CODES = {
    "sender.": (SenderReason,),
    "sender.passed_over.": (SenderPassedOver,),
    "sender.name.": (NameReason,),
    "reply_to.": (ReplyToReason,),
    "reply_to.passed_over.": (ReplyToPassedOver,),
    "reply_to.finding.": (ReplyToFinding,),
    "recipients.": (RecipientsReason, RecipientsRefused),
    "recipients.passed_over.": (RecipientsPassedOver,),
    "routes.": (RoutesReason, RoutesRefused),
    "routes.passed_over.": (RoutePassedOver,),
    "second_look.": (SecondLookReason,),
    "second_look.passed_over.": (SecondLookPassedOver,),
    "return_path.": (ReturnPathReason,),
    "return_path.passed_over.": (ReturnPathPassedOver,),
    "return_path.finding.": (ReturnPathFinding,),
    "content.": (ContentReason, ContentRefused, HeaderRefused),
    "content.finding.": (ContentFinding, OriginalFinding),
    "signatures.": (SigningReason,),
    "notice.": (NoticeReason,),
    "notice.passed_over.": (NoticePassedOver,),
    "address.": (AddressReason,),
    "rules.": (RulesRefused,),
    "template.": (TemplateRefused,),
    "bytes.": (GateRefused,),
    "server.": (ServerStateRefused,),
    "mail.": (MailStateRefused,),
    "held.": (HoldReason, QueueReason),
    "probe.": (ProbeCode,),
    "probe.advice.": (ProbeCode,),
    "probe.failed.": (ProbeStep,),
    "probe.step.": (ProbeStep,),
}
# Told by reports, not by decisions: their words are the verdict's advice.
# What is done to a server or a mail is a command's name.
TOLD_ELSEWHERE = {Field, RecipientReason, DropReason, ServerAct, Act}
OTHERS = {
    "return_path.aligned.True",
    "return_path.aligned.False",
    "interceptor.refused",
    "probe.certificate.ended",
    "probe.certificate.not_begun",
    "probe.certificate.other_name",
    "probe.certificate.self_signed",
    "probe.certificate.unknown_authority",
    "probe.proposals",
    "probe.said",
}


def _keys_of_codes() -> set[str]:
    return OTHERS | {f"{prefix}{code}" for prefix, enums in CODES.items() for enum in enums for code in enum}


def _is_extra(key: str) -> bool:
    return key.startswith(("source.", "notice.mail.", "notice.why.", "notice.digest."))


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_code_has_words_and_no_words_are_left_over(locale):
    """Each language has words for each code, and for nothing else but sources."""
    keys = set(catalogue(locale))
    codes = _keys_of_codes()
    assert sorted(codes - keys) == []
    assert sorted(one for one in keys - codes if not _is_extra(one)) == []


def test_every_language_says_the_same_things_of_the_same_facts():
    """The catalogues have the same keys, and each key asks for the same facts in each language."""

    def facts(locale):
        return {
            key: {name for _, name, _, _ in string.Formatter().parse(words) if name}
            for key, words in catalogue(locale).items()
        }

    english = facts("en")
    for locale in LANGUAGES:
        assert facts(locale) == english


def test_every_enum_of_a_decision_is_among_those_that_are_checked():
    """A new reason enum in decide cannot be forgotten here."""
    known = {enum for enums in CODES.values() for enum in enums} | TOLD_ELSEWHERE
    found = set()
    for info in pkgutil.iter_modules(mailsend.decide.__path__, "mailsend.decide."):
        if info.name.rpartition(".")[2] in ("verdict", "retry"):
            continue
        for _, enum in inspect.getmembers(importlib.import_module(info.name), inspect.isclass):
            if issubclass(enum, StrEnum) and enum.__module__ == info.name:
                found.add(enum)
    assert found - known == set()
    assert found


def test_what_can_end_a_probe_is_advised_in_german():
    """Every fault of a server, an account or a sender has advice in German, too."""
    probed = {
        str(reason) for reason, cause in CAUSES.items() if cause.fault not in (Fault.MESSAGE, Fault.RECIPIENT)
    }
    assert sorted(probed - set(ADVICE)) == []
    assert sorted(set(ADVICE) - probed) == []


def test_a_record_of_an_unknown_reason_is_still_told():
    """A log written by a newer version is readable: unknown codes are shown as they are."""
    record = {
        "v": 9,
        "step": "sender",
        "reason": "by_moonlight",
        "value": "x",
        "passed_over": [{"candidate": "y", "source": "z", "reason": "too_dark", "facts": {}}],
        "facts": {"findings": ["owl"]},
    }
    assert explain(record) == "sender: by_moonlight. y: too_dark. owl."
