"""A queue that loses nothing, and sends nothing twice: with `kill -9` and SIGSTOP at random moments, and faults on the wire."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest
from torture_checks import LATE, Told, duplicates, kept, why
from torture_programs import message, way
from torture_run import MAILS, torture

pytestmark = pytest.mark.torture

AT_LEAST_KILLS, AT_LEAST_BETWEEN = 20, 5
AT_LEAST_STILL = 5
# A sender looks at its lease and then writes; nobody can stop it in between but by chance.
AT_MOST_ASLEEP = 1


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_and_nothing_certain_sent_twice(seed, url, tmp_path, record_property):
    """Whoever is killed when: each acknowledged mail goes out, again only where its acceptance was unknown."""
    run = torture(seed, url, tmp_path)
    found = kept(run)
    told = Told(run)
    twice = [(why(one, run, told), one) for one in duplicates(run)]
    reasons = Counter(reason for reason, _ in twice)
    record_property(
        "printed",
        f"seed {seed}, {url.partition(':')[0]}: {len(found.numbers)} mails, {len(run.acknowledged)} acknowledged; "
        f"killed: {run.killed_putting_in} that put in ({run.killed_between} before an acknowledgement), "
        f"{len(run.killed)} workers, {len(run.wire.senders.killed)} more behind a final dot; "
        f"{len(run.wire.senders.stood_still)} stood still; "
        f"{sum(run.wire.faults.values())} faults on the wire; {len(run.wire.copies)} copies taken, "
        f"{len(twice)} again ({', '.join(f'{many} {reason}' for reason, many in sorted(reasons.items()))}); "
        f"{run.seconds:.0f} s",
    )

    # It was torture.
    assert run.killed_putting_in >= AT_LEAST_KILLS
    assert len(run.killed) + len(run.wire.senders.killed) >= AT_LEAST_KILLS
    assert len(run.wire.senders.killed) >= AT_LEAST_BETWEEN
    assert len(run.wire.senders.stood_still) >= AT_LEAST_STILL

    # It came to an end without anybody's help.
    assert dict(found.states) == {"done": len(found.numbers)}
    assert (found.leases, found.by_people) == (0, [])

    # Nothing acknowledged is lost, and nothing that was not put in is sent.
    assert set(run.acknowledged) - set(found.numbers) == set()
    named = {number: row_id for number, row_id in run.acknowledged.items() if row_id != "ordered"}
    assert {number: found.numbers[number][0] for number in named} == named
    assert found.orders == {one for one in found.numbers if way(one) == "in the order's transaction"}
    assert set(range(MAILS)) - set(found.numbers) <= {one for one in run.tried if way(one) == "without a key"}
    assert found.outcomes == {number: _expected(number) for number in found.numbers}
    went = defaultdict(set)
    for copy in run.wire.copies:
        went[copy.number].update(copy.recipients)
    assert dict(went) == {
        number: {one for one, outcome in _expected(number).items() if outcome == "accepted"}
        for number in found.numbers
    }

    # Twice only what was really unknown; every copy is the same mail.
    assert [_everything(one, run, told) for reason, one in twice if not reason] == []
    assert len({one.copy.number for reason, one in twice if reason == "asleep"}) <= AT_MOST_ASLEEP
    assert {(one.number, one.message_id) for one in run.wire.copies} == {
        (number, message_id) for number, (_, message_id) in found.numbers.items()
    }
    assert len({(one.number, one.digest) for one in run.wire.copies}) == len(found.numbers)
    assert [one for one in run.errors.splitlines() if not one.endswith(LATE)] == []


def _everything(one, run, told):
    """Give all that is known of a copy too many; printed, since pytest shortens it."""
    pid, settled = one.copy.pid, one.copy.message_id in told.settled
    killed = {**run.killed, **run.wire.senders.killed}.get(pid)
    stood_still = [span for span in run.wire.senders.stood_still if span[0] in (pid, one.again.pid)]
    known = one, told.by_sender(one.copy, one.recipient), settled, killed, stood_still
    print(*known, sep="\n")
    return known


def _expected(number):
    """Give what becomes of each recipient: accepted, but for those who are gone."""
    addresses = [str(one.address) for one in message(number).to]
    return {one: "rejected" if one.startswith("gone-") else "accepted" for one in addresses}
