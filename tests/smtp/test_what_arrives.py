"""What a real server receives is what the preview held, byte for byte."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import HealthCheck, given, settings
from mail_strategies import TEST_ADDRESS, cases, shop

from mailsend.mailer import Mailer
from mailsend.model.submission import Submission
from mailsend.settings import Settings
from mailsend.testing import ScriptedServer


@pytest.fixture(scope="module")
def server():
    """Give one server for all cases."""
    with ScriptedServer() as running:
        yield running


@pytest.fixture(scope="module")
def mailer(server):
    """Give a Mailer of the shop whose smarthost is the server."""
    with Mailer(Settings.model_validate(shop(server.url))) as made:
        yield made


@pytest.fixture(scope="module")
def in_test_mode(server):
    """Give a Mailer of the same shop in test mode."""
    switched_on = shop(server.url, test_mode={"enabled": True, "recipient": TEST_ADDRESS})
    with Mailer(Settings.model_validate(switched_on)) as made:
        yield made


LAW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def _arrived(server):
    taken = list(server.messages)
    server.messages.clear()
    return taken


@LAW
@given(cases())
def test_a_preview_delivered_arrives_byte_for_byte(server, mailer, case):
    """The bytes a real server receives by deliver are the preview's, for each envelope."""
    preview = mailer.preview(case.message)
    assert isinstance(preview, Submission), preview.explain()
    report = mailer.deliver(preview, strict=True)
    arrived = _arrived(server)
    assert [one.data for one in arrived] == [preview.data] * len(preview.envelopes)
    assert [(one.reverse_path, one.recipients) for one in arrived] == [
        (str(one.reverse_path), tuple(map(str, one.recipients))) for one in preview.envelopes
    ]
    assert report.digest == preview.digest == hashlib.sha256(preview.data).hexdigest()


@LAW
@given(cases())
def test_a_mail_sent_arrives_with_the_digest_that_the_report_tells(server, mailer, case):
    """send takes the very path of preview: what arrives has the report's digest and Message-ID."""
    report = mailer.send(case.message, strict=True)
    arrived = _arrived(server)
    assert {hashlib.sha256(one.data).hexdigest() for one in arrived} == {report.digest}
    assert f"<{report.message_id}>".encode() in arrived[0].data


@LAW
@given(cases())
def test_in_test_mode_no_other_than_the_test_address_reaches_the_server(server, in_test_mode, case):
    """RCPT TO holds the test address alone, by send as by deliver."""
    in_test_mode.send(case.message, strict=True)
    in_test_mode.deliver(in_test_mode.preview(case.message), strict=True)
    reached = {who for one in _arrived(server) for who in one.recipients}
    assert reached == {TEST_ADDRESS}


@LAW
@given(cases())
def test_a_preview_made_before_the_switch_is_held_and_reaches_nobody(server, mailer, in_test_mode, case):
    """deliver of a mail prepared without test mode holds it where test mode is on now."""
    preview = mailer.preview(case.message)
    report = in_test_mode.deliver(preview)
    assert len(report.held) == len(preview.recipients)
    assert {one.reason for one in report.held.values()} == {"test_mode"}
    assert _arrived(server) == []
