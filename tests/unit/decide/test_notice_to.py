"""Who is told that a mail was given up: somebody whom the mail's customer vouches for, or nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from mail_strategies import shop

from mailsend.decide.notice_to import NoticePassedOver, NoticeReason, choose_notice_to
from mailsend.model.address import Address
from mailsend.model.given_up import GivenUp, GivenUpRecipient
from mailsend.model.report import Outcome
from mailsend.settings import Settings

NOW = datetime(2026, 11, 22, 8, 30, tzinfo=UTC)
RULES = Settings.model_validate(shop(bounce_address="bounces@suite.example")).rules
ANN = Address.parse("ann@operations-the-rat.example")
IT = Address.parse("it@operations-the-rat.example")
POSTMASTER = Address.parse("postmaster@suite.example")
GONE = GivenUpRecipient(address=Address.parse("bob@example.org"), outcome=Outcome.REJECTED)


def mail(*reply_to, customer="ratcatcher", recipients=(GONE,), **more):
    """Give a mail of the shop's customer that was given up for one recipient."""
    return GivenUp(
        id="01mail",
        customer=customer,
        reply_to=tuple(Address.parse(one) for one in reply_to),
        recipients=recipients,
        addressed=frozenset(one.address.key for one in recipients),
        arrived=NOW,
        **more,
    )


def choose(asked, scope=None, suppressed=()):
    return choose_notice_to(
        asked, scope or RULES.scope(asked.customer or None), dict.fromkeys(suppressed, "no_such_user")
    )


def why(decision):
    return [(one.candidate, one.reason) for one in decision.passed_over]


@pytest.mark.parametrize(
    "address", ["ann@operations-the-rat.example", "ann@rat.example", "zoe@xn--ratten-1xa.example"]
)
def test_the_author_is_told_in_a_domain_of_the_customer(address):
    """Reply-To is told where it lies in an allowed domain of the customer, or an alias of one."""
    decision = choose(mail(address))
    assert (decision.to, decision.reason) == (Address.parse(address), NoticeReason.REPLY_TO)
    assert decision.value() == address


def test_a_foreign_author_is_told_only_where_the_application_vouches_for_it():
    """Else anybody could have notices sent to a stranger: the customer's admin is told instead."""
    asked = mail("mallory@example.net")
    decision = choose(asked)
    assert (decision.to, decision.reason) == (IT, NoticeReason.CUSTOMER_ADMIN)
    assert why(decision) == [("mallory@example.net", NoticePassedOver.OUTSIDE_CUSTOMER)]
    assert choose(replace(asked, verified=True)).to == Address.parse("mallory@example.net")


def test_the_application_counts_as_its_own_customer():
    """Of mail without a customer, the application's allowed domains decide."""
    assert choose(mail("ann@suite.example", customer="")).to == Address.parse("ann@suite.example")
    assert choose(mail("ann@rat.example", customer="")).to == POSTMASTER


def test_of_a_customer_that_is_gone_only_the_application_is_told():
    """Whose domains are not known any more, nobody can vouch for."""
    decision = choose(mail("ann@suite.example", customer="gone"), scope=RULES.scope())
    assert (decision.to, decision.reason) == (POSTMASTER, NoticeReason.APPLICATION_ADMIN)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("bob@example.org", NoticePassedOver.RECIPIENT),
        ("bounces+1234@suite.example", NoticePassedOver.BOUNCE_MAILBOX),
        ("no-reply@suite.example", NoticePassedOver.NO_REPLY),
        ("gone@suite.example", NoticePassedOver.SUPPRESSED),
    ],
)
def test_who_must_not_be_told_is_passed_over(address, reason):
    """Neither a recipient of the same mail, nor the bounce mailbox, nor nobody's mailbox, nor a listed one."""
    decision = choose(mail(address, verified=True), suppressed={"gone@suite.example"})
    assert decision.to == IT
    assert why(decision) == [(address, reason)]


def test_where_nobody_is_left_nobody_is_told():
    """Each candidate stands there with its reason, in words as well."""
    recipients = tuple(GivenUpRecipient(address=one, outcome=Outcome.EXPIRED) for one in (IT, POSTMASTER))
    decision = choose(mail(recipients=recipients))
    assert (decision.to, decision.value(), decision.reason) == (None, None, NoticeReason.NOBODY_TO_TELL)
    assert why(decision) == [
        ("it@operations-the-rat.example", NoticePassedOver.RECIPIENT),
        ("postmaster@suite.example", NoticePassedOver.RECIPIENT),
    ]
    assert "it was a recipient of the same mail" in decision.explain()
    assert "Empfänger derselben Mail" in decision.explain("de")


@pytest.mark.parametrize("kind", ["status", "notice"])
def test_mail_of_our_own_causes_no_notice(kind):
    """Two systems that tell each other of their notices would never end."""
    assert choose(mail(str(ANN), kind=kind)).reason is NoticeReason.OWN_MAIL


def test_a_test_copy_causes_no_notice():
    """A test copy harms nobody, and tells nobody."""
    assert choose(mail(str(ANN), in_test_mode=True)).reason is NoticeReason.TEST_COPY


@pytest.mark.parametrize("outcome", [Outcome.UNKNOWN, Outcome.DEFERRED, Outcome.ACCEPTED])
def test_where_nobody_failed_there_is_nothing_to_tell(outcome):
    """What is not known, or still tried, is no failure."""
    one = GivenUpRecipient(address=GONE.address, outcome=outcome)
    assert choose(mail(str(ANN), recipients=(one,))).reason is NoticeReason.NOBODY_FAILED


def test_a_scope_without_an_admin_is_passed_by():
    """The unit has none, so its customer's is told."""
    decision = choose(mail(), scope=RULES.scope("ratcatcher", "bern"))
    assert (decision.to, decision.passed_over) == (IT, ())
