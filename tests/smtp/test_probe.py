"""A probe says step by step what a server is, whether it lets us in, and whom it carries (S1, Q6, M12)."""

from __future__ import annotations

import asyncio
import json
import socket
from dataclasses import replace

import pytest

from mailsend.model.address import Address
from mailsend.model.secret import Secret
from mailsend.model.server import Credentials, Server, TlsMode
from mailsend.testing import ScriptedServer
from mailsend.transport.probe import Level, ProbeCode, ProbeReport, ProbeStep, probe

ANN = Address.parse("ann@rat.example")
STRANGER = Address.parse("stranger@elsewhere.example")
PASSWORD = "Geheim/Schl+7391"


def run(server: Server, **options: object) -> ProbeReport:
    return asyncio.run(probe(server, **{"mail_from": ANN, **options}))


def story(report: ProbeReport) -> list[tuple[str, str, str]]:
    return [(one.step, one.level, str(one.code)) for one in report]


def test_a_good_server_is_told_from_its_name_to_a_sender() -> None:
    """Name, connection, TLS, extensions, log-in and sender are each found good, and no mail is sent."""
    with ScriptedServer(tls="starttls", accounts={"ann": PASSWORD}) as server:
        report = run(server.server)

    assert story(report) == [
        ("resolve", "ok", "resolved"),
        ("connect", "ok", "connected"),
        ("tls", "ok", "tls_verified"),
        ("ehlo", "ok", "extensions"),
        ("auth", "ok", "logged_in"),
        ("mail", "ok", "sender_accepted"),
    ]
    assert report.ok
    assert server.messages == []
    assert [
        one.split()[0] for one in server.commands if one.split()[0] in {"MAIL", "RCPT", "RSET", "DATA"}
    ] == [
        "MAIL",
        "RSET",
    ]
    tls = report.at(ProbeStep.TLS)[0].facts
    assert (tls["name_matches"], len(tls["pin"]), tls["names"]) == (True, 64, ["localhost", "127.0.0.1"])
    assert report.at(ProbeStep.EHLO)[0].facts["max_size"] == 33_554_432


def test_the_report_is_words_in_two_languages_and_one_json_document_without_secrets() -> None:
    """Every finding has a sentence in English and in German, and no password stands in any of it."""
    with ScriptedServer(tls="implicit", accounts={"ann": PASSWORD}) as server:
        report = run(server.server, relay_to=STRANGER)

    document = json.dumps(report.as_dict())
    assert json.loads(document)["ok"] is True
    assert (
        len(report.explain().splitlines()) == len(report.findings) == len(report.explain("de").splitlines())
    )
    assert not [one for one in report.explain().splitlines() if "probe." in one or "{" in one]
    assert report.explain("de").splitlines()[4].startswith("Anmeldung: Das Konto wurde eingelassen")
    for told in (document, report.explain(), repr(report)):
        assert PASSWORD not in told


def test_a_server_that_takes_this_pin_can_be_told_from_the_probe() -> None:
    """What a probe shows of a certificate that nobody vouches for is what ``pin`` takes."""
    with ScriptedServer(tls="implicit", certificate="unknown-authority") as server:
        refused = run(server.server)
        pinned = replace(server.server, ca_file=None, pin=refused.at(ProbeStep.TLS)[0].facts["pin"])
        report = run(pinned)

    assert story(refused)[-1] == ("tls", "failed", "certificate_not_trusted")
    assert (report.ok, story(report)[2]) == (True, ("tls", "ok", "tls_verified"))


@pytest.mark.parametrize("certificate", ["expired", "wrong-name", "self-signed", "unknown-authority"])
@pytest.mark.parametrize("tls", ["starttls", "implicit"])
def test_a_bad_certificate_is_shown_and_gets_no_password(certificate: str, tls: str) -> None:
    """A certificate that is not trusted ends the probe, with what it says; nobody logs in."""
    with ScriptedServer(tls=tls, certificate=certificate, accounts={"ann": PASSWORD}) as server:
        report = run(server.server)

    finding = report.findings[-1]
    assert (finding.step, finding.level, str(finding.code)) == ("tls", "failed", "certificate_not_trusted")
    assert len(finding.facts["pin"]) == 64
    assert finding.facts["name_matches"] is (certificate not in {"wrong-name", "self-signed"})
    assert (finding.facts["days"] < 0) is (certificate == "expired")
    assert not [one for one in server.commands if one.startswith(("AUTH", "MAIL"))]


def test_a_wrong_password_is_tried_once_and_the_pause_is_told() -> None:
    """After a 535 the next probe does not log in, and says why (M12)."""
    with ScriptedServer(tls="starttls", accounts={"ann": PASSWORD}) as server:
        wrong = replace(server.server, credentials=Credentials(user="ann", password=Secret("wrong")))
        first, second = run(wrong), run(wrong)

    assert story(first)[-1] == ("auth", "failed", "auth_failed")
    assert story(second)[-1] == ("auth", "failed", "auth_paused")
    assert len([one for one in server.commands if one.startswith("AUTH")]) == 1
    assert "535" in first.findings[-1].explain()
    assert "könnte das Konto sperren" in second.findings[-1].advise("de")


def test_a_log_in_that_is_asked_for_and_not_offered_ends_the_probe() -> None:
    """Where credentials are set and no AUTH is offered, nothing more is asked."""
    with ScriptedServer(tls="starttls") as server:
        with_account = replace(server.server, credentials=Credentials(user="ann", password=Secret("x")))
        report = run(with_account)

    assert story(report)[-1] == ("auth", "failed", "auth_not_offered")
    assert not [one for one in server.commands if one.startswith("MAIL")]


