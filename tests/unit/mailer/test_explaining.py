"""Decisions without a mail: the rules and interceptors that a preview would meet."""

from __future__ import annotations

from enum import StrEnum

from mailsend.errors import UnknownCustomer
from mailsend.mailer import Mailer
from mailsend.model.message import Message
from mailsend.model.rules import Rules
from mailsend.model.submission import Refusal
from mailsend.settings import Settings

APPLICATION = {
    "name": "Acme Suite",
    "fallback_sender": "no-reply@suite.example",
    "allowed_domains": ["suite.example"],
    "admin_address": "postmaster@suite.example",
    "smarthosts": ["memory:"],
}
CUSTOMER = {"allowed_domains": ["rat.example"], "fallback_sender": "office@rat.example"}


class _Own(StrEnum):
    CLOSED = "closed"


class _Customers:
    """Knows one customer."""

    def rules_for(self, customer: str, business_unit: str | None) -> Rules:
        if customer != "ratcatcher":
            raise UnknownCustomer(customer)
        return Rules.from_dict({"application": APPLICATION, "customers": {customer: CUSTOMER}})


def _mailer(**more: object) -> Mailer:
    return Mailer(Settings.model_validate({"application": APPLICATION}), **more)


def _for(customer: str):
    return lambda message, rules: Message(from_=message.from_, customer=customer)


def test_an_interceptor_has_its_say_before() -> None:
    """What an interceptor changes is what is decided, by the rules of the customer that it names."""
    with _mailer(directory=_Customers(), before=[_for("ratcatcher")]) as mailer:
        sender = mailer.explain(Message())[0]

    assert (sender.reason, sender.value()) == ("customer", "office@rat.example")


def test_what_nobody_knows_is_refused() -> None:
    """An unknown customer is a Refusal and nothing else, whether asked for or put in by an interceptor."""
    with _mailer(directory=_Customers()) as mailer:
        asked = mailer.explain(Message(customer="nobody"))
    with _mailer(directory=_Customers(), before=[_for("nobody")]) as mailer:
        put_in = mailer.explain(Message())

    assert [one.reason for one in (*asked, *put_in)] == ["unknown_customer", "unknown_customer"]


def test_an_interceptor_may_refuse() -> None:
    """The refusal of an interceptor is all there is."""
    refusal = Refusal(step="interceptor", reason=_Own.CLOSED)
    with _mailer(before=[lambda message, rules: refusal]) as mailer:
        decisions = mailer.explain(Message())

    assert decisions == (refusal,)


def test_recipients_that_may_not_be_end_it() -> None:
    """Where the recipients are refused, nothing behind them is decided."""
    settings = Settings.model_validate({"application": {**APPLICATION, "bounce_address": "b@suite.example"}})
    with Mailer(settings) as mailer:
        decisions = mailer.explain(Message(to="b@suite.example"))

    assert [one.step for one in decisions] == ["sender", "reply_to", "recipients"]
    assert decisions[-1].reason == "bounce_mailbox"
