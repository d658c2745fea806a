"""What a transport remembers, and how it reads and writes small things; no socket is opened."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.refusals import NONE_REFUSED, Refusals
from mailsend.model.address import Domain
from mailsend.model.reply import Reply
from mailsend.transport.smtp.content import blocks
from mailsend.transport.smtp.memory import LoginGate, PolicyMemory, forget_log_ins, gate_for
from mailsend.transport.smtp.parameters import xtext
from mailsend.transport.smtp.queue_id import queue_id_in


def test_after_a_refused_log_in_nobody_tries_for_five_minutes_then_thirty_then_never():
    """Three refusals, each after its pause, close the gate until the settings change."""
    gate = LoginGate()
    assert not gate.is_closed(0.0)
    gate.refused(0.0)
    assert (gate.is_closed(299.9), gate.is_closed(300.0)) == (True, False)
    gate.refused(300.0)
    assert (gate.is_closed(2099.9), gate.is_closed(2100.0)) == (True, False)
    assert not gate.locked
    gate.refused(2100.0)
    assert gate.is_closed(1e12)
    assert gate.locked


def test_refusals_of_log_ins_that_were_under_way_together_count_as_one():
    """Eight connections with a password that was changed close the gate for five minutes, not for ever."""
    gate = LoginGate()
    gate.passed()
    for late in range(8):
        gate.refused(late / 10)
    assert (gate.locked, gate.proved) == (False, False)
    assert (gate.is_closed(299.9), gate.is_closed(300.0)) == (True, False)


def test_a_pause_counts_from_its_own_refusal():
    """A refusal that comes late, while the gate is closed, does not make the pause longer."""
    gate = LoginGate()
    gate.refused(0.0)
    gate.refused(299.0)
    assert not gate.is_closed(300.0)
    gate.refused(300.0)
    assert (gate.is_closed(2099.0), gate.is_closed(2100.0)) == (True, False)


def test_a_log_in_that_succeeds_opens_the_gate():
    """Where one of several log-ins under way passes, the account is sound: nobody has to wait."""
    gate = LoginGate()
    gate.refused(0.0)
    gate.passed()
    assert (gate.is_closed(1.0), gate.locked, gate.proved) == (False, False, True)


def test_a_locked_gate_stays_so_for_its_settings_alone():
    """Another password is another gate; the locked one does not open by waiting."""
    gate = gate_for("locked")
    for now in (0.0, 300.0, 2100.0):
        gate.refused(now)
    assert gate_for("locked").locked
    assert gate_for("locked").is_closed(1e12)
    assert not gate_for("another password").locked
    forget_log_ins()


def test_a_log_in_that_succeeds_begins_the_count_anew():
    """After a success the next refusal is a first one again, and is proved no longer."""
    gate = LoginGate()
    gate.refused(0.0)
    gate.passed()
    assert gate.proved
    gate.refused(1000.0)
    assert (gate.proved, gate.is_closed(1299.0), gate.is_closed(1300.0)) == (False, True, False)


def test_one_server_has_one_gate_in_a_process():
    """A refusal is known to whoever asks for the same server and account, until it is forgotten."""
    gate_for("a").refused(0.0)
    assert (gate_for("a").is_closed(1.0), gate_for("b").is_closed(1.0)) == (True, False)
    forget_log_ins()
    assert not gate_for("a").is_closed(1.0)


def test_one_at_a_time_has_the_turn_to_log_in():
    """Who cannot have it is told at once."""
    gate = LoginGate()
    assert [gate.take_turn(), gate.take_turn()] == [True, False]
    gate.leave_turn()
    assert gate.take_turn()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_process_begins_with_no_log_in_of_its_parent():
    """It has connections of its own, and a turn that a thread of the parent held is free."""
    gate_for("forked").take_turn()
    gate_for("forked").refused(0.0)
    child = os.fork()
    if not child:
        gate = gate_for("forked")
        os._exit(0 if gate.take_turn() and not gate.is_closed(1.0) else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert gate_for("forked").is_closed(1.0)
    forget_log_ins()


def test_only_a_policy_reply_to_another_domain_in_a_row_repeats():
    """The same X.7.x to the same domain, another code, or one after an acceptance does not count."""
    memory = PolicyMemory()
    one, two = Domain.parse("one.example"), Domain.parse("two.example")
    policy, other = Reply(554, "no", "5.7.1"), Reply(554, "no", "5.7.2")
    assert not memory.repeats(policy, one)
    memory.learn(policy, one)
    assert [memory.repeats(*both) for both in ((policy, one), (other, two), (policy, two))] == [
        False, False, True,
    ]  # fmt: skip
    memory.learn(Reply(250, "ok", "2.1.5"), two)
    assert not memory.repeats(policy, two)
    memory.learn(Reply(550, "no"), two)
    assert not memory.repeats(Reply(550, "no"), one)


@pytest.mark.parametrize(
    ("text", "queue_id"),
    [
        ("Ok: queued as 4Xyz12AbCd", "4Xyz12AbCd"),
        ("OK id=1tAbCd-000123-Ef", "1tAbCd-000123-Ef"),
        ("<x@y> [InternalId=12345, Hostname=mail.example] Queued mail for delivery", "12345"),
        ("ok 1700000000 qp 4711", "4711"),
        ("4AL1BcDe012345 Message accepted for delivery", "4AL1BcDe012345"),
        ("Ok 0100018f-abcd-4321-000000", "0100018f-abcd-4321-000000"),
        ("OK", None),
        ("Thank you", None),
    ],
)
def test_the_queue_id_is_read_from_the_common_forms(text, queue_id):
    """Postfix, Exim, Exchange, qmail, Sendmail and Amazon SES name the mail each in its own way."""
    assert queue_id_in(Reply(250, text)) == queue_id


@given(st.text(max_size=30))
def test_xtext_is_ascii_that_may_stand_in_a_parameter(text):
    """Whatever the text, nothing but printable ASCII without = stands there, and it can be read back."""
    written = xtext(text)
    assert all("!" <= one <= "~" and one != "=" for one in written)
    octets, place = bytearray(), 0
    while place < len(written):
        if written[place] == "+":
            octets.append(int(written[place + 1 : place + 3], 16))
            place += 3
        else:
            octets += written[place].encode()
            place += 1
    assert octets.decode() == text


@given(st.lists(st.sampled_from([b".", b"..", b"a", b"", b".a", b"a."]), max_size=8))
def test_no_line_of_the_content_ends_it(lines):
    """On the wire the only line with a lone dot is the last, and unstuffing gives the content back."""
    data = b"".join(one + b"\r\n" for one in lines)
    *sent, rest = b"".join(blocks(data)).split(b"\r\n")
    assert rest == b""
    assert sent.index(b".") == len(sent) - 1
    assert [one.removeprefix(b".") for one in sent[:-1]] == lines


def test_what_all_processes_know_takes_the_place_of_what_was_told_to_them():
    """What this process alone knows stays where it is more; a new refusal is its own until it is told."""
    gate = LoginGate()
    gate.heed(Refusals(2, 100.0))
    assert (gate.shared, gate.is_closed(1899.0), gate.is_closed(1900.0)) == (True, True, False)
    gate.refused(2000.0)
    assert (gate.shared, gate.locked) == (False, True)
    gate.heed(Refusals(1, 0.0))
    assert gate.locked
    gate.heed(Refusals(3, 2000.0))
    gate.heed(NONE_REFUSED)
    assert (gate.shared, gate.locked, gate.is_closed(2001.0)) == (False, False, False)
