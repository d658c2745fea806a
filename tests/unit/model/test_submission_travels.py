"""A finished mail can be handed to another process, and its bytes stay what they are."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailsend.mailer import Mailer
from mailsend.model.attachment import Attachment
from mailsend.model.message import Message
from mailsend.settings import Settings

SHOP = {
    "application": {
        "fallback_sender": "no-reply@suite.example",
        "allowed_domains": ["suite.example"],
        "smarthosts": ["memory:"],
    },
    "customers": {"rat": {"allowed_domains": ["rat.example"]}},
}


def _preview(server: str = "memory:", **fields):
    application = {**SHOP["application"], "smarthosts": [server]}
    message = Message(
        **{
            "from_": "Ann <ann@gmail.com>",
            "to": ["bob@example.org", "Ω <c@münchen.example>"],
            "customer": "rat",
            "subject": "Hello",
            "text": "Hello",
            "metadata": {"order": "4711"},
            "attachments": [Attachment.from_bytes(b"x", filename="a.txt")],
            **fields,
        }
    )
    with Mailer(Settings.model_validate({**SHOP, "application": application})) as mailer:
        return mailer.preview(message)


@pytest.mark.parametrize("travel", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_a_submission_travels(travel):
    """Pickled or copied deeply a finished mail is equal, with every decision, and can be delivered."""
    mail = _preview()

    arrived = travel(mail)

    assert arrived == mail
    assert arrived.records() == mail.records()
    with Mailer(Settings.model_validate(SHOP)) as mailer:
        report = mailer.deliver(arrived)
        assert travel(report) == report
        assert [one.data for one in mailer.captured] == [mail.data]


@pytest.mark.parametrize("travel", [lambda one: pickle.loads(pickle.dumps(one)), copy.deepcopy])
def test_a_refusal_travels(travel):
    """A refusal keeps its facts and the decisions made before it."""
    refusal = _preview(subject=None, text=None)

    assert travel(refusal) == refusal
    assert travel(refusal).explain() == refusal.explain()


def test_a_password_on_the_route_does_not_travel():
    """Where a server of the routes has a password, the mail is not written down."""
    with pytest.raises(TypeError, match="a Secret is not written down"):
        pickle.dumps(_preview("smtp://ann:hunter2@relay.suite.example"))
