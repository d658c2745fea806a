"""Whether the content may go out (S3, M27, M33, Q10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailsend.decide.content import (
    ContentDecision,
    ContentReason,
    ContentRefused,
    check_content,
    check_request,
    check_size,
)
from mailsend.model.attachment import Attachment
from mailsend.model.content import Content
from mailsend.model.header_rules import HeaderRefused
from mailsend.model.mailbox import Mailbox
from mailsend.model.message import Invitation, Message
from mailsend.model.original import Original
from mailsend.model.submission import Refusal

BASE = {"customer": "ratcatcher", "to": "bob@example.org"}
GIVEN = Content(subject="Hello", text="Hello", html="<p>Hello</p>")

ADVICE = {
    ContentRefused.KIND: (
        "Send only mail that the recipient's own doing has caused; newsletters go elsewhere."
    ),
    ContentRefused.EXPIRED: "Send it earlier, or give it a later expires_at.",
    ContentRefused.NEVER_DUE: "Let send_at be earlier than expires_at, or leave one of them out.",
    ContentRefused.LOOP: "Find out which system sends this mail back to us.",
    ContentRefused.TOO_MANY_VISIBLE: ("Send each a mail of its own with send_many, or name them in bcc."),
    ContentRefused.BLOCKED_EXTENSION: (
        "Put the file on a server and send a link, or change blocked_extensions."
    ),
    ContentRefused.TWO_SOURCES: (
        "Give either a template with values, or subject, text and html, or a finished mail."
    ),
    ContentRefused.NO_CONTENT: "Give a template, text, html, or an attachment.",
    ContentRefused.SUBJECT_CONTROL_CHARACTERS: (
        "Take line breaks and control characters out of the subject."
    ),
    ContentRefused.NOT_TEXT: "Take NUL characters and lone surrogates out of it.",
    ContentRefused.TOO_LARGE: (
        "Send a link instead of the file, or raise max_message_size (0 for no limit)."
    ),
}


@pytest.fixture
def request_of(circumstances):
    """Check what no rendering could mend."""

    def check(**fields):
        message = Message(**{**BASE, **fields})
        return check_request(message, circumstances(message))

    return check


@pytest.fixture
def content_of(circumstances):
    """Check rendered content."""

    def check(content=GIVEN, *, test_mode=None, replaced=None, **fields):
        message = Message(**{**BASE, "text": content.text, "html": content.html, **fields})
        found = circumstances(message)
        if test_mode is not None:
            found = replace(found, test_mode=replace(found.test_mode, enabled=test_mode))
        return check_content(message, content, "en", found, replaced=replaced)

    return check


@pytest.fixture
def original():
    """Give a finished mail's content, with any of its fields replaced."""

    def make(**other):
        return Original(
            **{
                "content_fields": (("Content-Type", " text/plain"),),
                "body": b"Hello\r\n",
                "text": "Hello",
                "html": None,
                **other,
            }
        )

    return make


def _refused(refusal, reason, facts):
    assert refusal == Refusal(
        step="content", reason=reason, facts=facts, advice=ADVICE.get(reason, refusal.advice)
    )


def test_an_ordinary_request_passes(request_of):
    """A transactional mail with allowed header fields and attachments is not refused."""
    attachment = Attachment.from_bytes(b"%PDF-1.7", filename="invoice.pdf")
    assert request_of(headers={"X-Order": "4711"}, attachments=[attachment]) is None


@pytest.mark.parametrize("kind", ["marketing", "status", "notice", "Transactional", ""])
def test_only_transactional_mail_goes_out(kind, request_of):
    """A caller's Message is transactional; every other word is refused (S3)."""
    _refused(request_of(kind=kind), ContentRefused.KIND, {"kind": kind})


def test_an_expired_message_is_refused(request_of, circumstances):
    """A message whose expires_at has come is not sent any more."""
    now = circumstances(Message(**BASE)).now
    _refused(request_of(expires_at=now), ContentRefused.EXPIRED, {"expires_at": now.isoformat()})
    assert request_of(expires_at=now + timedelta(seconds=1)) is None


