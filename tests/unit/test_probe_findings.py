"""Findings of a probe as values: words in two languages, and a mail compared with what arrived."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from mailsend.bounces import Maildir
from mailsend.decide.verdict import Reason
from mailsend.errors import InvalidSettings
from mailsend.model.reply import Reply
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server
from mailsend.model.words import advice_in, phrase
from mailsend.transport.probe import Finding, Level, ProbeCode, ProbeReport, ProbeStep, Proposal
from mailsend.transport.probe.arrived import compare
from mailsend.transport.probe.certificate import CertificateFacts, certificate_facts

NOW = datetime(2026, 11, 22, tzinfo=UTC)
SENT = (
    b"From: office@rat.example\r\nTo: bounces@suite.example\r\nSubject: round trip\r\n"
    b"Date: Sun, 22 Nov 2026 00:00:00 +0000\r\nMessage-ID: <1@rat.example>\r\n\r\nHello\r\n"
)
ACCOUNT = Server(
    host="mail.rat.example", port=587, credentials=Credentials(user="box@rat.example", password=Secret("x"))
)


def compared(came: bytes, server: Server = ACCOUNT) -> tuple[set[str], dict[str, object]]:
    mail = SimpleNamespace(data=SENT, envelopes=(SimpleNamespace(reverse_path="office@rat.example"),))
    findings, proposals = compare(mail, came, server=server, records={})
    return {str(one.code) for one in findings}, {one.trait: one.value for one in proposals}


def test_a_verdicts_reason_is_told_with_reply_and_advice_in_both_languages():
    """What a server failed at names the step; what to do comes from the verdict, or in German."""
    finding = Finding(
        step=ProbeStep.AUTH,
        level=Level.FAILED,
        code=Reason.AUTH_FAILED,
        facts={"offered": "PLAIN", "reply": str(Reply(535, "no", "5.7.8"))},
        advice="Mend it.",
    )
    assert finding.explain() == "The log-in did not succeed (offered: PLAIN). The server said: 535 5.7.8 no"
    assert finding.explain("de-CH").startswith("Die Anmeldung gelang nicht (angeboten: PLAIN).")
    assert (finding.advise(), finding.advise("de")[:26]) == ("Mend it.", "Benutzer oder Passwort ist")
    assert finding.title("de") == "Anmeldung"


def test_a_code_has_its_own_advice():
    """A finding of our own brings its advice; one that is good has none."""
    soon = Finding(step=ProbeStep.TLS, level=Level.WARNING, code=ProbeCode.CERTIFICATE_ENDS_SOON)
    good = Finding(step=ProbeStep.TLS, level=Level.OK, code=ProbeCode.TLS_LOOPBACK)
    assert (soon.advice, soon.advise("de")) == (
        "Have whoever runs the server renew its certificate.",
        "Wer den Server betreibt, soll sein Zertifikat erneuern.",
    )
    assert (good.advice, good.explain()) == ("", "No TLS: the server stands on this machine.")


def test_words_that_are_not_there_are_told_by_their_key():
    """An unknown key is given back, and unknown advice is empty."""
    assert phrase("probe.by_moonlight", {}) == "probe.by_moonlight"
    assert (advice_in("by_moonlight", "de"), advice_in("auth_failed", "fr")) == ("", "")


def test_a_report_is_good_where_nothing_failed_and_suffices_where_a_sender_was_taken():
    """A warning lets a report be good; without a sender it does not show enough."""
    warning = Finding(step=ProbeStep.MAIL, level=Level.WARNING, code=ProbeCode.NO_SENDER)
    failed = Finding(step=ProbeStep.TLS, level=Level.FAILED, code=Reason.TLS_FAILED)
    report = ProbeReport(server="m:587", findings=(warning,), started=NOW, ended=NOW)
    more = report.with_more((failed,), (Proposal(trait="signs", value=True, because="x"),), NOW)
    again = more.with_more((), (Proposal(trait="signs", value=False, because="y"),), NOW)
    assert (report.ok, report.suffices, more.ok, more.failed) == (True, False, False, (failed,))
    assert [one.value for one in again.proposals] == [False]


def test_what_came_as_it_was_sent_speaks_for_nothing():
    """Trace fields and blanks are no change, line ends of the mailbox neither."""
    came = b"Return-Path: <office@rat.example>\nReceived: from x\n by y\n" + SENT.replace(b"\r\n", b"\n")
    codes, proposals = compared(came.replace(b"Subject: round trip", b"Subject:  round\n trip"))
    assert codes == {"reverse_path_kept", "field_kept", "body_kept", "unsigned"}
    assert proposals == {}


def test_what_a_server_changes_becomes_its_traits():
    """Replaced Message-ID and Date, a changed and a removed field, and the account as reverse-path."""
    came = (
        SENT.replace(b"<1@rat.example>", b"<2@mail>")
        .replace(b"Sun, 22", b"Mon, 23")
        .replace(b"Subject: round trip", b"Subject: [EXT] round trip")
        .replace(b"To: bounces@suite.example\r\n", b"")
    )
    codes, proposals = compared(
        b"Return-Path: <box@rat.example>\r\nX-Scanned: yes\r\n"
        b"Authentication-Results: mx; spf=pass\r\nDKIM-Signature: v=1; d=mail.example; s=k; b=x\r\n" + came
    )
    assert codes == {
        "reverse_path_replaced",
        "field_kept",
        "field_replaced",
        "fields_changed",
        "fields_removed",
        "fields_added",
        "body_kept",
        "unsigned",
        "signed_by_server",
        "authentication_results",
    }
    assert proposals == {
        "rewrites": ["Date", "Subject", "To"],
        "own_message_id": True,
        "mail_from": "login",
        "signs": True,
    }


def test_another_from_or_body_is_found():
    """A replaced From fails the round trip; a body with a footer is a warning."""
    codes, _ = compared(SENT.replace(b"office@", b"box@").replace(b"Hello", b"Hello\r\nfooter"))
    assert {"from_replaced", "body_changed", "reverse_path_untold"} <= codes


@pytest.mark.parametrize("chain", [(), (b"",), (b"\x30\x03abc",)])
def test_a_certificate_that_cannot_be_read_gives_nothing(chain):
    """Whatever a server shows, reading it raises nothing."""
    assert certificate_facts(chain) is None


@pytest.mark.parametrize(
    ("name", "host", "fits"),
    [
        ("mail.rat.example", "MAIL.rat.example.", True),
        ("*.rat.example", "mail.rat.example", True),
        ("*.rat.example", "a.b.rat.example", False),
        ("*.rat.example", "rat.example", False),
        ("192.0.2.1", "192.0.2.1", True),
        ("2001:db8::1", "2001:0db8::0001", True),
        ("192.0.2.1", "mail.rat.example", False),
    ],
)
def test_a_certificate_is_for_a_name(name, host, fits):
    """Names compare without case, a star stands for one label, addresses by value (RFC 9525)."""
    read = CertificateFacts(subjects=("x",), issuer="x", names=(name,), starts=NOW, ends=NOW, pin="")
    assert read.is_for(host) is fits


def test_a_maildir_is_read_and_left_as_it_is(tmp_path):
    """Mails in new and cur are given by their unique name, once; large and hidden files are not."""
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    (tmp_path / "new" / "1.a").write_bytes(b"first")
    (tmp_path / "cur" / "2.b:2,S").write_bytes(b"second")
    (tmp_path / "tmp" / "3.c").write_bytes(b"unfinished")
    (tmp_path / "cur" / ".hidden").write_bytes(b"")
    mailbox = Maildir(tmp_path)
    assert mailbox.names() == {"1.a", "2.b"}
    assert {one.name: one.data for one in mailbox.mails(without={"1.a"})} == {"2.b": b"second"}
    assert sorted(one.name for one in tmp_path.rglob("*")) == sorted(
        ["new", "cur", "tmp", "1.a", "2.b:2,S", "3.c", ".hidden"]
    )


def test_a_maildir_that_is_none_is_a_setting_to_mend(tmp_path):
    """The error names the key and the folder."""
    with pytest.raises(InvalidSettings, match=r"bounce_mailbox.*new cannot be read"):
        Maildir(tmp_path).names()
