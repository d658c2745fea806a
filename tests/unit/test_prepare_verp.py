"""Each recipient has an envelope of his own where bounces are told apart by tokens (M15)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from mail_strategies import TEST_ADDRESS, cases, shop

from mailsend.decide.return_path import ReturnPathReason
from mailsend.decide.verp import read_token
from mailsend.errors import InvalidSettings
from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.bounce_tokens import BOUNCE_PURPOSE
from mailsend.model.message import Message
from mailsend.model.rules import Rules, TestMode
from mailsend.model.secret import Secret
from mailsend.model.submission import Submission
from mailsend.prepare import prepare
from mailsend.settings import Settings
from mailsend.store.vault import purpose_key

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
ID = "01kahx0000abcdefghjkmnpqrs"
IN_TEST = TestMode(enabled=True, recipient=Address.parse(TEST_ADDRESS))
SECRET = "the-first-of-the-secret-keys"
KEYS = (
    purpose_key(Secret("another-key-of-the-keys"), BOUNCE_PURPOSE),
    purpose_key(Secret(SECRET), BOUNCE_PURPOSE),
)
WITH_STORE = {"store": "memory:", "secret_keys": [SECRET], "bounce_address": "bounces@suite.example"}
READ = (ReturnPathReason.CUSTOMER_BOUNCE_ADDRESS, ReturnPathReason.APPLICATION_BOUNCE_ADDRESS)


def _rules(**application):
    return Settings.model_validate(shop(**{**WITH_STORE, **application})).rules


def _prepared(message, rules, *, in_test=False):
    scope = rules.scope(message.customer, message.business_unit)
    test_mode = IN_TEST if in_test else scope.test_mode
    prepared = prepare(message, gather(message, scope, rules, now=NOW, id=ID, test_mode=test_mode))
    assert isinstance(prepared, Submission), prepared.explain()
    return prepared


RULES = _rules()


@given(cases())
def test_each_recipient_has_an_envelope_that_tells_of_him(case):
    """Everybody is reached as without tokens, and each token leads to its mail and recipient."""
    mail = _prepared(case.message, RULES)
    reached = [one for envelope in mail.envelopes for one in envelope.recipients]
    assert reached == list(mail.recipients.reached)
    if mail.return_path.reason not in READ:
        assert {envelope.reverse_path for envelope in mail.envelopes} == {mail.return_path.address}
        return
    requested = [*mail.recipients.each.values()]
    for envelope in mail.envelopes:
        (who,) = envelope.recipients
        mail_id, position = read_token(str(envelope.reverse_path), KEYS)
        assert mail_id == mail.id
        if position == len(requested):
            assert who == mail.recipients.archive
        else:
            assert who == requested[position].envelope_address


def _paths(mail):
    return [(str(one.reverse_path), [str(who) for who in one.recipients]) for one in mail.envelopes]


def test_tokens_stand_behind_the_customers_delimiter():
    """The delimiter of the scope is used, the application's where the customer has none."""
    message = Message(to=["bob@example.org", "eve@example.net"], subject="x", text="x")
    (first, second) = _paths(_prepared(message, _rules(bounce_delimiter="-")))
    assert first[0].startswith(f"bounces-{ID}0")
    assert first[0].endswith("@suite.example")
    assert second[0].startswith(f"bounces-{ID}1")
    assert (first[1], second[1]) == (["bob@example.org"], ["eve@example.net"])


def test_in_test_mode_one_envelope_goes_to_the_test_address():
    """All requested recipients are one there, and the token is that of the first."""
    mail = _prepared(
        Message(to=["bob@example.org", "eve@example.net"], subject="x", text="x"), RULES, in_test=True
    )
    ((path, who),) = _paths(mail)
    assert (read_token(path, KEYS), who) == ((ID, 0), [TEST_ADDRESS])