def test_a_message_that_expires_before_it_may_go_out_is_refused(request_of, circumstances):
    """It would expire in silence; where it has expired already, that is said."""
    now = circumstances(Message(**BASE)).now
    first, second = (now + timedelta(hours=one) for one in (1, 2))
    for expires_at in (first, second):
        _refused(
            request_of(send_at=second, expires_at=expires_at),
            ContentRefused.NEVER_DUE,
            {"send_at": second.isoformat(), "expires_at": expires_at.isoformat()},
        )
    assert request_of(send_at=first, expires_at=second) is None
    assert request_of(send_at=second) is None
    _refused(
        request_of(send_at=first, expires_at=now), ContentRefused.EXPIRED, {"expires_at": now.isoformat()}
    )


def test_more_than_fifty_visible_recipients_are_refused(shop, request_of):
    """Strangers do not see each other's addresses; bcc does not count, and the rules may say more."""
    many = [f"a{n}@example.org" for n in range(26)]
    others = [f"b{n}@example.org" for n in range(25)]
    _refused(request_of(to=many, cc=others), ContentRefused.TOO_MANY_VISIBLE, {"count": 51, "most": 50})
    assert request_of(to=many, cc=others[1:], bcc=[f"c{n}@example.org" for n in range(100)]) is None
    shop["customers"]["ratcatcher"]["max_visible_recipients"] = 51
    assert request_of(to=many, cc=others) is None
    shop["customers"]["ratcatcher"]["max_visible_recipients"] = 0
    assert request_of(to=many * 1, cc=others) is None


def test_a_reserved_header_field_is_refused_with_the_field_to_use(request_of):
    """A refusal of a header field names what to use instead."""
    refusal = request_of(headers={"Return-Path": "<>"})
    _refused(refusal, HeaderRefused.HEADER_RESERVED, {"name": "Return-Path", "instead": "bounce_to"})
    assert refusal.advice == "Use instead: bounce_to."


def test_an_unknown_header_field_is_refused(request_of):
    """A header field outside the list is refused, saying so."""
    refusal = request_of(headers={"Precedence": "bulk"})
    _refused(refusal, HeaderRefused.HEADER_UNKNOWN, {"name": "Precedence", "instead": ""})
    assert refusal.advice == "Leave it out, or use X-…."


def test_a_blocked_extension_is_refused(shop, request_of):
    """An attachment whose extension is on the list is refused; a list of one's own replaces it."""
    attachments = [Attachment.from_bytes(b"MZ", filename="setup.EXE")]
    _refused(
        request_of(attachments=attachments),
        ContentRefused.BLOCKED_EXTENSION,
        {"filename": "setup.EXE", "extension": "exe"},
    )
    shop["application"]["blocked_extensions"] = ["doc"]
    assert request_of(attachments=attachments) is None
    shop["customers"]["ratcatcher"]["blocked_extensions"] = []
    assert request_of(attachments=[Attachment.from_bytes(b"x", filename="a.doc")]) is None


def test_attachments_over_the_limit_are_refused_before_anything_is_composed(shop, request_of):
    """Sizes count as encoded; 0 allows any number."""
    attachment = Attachment.from_bytes(b"x" * 30_000_000, filename="big.bin")
    _refused(
        request_of(attachments=[attachment]),
        ContentRefused.TOO_LARGE,
        {"size": attachment.encoded_size, "most": 25_000_000},
    )
    shop["application"]["max_message_size"] = 0
    assert request_of(attachments=[attachment]) is None


def test_the_limit_itself_is_allowed(shop, circumstances):
    """A mail of exactly max_message_size bytes may go; one byte more may not."""
    shop["application"]["max_message_size"] = 1000
    found = circumstances(Message(**BASE))
    assert check_size(1000, found) is None
    _refused(check_size(1001, found), ContentRefused.TOO_LARGE, {"size": 1001, "most": 1000})


