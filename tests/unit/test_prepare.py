"""The line as a whole: what a finished mail holds, and where a message is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy

import pytest
from mail_strategies import shop

import mailsend.prepare.line as the_line
from mailsend.compose.mime import written
from mailsend.decide.content import ContentRefused
from mailsend.decide.recipients import RecipientsRefused
from mailsend.decide.route import RoutesRefused
from mailsend.errors import TemplateError
from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content
from mailsend.model.message import Invitation, Message
from mailsend.model.rules import TestMode
from mailsend.model.submission import Refusal, Submission
from mailsend.prepare import GateRefused, TemplateRefused, prepare
from mailsend.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
IN_TEST = TestMode(enabled=True, recipient=Address.parse("test@suite.example"))
ICS = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:1\r\nEND:VEVENT\r\n"
    "END:VCALENDAR\r\n"
)
BASE = {
    "customer": "ratcatcher",
    "from_": "Ann <ann@operations-the-rat.example>",
    "to": "bob@example.org",
    "subject": "Hello",
    "text": "Hello",
}


class Renderer:
    """A renderer that gives one content, or fails."""

    def __init__(self, answer):
        self.answer = answer

    def render(self, name, values, *, locale, sender, now):
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def line():
    """Prepare a message for the shop of the laws."""

    def run(*, test_mode=None, answer=None, application=None, language=None, **fields):
        message = Message(**{**BASE, **fields})
        rules = Settings.model_validate(shop(**(application or {}))).rules
        scope = rules.scope(message.customer, message.business_unit)
        found = gather(message, scope, rules, now=NOW, id="01test", test_mode=test_mode or scope.test_mode)
        if answer is not None:
            found = replace(found, renderer=Renderer(answer))
        if language is not None:
            found = replace(found, locale=language)
        return prepare(message, found)

    return run


def _mail(submission):
    assert isinstance(submission, Submission), submission.explain()
    return message_from_bytes(submission.data, policy=policy.default)


def test_a_finished_mail_holds_each_field_once(line):
    """From, Reply-To, To, Subject, Date, Message-ID and our id stand in the header, each once."""
    submission = line(headers={"X-Order": "4711"}, actor="ann")
    mail = _mail(submission)
    assert Counter(mail.keys()) == Counter(
        [
            "From",
            "Reply-To",
            "To",
            "Subject",
            "Date",
            "Message-ID",
            "MIME-Version",
            "X-Mailsend-Id",
            "X-Order",
            "Content-Type",
            "Content-Transfer-Encoding",
        ]
    )
    assert (mail["From"], mail["Message-ID"], mail["Date"].datetime, mail["X-Mailsend-Id"]) == (
        "Ann <ann@operations-the-rat.example>",
        "<01test@operations-the-rat.example>",
        NOW,
        "01test",
    )


def test_a_copy_for_the_archive_is_an_envelope_of_its_own(line):
    """The recipients share one envelope, the archive has its own with the same reverse-path."""
    submission = line(bcc="eve@example.org")
    assert [[str(one) for one in envelope.recipients] for envelope in submission.envelopes] == [
        ["bob@example.org", "eve@example.org"],
        ["archive@operations-the-rat.example"],
    ]
    assert len({envelope.reverse_path for envelope in submission.envelopes}) == 1


@pytest.mark.parametrize(
    ("actor", "auto_submitted", "automatic"),
    [(None, None, True), ("ann", None, False), ("ann", True, True), (None, False, False)],
)
def test_mail_that_nobody_wrote_says_so(actor, auto_submitted, automatic, line):
    """Without an actor the mail carries Auto-Submitted, unless the message says otherwise (M28)."""
    mail = _mail(line(actor=actor, auto_submitted=auto_submitted))
    assert mail["Auto-Submitted"] == ("auto-generated" if automatic else None)
    assert mail["X-Auto-Response-Suppress"] == ("OOF, AutoReply, RN, NRN" if automatic else None)


def test_the_date_is_when_it_is_to_be_sent(line):
    """Date is send_at where one is given."""
    later = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
    assert _mail(line(send_at=later))["Date"].datetime == later


@pytest.mark.parametrize(
    ("fields", "language"),
    [
        ({}, None),
        ({"locale": "de"}, "de"),
        ({"business_unit": "zurich"}, "de-CH"),
    ],
)
def test_the_language_is_told_where_somebody_has_said_it(fields, language, line):
    """Content-Language comes from the message or its scope, and is not guessed for given text."""
    assert _mail(line(**fields))["Content-Language"] == language


def test_a_template_tells_its_language(line):
    """What a template gave is in the locale that it was rendered in."""
    content = Content(subject="Hello", text="Hello", template="invoice")
    submission = line(answer=content, template="invoice", subject=None, text=None)
    assert (_mail(submission)["Content-Language"], submission.subject, submission.text) == (
        "en",
        "Hello",
        "Hello",
    )


def test_the_organiser_is_the_effective_sender(line):
    """A calendar object names the sender that is used as its organiser (M31)."""
    mail = _mail(line(calendar=Invitation(ICS)))
    (calendar,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert 'ORGANIZER;CN="Ann":mailto:ann@operations-the-rat.example' in calendar.get_content()


def test_a_rewritten_organiser_is_the_requested_one_sent_by_ours(line):
    """Where From was rewritten the requested address organises, SENT-BY the sender that is used."""
    mail = _mail(line(from_="x@partner.example", calendar=Invitation(ICS)))
    (calendar,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    unfolded = calendar.get_content().replace("\r\n ", "").replace("\n ", "")
    assert 'ORGANIZER;SENT-BY="mailto:office@operations-the-rat.example":mailto:x@partner.example' in unfolded


def test_inline_attachments_are_related_parts_and_others_are_attached(line):
    """A picture with a cid stands beside the HTML, a file is attached."""
    picture = Attachment.from_bytes(b"\x89PNG\r\n\x1a\n", filename="a.png", inline=True)
    file = Attachment.from_bytes(b"x", filename="a.pdf")
    mail = _mail(line(html=f'<img src="cid:{picture.cid}" alt="">', attachments=[picture, file]))
    assert [part.get_filename() for part in mail.iter_attachments()] == ["a.pdf"]
    assert f"<{picture.cid}>" in [part["Content-ID"] for part in mail.walk()]


def test_a_test_copy_tells_the_truth_and_harms_nobody(line):
    """Subject mark, banners, original recipients, no METHOD, and the test address everywhere (M35)."""
    submission = line(
        test_mode=IN_TEST,
        cc="eve@example.org",
        bcc="carl@example.org",
        html="<html><body class=x><p>Hello</p></body></html>",
        calendar=Invitation(ICS),
        locale="de",
    )
    mail = _mail(submission)
    assert (mail["Subject"], mail["Reply-To"]) == ("[TEST] Hello", "test@suite.example")
    assert (
        mail["X-Mailsend-Original-To"],
        mail["X-Mailsend-Original-Cc"],
        mail["X-Mailsend-Original-Bcc"],
    ) == ("bob@example.org", "eve@example.org", "carl@example.org")
    banner = (
        "Testkopie: Der Testmodus ist eingeschaltet. "
        "Ohne ihn ginge diese Mail an bob@example.org, eve@example.org, carl@example.org."
    )
    assert submission.text == f"{banner}\n\nHello"
    assert submission.html.startswith('<html><body class=x><div role="note" style=')
    assert banner in submission.html
    (calendar,) = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert "METHOD" not in calendar.get_content()
    assert calendar.get_param("method") is None
    assert submission.in_test_mode


def test_a_banner_is_escaped_and_goes_first_where_there_is_no_body(line):
    """HTML without a body tag gets the banner in front; an address cannot become a tag."""
    submission = line(test_mode=IN_TEST, to='"<b>"@example.org', text=None, html="<p>Hello</p>", subject="")
    assert submission.html.endswith("</div><p>Hello</p>")
    assert "&lt;b&gt;" in submission.html
    assert submission.text is None
    assert submission.subject == "[TEST]"


def test_a_test_copy_gives_no_relay_an_order(line):
    """Fields that make a relay send to others, or ask for receipts, stay out of a test copy, and are named."""
    headers = {"X-SMTPAPI": '{"to":["eve@example.org"]}', "X-Order": "4711"}
    assert _mail(line(headers=headers))["X-SMTPAPI"] == '{"to":["eve@example.org"]}'
    mail = _mail(line(headers=headers, test_mode=IN_TEST))
    assert (mail["X-SMTPAPI"], mail["X-Mailsend-Left-Out"], mail["X-Order"]) == (None, "X-SMTPAPI", "4711")


MIME = (
    b"From: ann@operations-the-rat.example\r\nDate: Fri, 20 Nov 2026 10:00:00 +0000\r\n"
    b"Message-ID: <kept@operations-the-rat.example>\r\nSubject: Kept\r\nTo: bob@example.org\r\n"
    b"Content-Type: text/plain; charset=us-ascii\r\n\r\nKept as it is.\r\n"
)


def test_a_finished_mail_keeps_its_date_message_id_and_body(line):
    """What from_mime took stays; in test mode the copy has a Message-ID of its own."""
    taken = Message.from_mime(MIME)
    kept = {"original": taken.original, "subject": taken.subject, "text": None}
    mail = _mail(line(**kept))
    assert (mail["Message-ID"], mail["Date"].datetime.day, mail.get_content().split()) == (
        "<kept@operations-the-rat.example>",
        20,
        ["Kept", "as", "it", "is."],
    )
    in_test = line(**kept, test_mode=IN_TEST)
    assert _mail(in_test)["Message-ID"] == "<01test@operations-the-rat.example>"
    assert "no_test_banner" in in_test.content.findings
    without = Message.from_mime(b"From: ann@operations-the-rat.example\r\n\r\nHello\r\n").original
    bare = _mail(line(original=without, text=None))
    assert (bare["Message-ID"], bare["Date"].datetime) == ("<01test@operations-the-rat.example>", NOW)


@pytest.mark.parametrize(
    ("fields", "step", "reason", "made"),
    [
        ({"kind": "marketing"}, "content", ContentRefused.KIND, 2),
        ({"to": ()}, "recipients", RecipientsRefused.NO_RECIPIENTS, 2),
        (
            {"to": "a@b.internal", "application": {"smarthosts": ["smtp://r.example"]}},
            "routes",
            RoutesRefused.NO_ROUTE,
            3,
        ),
        ({"text": None}, "content", ContentRefused.NO_CONTENT, 5),
        ({"calendar": Invitation(ICS, "CANCEL")}, "content", ContentRefused.CALENDAR_METHOD, 6),
        (
            {"text": "x" * 2000, "application": {"max_message_size": 1000}},
            "content",
            ContentRefused.TOO_LARGE,
            6,
        ),
    ],
)
def test_a_refusal_keeps_the_decisions_made_so_far(fields, step, reason, made, line):
    """Whatever refuses a message, the decisions before it are told with the refusal."""
    refusal = line(**fields)
    assert isinstance(refusal, Refusal)
    assert (refusal.step, refusal.reason, len(refusal.decisions)) == (step, reason, made)
    assert refusal.explain().startswith("Refused: ")


def test_a_template_that_fails_is_a_refusal(line):
    """A TemplateError becomes a Refusal with template, file, line and advice."""
    problem = TemplateError("invoice", "it is broken", file="body.html.j2", line=3, advice="Mend it.")
    refusal = line(answer=problem, template="invoice", subject=None, text=None)
    assert (refusal.reason, dict(refusal.facts), refusal.advice) == (
        TemplateRefused.TEMPLATE,
        {
            "template": "invoice",
            "why": "it is broken",
            "file": "body.html.j2",
            "line": 3,
            "place": " (body.html.j2, line 3)",
        },
        "Mend it.",
    )
    assert refusal.explain() == (
        "Refused: the template 'invoice' gave no content: it is broken (body.html.j2, line 3)."
    )


@pytest.mark.parametrize(
    ("file", "line_number", "place"),
    [("", None, ""), ("body.html.j2", None, " (body.html.j2)")],
)
def test_a_refusal_says_where_in_a_template_it_is_known(file, line_number, place, line):
    """File and line stand in the words where they are known."""
    problem = TemplateError("invoice", "it is broken", file=file, line=line_number)
    refusal = line(answer=problem, template="invoice", subject=None, text=None)
    assert refusal.explain() == (f"Refused: the template 'invoice' gave no content: it is broken{place}.")


def test_what_cannot_be_written_is_a_refusal(line):
    """A value that no header can hold is refused, and the field is named."""
    refusal = line(locale="de", language="de\r\nX-Evil: 1")
    assert isinstance(refusal, Refusal)
    assert (refusal.step, refusal.reason, refusal.facts["field"]) == (
        "bytes",
        GateRefused.UNWRITABLE,
        "Content-Language",
    )
    assert refusal.explain().startswith("Refused: Content-Language cannot be written into a mail: ")


def test_bytes_that_are_no_mail_do_not_leave(line, monkeypatch):
    """What the gate finds wrong with finished bytes is a refusal, whoever wrote them."""

    def spoiled(letter):
        return tuple(one.replace(b"Date: ", b"Dote: ") for one in written(letter))

    monkeypatch.setattr(the_line, "written", spoiled)
    refusal = line()
    assert (refusal.step, refusal.reason, dict(refusal.facts)) == (
        "bytes",
        GateRefused.BYTES,
        {"fault": "field_missing", "where": "date"},
    )
    assert refusal.explain() == ("Refused: the finished bytes are not a mail: field_missing date.")
