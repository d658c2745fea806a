"""Laws of deciding: the sender is always allowed, and nothing gets round the override."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes, policy
from email.header import decode_header, make_header

from hypothesis import given
from mail_strategies import ALLOWED, FEATURES, TEST_ADDRESS, cases, features, shop

from mailsend.decide.last_look import Hold, HoldReason, LookedAt, last_look
from mailsend.mailer.gather import gather
from mailsend.model.address import Address
from mailsend.model.report import Outcome
from mailsend.model.rules import TestMode
from mailsend.model.submission import Submission
from mailsend.prepare import draft, prepare, seal, settled
from mailsend.settings import Settings

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
RULES = Settings.model_validate(shop()).rules
IN_TEST = TestMode(enabled=True, recipient=Address.parse(TEST_ADDRESS))


def _prepared(case, test_mode=None):
    message = case.message
    scope = RULES.scope(message.customer, message.business_unit)
    found = gather(message, scope, RULES, now=NOW, id="01test", test_mode=test_mode or scope.test_mode)
    prepared = prepare(message, found)
    assert isinstance(prepared, Submission), prepared.explain()
    return prepared, found


def _header(data, name):
    """Read a field as a mail program does: unfolded, encoded words decoded."""
    fields = message_from_bytes(data, policy=policy.compat32).get_all(name, [])
    return [str(make_header(decode_header(one))).replace("\r\n", "") for one in fields]


@given(cases())
def test_the_effective_senders_domain_is_always_allowed(case):
    """From's domain is one that the customer or the application may use, whatever was asked for."""
    submission, _ = _prepared(case)
    (from_,) = _header(submission.data, "From")
    domain = from_.rstrip("> ").rpartition("@")[2]
    assert domain in ALLOWED[case.message.customer]
    if case.message.from_ is None or domain not in str(case.message.from_.address):
        assert from_.partition("@")[0].count("@") == 0


@given(cases())
def test_with_the_override_on_only_the_test_address_is_reached(case):
    """Every envelope holds the test address alone, and no original stands where a reply could reach it."""
    submission, _ = _prepared(case, IN_TEST)
    assert len(submission.envelopes) >= 1
    message = case.message
    originals = {str(one.address) for one in (*message.to, *message.cc, *message.bcc)}
    for envelope in submission.envelopes:
        assert [str(one) for one in envelope.recipients] == [TEST_ADDRESS]
        assert str(envelope.reverse_path) not in originals
    for name in ("To", "Cc", "Reply-To"):
        for shown in _header(submission.data, name):
            for original in originals:
                assert original.casefold() not in shown.casefold()
    assert _header(submission.data, "Bcc") == []
    assert submission.subject.startswith("[TEST]")


@given(cases())
def test_a_preview_made_before_the_switch_is_held(case):
    """Bytes for real recipients do not leave once test mode is on."""
    submission, _ = _prepared(case)
    seen = LookedAt(now=NOW, rules=RULES, test_mode=IN_TEST)
    assert last_look(submission, seen) == Hold(reason=HoldReason.TEST_MODE)


@given(cases())
def test_equal_inputs_give_equal_bytes_and_sealing_is_all_that_is_left(case):
    """prepare is a function, and it is seal after draft."""
    first, found = _prepared(case)
    assert prepare(case.message, found).data == first.data
    drafted = draft(case.message, found)
    assert seal(drafted) == replace(first)


@given(cases())
def test_every_requested_recipient_has_a_decision_of_its_own(case):
    """No recipient is lost between the message and the decision, and each stands in one envelope."""
    submission, _ = _prepared(case)
    message = case.message
    asked = {one.address.key for one in (*message.to, *message.cc, *message.bcc)}
    assert {one.key for one in submission.recipients} == asked
    reached = [one.key for envelope in submission.envelopes[:1] for one in envelope.recipients]
    assert sorted(reached) == sorted(asked)
    assert {one.outcome for one in submission.recipients.values()} == {Outcome.PENDING}


@given(cases())
def test_every_mail_explains_each_of_its_decisions(case):
    """Seven decisions, each with words in English and German and a record that JSON can hold."""
    import json

    submission, _ = _prepared(case)
    steps = ["sender", "reply_to", "recipients", "routes", "return_path", "content", "signatures"]
    assert [one["step"] for one in json.loads(json.dumps(submission.records()))] == steps
    for locale in ("en", "de"):
        assert len(submission.explain(locale).splitlines()) >= len(steps)


def test_the_cases_have_all_shapes(record_property):
    """Each shape that the laws are about makes at least a tenth of the cases; the shares are printed."""
    counts: Counter[str] = Counter()

    @given(cases())
    def count(case):
        submission, _ = _prepared(case)
        counts["cases"] += 1
        counts.update(features(case, rewritten=submission.sender.rewritten))

    count()
    shares = {one: counts[one] / counts["cases"] for one in FEATURES}
    told = ", ".join(f"{one} {share:.0%}" for one, share in shares.items())
    record_property("printed", f"shares of {counts['cases']} cases: {told}")
    assert {one: share for one, share in shares.items() if share < 0.1} == {}
    assert counts["cases"] >= 50


def test_the_oracle_knows_every_customer_of_the_shop():
    """The allowed domains of the laws are written by hand, for each customer and for none."""
    assert set(ALLOWED) == {None, *shop()["customers"]}


@given(cases(), cases())
def test_mails_before_it_change_nothing_in_a_mail(one, other):
    """What is shared with the mails of a process is what would have been decided anyway."""
    settled._kept.clear()
    alone, _ = _prepared(one)
    _prepared(other)
    again, _ = _prepared(one)
    settled._kept.clear()
    _prepared(other)
    afterwards, _ = _prepared(one)
    assert alone == again == afterwards