def test_a_loop_is_refused(request_of, original):
    """A finished mail that goes in a circle is refused."""
    _refused(request_of(original=original(loop="our own id")), ContentRefused.LOOP, {"why": "our own id"})


def test_given_content_is_told_as_given(content_of):
    """The decision tells where the content comes from and what is attached, never the content."""
    attachment = Attachment.from_bytes(b"x", filename="a.txt")
    decision = content_of(attachments=[attachment], sensitive=True, essential=True)
    assert decision == ContentDecision(
        reason=ContentReason.GIVEN,
        subject="Hello",
        template=None,
        locale="en",
        sensitive=True,
        essential=True,
        attachments=("a.txt",),
        findings=(),
    )
    assert decision.record() == {
        "v": 1,
        "step": "content",
        "reason": "given",
        "value": None,
        "passed_over": [],
        "facts": {
            "locale": "en",
            "sensitive": True,
            "essential": True,
            "attachments": ["a.txt"],
            "findings": [],
        },
    }


@pytest.mark.parametrize("asked", [None, True, False])
def test_a_template_says_whether_it_is_sensitive_where_the_message_does_not(asked, content_of):
    """The message's word goes before the template's."""
    content = replace(GIVEN, template="invoice", sensitive=True, essential=True)
    decision = content_of(content, template="invoice", text=None, html=None, sensitive=asked, essential=asked)
    expected = True if asked is None else asked
    assert (decision.reason, decision.value(), decision.sensitive, decision.essential) == (
        ContentReason.TEMPLATE,
        "invoice",
        expected,
        expected,
    )


@pytest.mark.parametrize(
    "both",
    [
        {"template": "invoice", "text": "Hello", "html": None},
        {"template": "invoice", "text": None, "html": "<p>Hello</p>"},
        {"template": "invoice", "text": None, "html": None, "subject": "Hello"},
    ],
)
def test_content_given_twice_is_refused(both, content_of):
    """Template and own content exclude each other."""
    _refused(content_of(**both), ContentRefused.TWO_SOURCES, {"template": "invoice"})


@pytest.mark.parametrize(
    "more",
    [
        {"text": "Hello"},
        {"html": "Hello"},
        {"template": "invoice"},
        {"attachments": [Attachment.from_bytes(b"x", filename="a.txt")]},
        {"calendar": Invitation("BEGIN:VCALENDAR")},
    ],
)
def test_a_finished_mail_takes_no_further_content(more, content_of, original):
    """A mail from from_mime is carried over as it is, or not at all."""
    refusal = content_of(original=original(), **{"text": None, "html": None, **more})
    _refused(refusal, ContentRefused.TWO_SOURCES, {"template": more.get("template")})


@pytest.mark.parametrize(
    "kept",
    [
        {"attachments": [Attachment.from_bytes(b"x", filename="a.txt")]},
        {"calendar": Invitation("BEGIN:VCALENDAR")},
    ],
)
def test_a_mail_needs_some_content(kept, content_of):
    """Nothing at all is refused; an attachment or an invitation is content."""
    _refused(content_of(Content(subject="Hello")), ContentRefused.NO_CONTENT, {})
    assert content_of(Content(subject="Hello"), **kept).findings == ()


def test_a_finished_mail_without_text_is_content(content_of, original):
    """A mail carried over may hold nothing but its own parts."""
    made = original(text=None, attachments=("a.pdf",))
    decision = content_of(Content(subject="Hello"), original=made, text=None, html=None)
    assert (decision.reason, decision.attachments) == (ContentReason.ORIGINAL, ("a.pdf",))


def test_a_blocked_extension_in_a_finished_mail_is_refused(request_of, original):
    """The files of a mail carried over are looked at as well."""
    _refused(
        request_of(original=original(attachments=("a.txt", "setup.exe"))),
        ContentRefused.BLOCKED_EXTENSION,
        {"filename": "setup.exe", "extension": "exe"},
    )