def test_an_archive_that_is_a_recipient_as_well_has_the_recipients_token():
    """A notice about that address tells of the recipient, whichever copy came back."""
    shared = "archive@operations-the-rat.example"
    rules = _rules(archive_bcc="archive@suite.example")
    mail = _prepared(Message(to=["bob@example.org", "archive@suite.example"], subject="x", text="x"), rules)
    assert [read_token(path, KEYS) for path, _ in _paths(mail)] == [(ID, 0), (ID, 1), (ID, 1)]
    other = _prepared(Message(to="bob@example.org", subject="x", text="x"), rules)
    assert [read_token(path, KEYS) for path, _ in _paths(other)] == [(ID, 0), (ID, 1)]
    assert shared not in str(_paths(other))


@pytest.mark.parametrize(
    ("change", "message"),
    [({"bounce_address": None}, {}), ({"store": None}, {}), ({}, {"bounce_to": "b@suite.example"})],
)
def test_where_no_program_of_ours_reads_the_bounces_there_is_no_token(change, message):
    """Without a bounce address, without a store and where the caller names another one nothing is added."""
    settings = {name: value for name, value in {**WITH_STORE, **change}.items() if value is not None}
    rules = Settings.model_validate(shop(**settings)).rules
    asked = Message(**{"to": ["bob@example.org", "eve@example.net"], "subject": "x", "text": "x", **message})
    ((path, who),) = _paths(_prepared(asked, rules))
    assert (read_token(path, KEYS), who) == (None, ["bob@example.org", "eve@example.net"])


@pytest.mark.parametrize(
    ("change", "where", "why"),
    [
        ({"secret_keys": []}, "application.bounce_address", "no secret key to make them with"),
        ({"secret_keys": ["short"]}, "application.bounce_address", "no secret key to make them with"),
        ({"bounce_address": f"{'x' * 20}@suite.example"}, "application.bounce_address", "no token fits"),
        ({"bounce_delimiter": "."}, "application.bounce_delimiter", r'expected "\+"'),
    ],
)
def test_settings_that_allow_no_token_are_refused(change, where, why):
    """With a store and a bounce address there is a key, and room for a token."""
    with pytest.raises(InvalidSettings, match=why) as refused:
        _rules(**change)
    assert refused.value.where == where


def test_a_customers_bounce_address_is_looked_at_too():
    """So is one of a directory's rules."""
    application = {
        "name": "Acme",
        "fallback_sender": "a@suite.example",
        "allowed_domains": ["suite.example"],
        "store": "memory:",
    }
    customer = {"allowed_domains": ["rat.example"], "bounce_address": "b@rat.example"}
    with pytest.raises(InvalidSettings) as refused:
        Rules.from_dict({"application": application, "customers": {"rat": customer}})
    assert refused.value.where == "customers.rat.bounce_address"


def test_mail_to_the_bounce_mailbox_is_known_behind_any_delimiter():
    """An address with a token is the bounce mailbox too, and no recipient (M16)."""
    scope = _rules(bounce_delimiter="-").scope()
    assert scope.is_bounce_mailbox(Address.parse(f"Bounces-{ID}@suite.example"))
    assert scope.is_bounce_mailbox(Address.parse("bounces+x@suite.example"))
    assert not scope.is_bounce_mailbox(Address.parse("bounces_x@suite.example"))
    assert not scope.is_bounce_mailbox(Address.parse("bounces-x@example.org"))


def test_who_is_left_out_keeps_the_place_and_gets_no_envelope():
    """The others' tokens name their places among all who were requested."""
    settings = shop(**WITH_STORE)
    settings["customers"]["ratcatcher"]["rejected_local_part_characters"] = "%"
    rules = Settings.model_validate(settings).rules
    message = Message(
        to=["a%b@example.org", "bob@example.org"],
        customer="ratcatcher",
        subject="x",
        text="x",
        from_="x@gmail.com",
    )
    mail = _prepared(message, rules)
    assert [(read_token(path, KEYS), who) for path, who in _paths(mail)] == [
        ((ID, 1), ["bob@example.org"]),
        ((ID, 2), ["archive@operations-the-rat.example"]),
    ]
