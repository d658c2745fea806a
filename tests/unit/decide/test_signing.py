"""Which keys sign (M8, M25)."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from mailsend.decide.route import choose_routes
from mailsend.decide.sender import resolve_sender
from mailsend.decide.signing import Signature, SignaturesDecision, SigningReason, choose_signatures
from mailsend.model.address import Domain
from mailsend.model.circumstances import DomainFacts, KeyState
from mailsend.model.message import Message


@dataclass(frozen=True)
class Key:
    """A key that is chosen, not used."""

    domain: str
    selector: str = "default"
    algorithm: str = "rsa-sha256"


OWN = Key("operations-the-rat.example")
OWN_ED25519 = Key("operations-the-rat.example", "ed", "ed25519-sha256")
OURS = Key("suite.example")
OTHER = Key("other.example")


@pytest.fixture
def signatures(circumstances):
    """Give the decision and keys for a mail from the ratcatcher's own domain."""

    def decide(
        *signers, key_state=KeyState.PUBLISHED, from_="ann@operations-the-rat.example", customer="ratcatcher"
    ):
        message = Message(from_=from_, customer=customer)
        facts = {Domain("operations-the-rat.example"): DomainFacts(key_state=key_state)}
        found = circumstances(message, signers=signers, domain_facts=facts)
        sender = resolve_sender(message, found)
        return choose_signatures(sender, choose_routes(message, sender, (), found), found)

    return decide


def test_the_key_of_from_signs_alone_where_it_is_published(signatures):
    """A published key for From's domain needs nobody beside it."""
    decision, keys = signatures(OURS, OTHER, OWN)
    assert keys == (OWN,)
    assert decision == SignaturesDecision(
        reason=SigningReason.FROM_DOMAIN,
        signatures=(
            Signature(
                domain="operations-the-rat.example",
                selector="default",
                algorithm="rsa-sha256",
                aligned=True,
            ),
        ),
        leave_out=(),
    )
    assert decision.record() == {
        "v": 1,
        "step": "signatures",
        "reason": "from_domain",
        "value": ["default._domainkey.operations-the-rat.example"],
        "passed_over": [],
        "facts": {
            "signatures": [
                {
                    "domain": "operations-the-rat.example",
                    "selector": "default",
                    "algorithm": "rsa-sha256",
                    "aligned": True,
                }
            ],
            "leave_out": [],
        },
    }


def test_rsa_stands_on_top_of_ed25519(signatures):
    """The RSA signature's field goes above the Ed25519 one, in whatever order the keys are set."""
    assert signatures(OWN_ED25519, OWN)[1] == (OWN, OWN_ED25519)


def test_the_application_signs_as_well_where_the_key_is_not_known_to_be_published(signatures):
    """Below an unpublished key of From's domain stands the application's, and the trace says which aligns."""
    decision, keys = signatures(OURS, OWN, key_state=KeyState.UNPUBLISHED)
    assert (decision.reason, keys) == (SigningReason.FROM_DOMAIN_AND_APPLICATION, (OWN, OURS))
    assert [one.aligned for one in decision.signatures] == [True, False]


def test_the_application_signs_alone_where_from_has_no_key(signatures):
    """Without a key for From's domain the application's key signs."""
    decision, keys = signatures(OURS, key_state=KeyState.NONE)
    assert (decision.reason, keys) == (SigningReason.APPLICATION, (OURS,))


def test_the_applications_key_may_align_with_from(shop, signatures):
    """The application's key aligns with a subdomain of its own domain, and the words say so."""
    shop["application"]["allowed_domains"] = ["*.suite.example"]
    del shop["customers"]["ratcatcher"]["fallback_sender"]
    shop["application"]["fallback_sender"] = "Acme <no-reply@suite.example>"
    decision, keys = signatures(OURS, from_="ann@eu.suite.example", customer=None)
    assert (decision.reason, keys) == (SigningReason.APPLICATION_ALIGNED, (OURS,))
    assert [one.aligned for one in decision.signatures] == [True]
    assert decision.explain() == (
        "It is signed by default._domainkey.suite.example: the application's key, which aligns with From."
    )


def test_without_any_key_the_mail_is_not_signed(signatures):
    """No key, no signature, and the decision says so."""
    assert signatures(OTHER, key_state=KeyState.NONE) == (
        SignaturesDecision(reason=SigningReason.UNSIGNED),
        (),
    )


def test_the_applications_own_mail_is_not_signed_twice_with_one_key(shop, signatures):
    """Where From is the application's domain its key signs once, published or not."""
    del shop["customers"]["ratcatcher"]["fallback_sender"]
    decision, keys = signatures(OURS, from_="x@gmail.com")
    assert (decision.reason, keys) == (SigningReason.FROM_DOMAIN, (OURS,))


def test_fields_that_a_server_rewrites_are_left_out(shop, signatures):
    """What any server on the way replaces is not signed, once each, in order."""
    shop["application"]["smarthosts"] = [
        "smtp://a.example?rewrites=Message-ID,Date",
        "smtp://b.example?rewrites=date",
    ]
    shop["application"]["smarthosts"].append("smtp://c.example?own_message_id=true")
    decision, _ = signatures(OWN)
    assert decision.leave_out == ("date", "message-id")
    assert decision.facts()["leave_out"] == ["date", "message-id"]


def test_a_server_that_makes_its_own_message_id_keeps_it_out_of_the_signature(shop, signatures):
    """What a server replaces would break the signature (M8)."""
    shop["application"]["smarthosts"] = ["smtp://a.example?own_message_id=true"]
    assert signatures(OWN)[0].leave_out == ("message-id",)


def test_a_signature_aligns_by_the_organisational_domain(shop, signatures):
    """A key of the parent domain aligns with From in a subdomain, as DMARC's relaxed rule says."""
    shop["customers"]["ratcatcher"]["allowed_domains"] = ["*.operations-the-rat.example"]
    shop["application"]["fallback_sender"] = "no-reply@suite.example"
    decision, _ = signatures(OURS, from_="a@mail.operations-the-rat.example", key_state=KeyState.NONE)
    assert [one.aligned for one in decision.signatures] == [False]
    shop["customers"]["ratcatcher"]["alias_domains"] = {}
    parent = Key("suite.example")
    shop["application"]["allowed_domains"] = ["*.suite.example"]
    shop["customers"]["ratcatcher"].update(
        allowed_domains=["mail.suite.example"], fallback_sender="a@mail.suite.example", business_units={}
    )
    decision, _ = signatures(parent, from_="a@mail.suite.example", key_state=KeyState.NONE)
    assert [one.aligned for one in decision.signatures] == [True]
