"""How much room a mail takes, counted by tracemalloc: no clock, no guess."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Callable, Iterable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest

from mailsend.mailer import Mailer
from mailsend.model.attachment import Attachment
from mailsend.model.message import Message
from mailsend.model.submission import Submission
from mailsend.settings import Settings

LARGE = 25_000_000


def _mailer(**application: object) -> Mailer:
    shop = {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": ["memory:"],
    }
    return Mailer(Settings.model_validate({"application": {**shop, **application}}))


def _message(number: int = 0, **more: object) -> Message:
    return Message(
        **{
            "from_": "Ann <ann@suite.example>",
            "to": f"Bob {number} <bob{number}@customer{number}.example>",
            "reply_to": f"office@company{number}.example",
            "subject": f"Your order {number}",
            "text": f"Hello Bob {number},\n" + "it is on its way.\n" * 20,
            **more,
        }
    )


def _peak(work: Callable[[], object]) -> tuple[int, object]:
    """Give the most room that ``work`` took at one time, and what it gave."""
    gc.collect()
    tracemalloc.start()
    try:
        given = work()
        return tracemalloc.get_traced_memory()[1], given
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("name", "beginning"),
    [("plan.pdf", b"%PDF\xff"), ("table.csv", b"plain"), ("text.csv", "Käse ".encode())],
)
def test_a_large_attachment_costs_three_times_its_encoded_size_at_most(
    tmp_path: Path, rsa_key_text: str, name: str, beginning: bytes
) -> None:
    """From the disk to the finished, signed mail: the file, its encoding, and the mail itself."""
    mailer = _mailer(
        max_message_size=0,
        dkim_keys=[{"domains": ["*"], "selector": "s", "key": rsa_key_text}],
    )
    assert isinstance(mailer.preview(_message()), Submission)  # what is loaded once is loaded now
    file = tmp_path / name
    file.write_bytes((beginning * (LARGE // len(beginning) + 1))[:LARGE])

    peak, mail = _peak(lambda: mailer.preview(_message(attachments=[Attachment.from_path(file)])))

    assert isinstance(mail, Submission)
    (attached,) = mail.message.attachments
    assert len(mail.signatures.signatures) == 1
    assert peak <= 3 * attached.encoded_size


def test_a_large_attachment_of_many_mails_is_held_once() -> None:
    """Two mails with one attachment hold it in their bytes, and its encoding is theirs together."""
    mailer = _mailer(max_message_size=0)
    mailer.preview(_message())
    shared = Attachment.from_bytes(bytes(1_000_000), filename="plan.pdf")

    peak, mails = _peak(lambda: [mailer.preview(_message(n, attachments=[shared])) for n in range(4)])

    assert isinstance(mails, list)
    assert peak <= 5.1 * shared.encoded_size


def test_composing_takes_less_room_than_the_standard_library() -> None:
    """With an attachment of 1 MB the peak is at most 0.7 of EmailMessage's."""
    data = bytes(range(256)) * 4096
    mailer = _mailer()
    mailer.preview(_message(attachments=[Attachment.from_bytes(b"x", filename="a.pdf")]))

    def theirs() -> bytes:
        mail = EmailMessage(policy=SMTP)
        mail["From"], mail["To"], mail["Subject"] = "ann@suite.example", "bob@example.org", "Your order"
        mail.set_content("Hello")
        mail.add_attachment(data, maintype="application", subtype="pdf", filename="plan.pdf")
        return mail.as_bytes()

    def ours() -> Submission:
        mail = mailer.preview(
            _message(attachments=[Attachment.from_bytes(data, filename="plan.pdf")], text="Hello")
        )
        assert isinstance(mail, Submission)
        return mail

    theirs()
    their_peak, _ = _peak(theirs)
    our_peak, mail = _peak(ours)

    assert isinstance(mail, Submission)
    (part,) = message_from_bytes(mail.data, policy=SMTP).iter_attachments()
    assert part.get_content() == data
    assert our_peak <= 0.7 * their_peak


def _growth(mailer: Mailer, numbers: Iterable[int], warming: Iterable[int]) -> int:
    """Give how much more room is taken after the mails of these numbers than before them."""

    def taken(several: Iterable[int]) -> int:
        for number in several:
            mailer.preview(_message(number))
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        before = taken(warming)
        return taken(numbers) - before
    finally:
        tracemalloc.stop()


def test_nothing_is_kept_of_a_mail() -> None:
    """Mails to known domains leave nothing behind."""
    numbers = [number % 50 for number in range(500)]

    assert _growth(_mailer(), numbers, numbers[:100]) < 20_000


@pytest.mark.rings
def test_what_is_kept_of_domains_has_a_limit() -> None:
    """Once as many domains are remembered as may be, 20,000 mails with new ones take no more room."""
    assert _growth(_mailer(), range(5_000, 25_000), range(5_000)) < 100_000