@pytest.mark.parametrize("character", ["\r", "\n", "\x00", "\x1b", "\x7f", "\u2028", "\u2029", "\t"])
def test_a_subject_with_a_control_character_is_refused(character, content_of):
    """No character of a subject can end a line."""
    refusal = content_of(replace(GIVEN, subject=f"Hello{character}Bcc: x@example.org"))
    _refused(refusal, ContentRefused.SUBJECT_CONTROL_CHARACTERS, {})


@pytest.mark.parametrize(
    ("field", "content"),
    [
        ("subject", replace(GIVEN, subject="\ud800")),
        ("text", replace(GIVEN, text="a\x00b")),
        ("html", replace(GIVEN, html="\udfff")),
    ],
)
def test_what_no_mail_can_carry_is_refused(field, content, content_of):
    """NUL and lone surrogates are refused, and the field is named."""
    _refused(content_of(content), ContentRefused.NOT_TEXT, {"field": field})


def test_the_texts_of_a_finished_mail_are_views(content_of, original):
    """A NUL in them refuses nothing, since the content itself is carried; a subject is written anew."""
    given = {"original": original(), "text": None, "html": None}
    decision = content_of(Content(subject="Hello", text="a\x00b", html="a\x00b"), **given)
    assert decision.reason == ContentReason.ORIGINAL
    _refused(
        content_of(Content(subject="\ud800", text="a"), **given),
        ContentRefused.NOT_TEXT,
        {"field": "subject"},
    )


def test_findings_name_what_a_person_should_look_at(content_of):
    """No subject, no text part, and HTML that Gmail clips are findings, not refusals."""
    assert content_of(Content(subject=" ", html="<p>ä</p>")).findings == ("no_subject", "no_text")
    at_the_limit = "ä" * 51_000
    assert content_of(replace(GIVEN, html=at_the_limit)).findings == ()
    assert content_of(replace(GIVEN, html=at_the_limit + "x")).findings == ("clipped",)


def test_a_finished_mail_hands_on_its_findings(content_of, original):
    """What was dropped from a finished mail is told, and that a test copy has no banner inside."""
    made = original(findings=("sender_dropped",))
    content = Content(subject="Hello", text="Hello")
    decision = content_of(content, original=made, text=None, html=None)
    assert (decision.reason, decision.findings) == (ContentReason.ORIGINAL, ("sender_dropped",))
    in_test = content_of(content, original=made, text=None, html=None, test_mode=True)
    assert in_test.findings == ("sender_dropped", "no_test_banner")


def test_it_is_told_where_an_invitation_comes_in_somebody_elses_name(content_of):
    """A rewritten sender stands in SENT-BY and the one asked for is the organizer; the preview says so (M31)."""
    asked = Mailbox.parse("Zoë <zoe@gmail.example>")
    invited = Invitation("BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR\r\n")
    decision = content_of(calendar=invited, replaced=asked)
    assert decision.findings == ("organizer_sent_by:zoe@gmail.example",)
    assert decision.explain() == (
        "The content was written by the application."
        " The invitation's organizer is zoe@gmail.example; SENT-BY names the sender in From."
    )
    assert content_of(calendar=invited).findings == ()
    assert content_of(calendar=replace(invited, method="reply"), replaced=asked).findings == ()
    assert content_of(replaced=asked).findings == ()


@pytest.mark.parametrize(
    ("application", "customer", "told"),
    [(None, None, True), (True, None, True), (False, None, False), (False, True, True), (True, False, False)],
)
def test_the_log_tells_a_subject_unless_somebody_says_no(content_of, shop, application, customer, told):
    """From the inside out, as everywhere; who says nothing has his subjects in the log (M38)."""
    for where, said in ((shop["application"], application), (shop["customers"]["ratcatcher"], customer)):
        if said is not None:
            where["log_subjects"] = said
    assert content_of().log_subject is told