def test_a_sender_that_the_server_does_not_take_is_told_with_its_reply() -> None:
    """What the server says to MAIL FROM stands in the finding."""
    with ScriptedServer(faults=["mail-550-sender"]) as server:
        report = run(server.server)

    finding = report.findings[-1]
    assert (finding.step, finding.level) == ("mail", "failed")
    assert finding.facts["reply_code"] == 550
    assert "ann@rat.example" in finding.explain()


def test_no_known_sender_is_a_warning() -> None:
    """Without a sender of the customer that step is left out, and told."""
    with ScriptedServer() as server:
        report = run(server.server, mail_from=None)

    assert story(report)[-1] == ("mail", "warning", "no_sender")
    assert report.ok
    assert not [one for one in server.commands if one.startswith("MAIL")]


def test_the_relay_probe_comes_last_without_a_log_in_and_without_data() -> None:
    """One RCPT for a stranger goes over a connection of its own, on which nobody logs in."""
    with ScriptedServer(tls="starttls", accounts={"ann": PASSWORD}) as server:
        report = run(server.server, relay_to=STRANGER)

    assert story(report)[-1] == ("relay", "ok", "relay_refused")
    assert server.connections == 2
    assert len([one for one in server.commands if one.startswith("AUTH")]) == 1
    assert not [one for one in server.commands if one.startswith("DATA")]


def test_a_server_that_takes_a_stranger_is_told_honestly() -> None:
    """Acceptance without a log-in is a warning that names what else it may mean."""
    with ScriptedServer() as server:
        report = run(server.server, relay_to=STRANGER)

    finding = report.findings[-1]
    assert (finding.level, finding.code) == (Level.WARNING, ProbeCode.RELAY_ACCEPTED)
    assert "or for this machine's address alone" in finding.explain()
    assert [one for one in server.commands if one.startswith("RCPT")] == [
        "RCPT TO:<stranger@elsewhere.example>"
    ]
    assert server.messages == []


def test_a_recipient_that_is_put_off_shows_nothing() -> None:
    """A transient reply to the stranger is a warning, not a judgement."""
    with ScriptedServer(replies={str(STRANGER): "451 4.7.1 Later"}) as server:
        report = run(server.server, relay_to=STRANGER)

    assert story(report)[-1] == ("relay", "warning", "relay_put_off")


def test_a_name_that_does_not_exist_ends_at_once() -> None:
    """The first step fails, and no connection is tried."""

    async def nowhere(host: str, port: int) -> list[tuple[int, tuple[str, int]]]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    report = run(Server(host="mail.nowhere.example", port=587), resolve=nowhere)

    assert story(report) == [("resolve", "failed", "name_missing")]
    assert "mail.nowhere.example" in report.explain()


def test_a_port_on_which_nobody_listens_is_told() -> None:
    """The name is found, the connection is not."""
    with ScriptedServer() as server:
        gone = server.server
    report = run(gone)

    assert story(report) == [("resolve", "ok", "resolved"), ("connect", "failed", "not_connected")]


@pytest.mark.parametrize(
    ("fault", "step"),
    [("greet-421", "connect"), ("greet-554", "connect"), ("starttls-stripped", "tls")],
)
def test_a_server_that_misbehaves_fails_the_step_where_it_does(fault: str, step: str) -> None:
    """The finding names the step at which the server fell out."""
    with ScriptedServer(tls="starttls", faults=[fault]) as server:
        report = run(server.server)

    assert (report.findings[-1].step, report.findings[-1].level) == (step, "failed")


def test_a_server_that_never_answers_costs_no_more_than_the_deadline() -> None:
    """Silence ends at the deadline and is told as such."""
    with ScriptedServer(faults=["greet-silent"]) as server:
        report = run(server.server, deadline=0.3)

    assert story(report)[-1] == ("connect", "failed", "deadline")


def test_what_others_can_read_is_a_warning_unless_it_stays_on_this_machine() -> None:
    """Clear text to loopback is good, opportunistic TLS that proves nothing is worth a look."""
    with ScriptedServer(tls="starttls", certificate="self-signed") as server:
        weak = run(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC, ca_file=None))
        with ScriptedServer() as plain:
            clear = run(plain.server)

    assert weak.at(ProbeStep.TLS)[0].code is ProbeCode.TLS_NOT_VERIFIED
    assert clear.at(ProbeStep.TLS)[0].code is ProbeCode.TLS_LOOPBACK


def test_an_account_is_never_sent_over_tls_that_proves_nothing() -> None:
    """Opportunistic TLS is verified as soon as there is an account, in a probe as well."""
    with ScriptedServer(tls="starttls", certificate="self-signed", accounts={"ann": PASSWORD}) as server:
        report = run(replace(server.server, tls=TlsMode.DANGEROUS_OPPORTUNISTIC, ca_file=None))

    assert str(report.findings[-1].code) == "certificate_not_trusted"
    assert not [one for one in server.commands if one.startswith("AUTH")]


def test_traits_are_proposed_from_what_the_server_offers() -> None:
    """SIZE, LIMITS and missing PIPELINING each speak for a trait."""
    with ScriptedServer(extensions=["LIMITS RCPTMAX=20 MAILMAX=5"], max_size=1_000_000) as server:
        report = run(server.server)

    assert [one.as_dict() for one in report.proposals] == [
        {"trait": "max_message_size", "value": 1_000_000, "because": "SIZE 1000000"},
        {"trait": "max_messages", "value": 5, "because": "LIMITS MAILMAX=5"},
        {"trait": "max_recipients", "value": 20, "because": "LIMITS RCPTMAX=20"},
        {"trait": "pipelining", "value": "off", "because": "PIPELINING is not offered"},
    ]


def test_what_reaches_no_server_is_told_so() -> None:
    """A memory: server has nothing to probe."""
    assert story(run(Server.from_url("memory:"))) == [("connect", "warning", "no_network")]
