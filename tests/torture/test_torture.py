"""A queue that loses nothing, and sends nothing twice: with `kill -9` at random moments, and faults on the wire."""

from __future__ import annotations

from collections import defaultdict

import pytest
from torture_checks import duplicates, kept, was_cut, was_killed
from torture_programs import message, way
from torture_run import MAILS, torture

pytestmark = pytest.mark.torture

AT_LEAST_KILLS, AT_LEAST_BETWEEN = 20, 5
# A lease of three seconds ends on a busy machine, too: that is torture, and no error.
LATE = "was taken over by another worker before it was finished here"
TO_WRITE_IT_DOWN = 1.0  # seconds; measured: some milliseconds


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_lost_and_nothing_certain_sent_twice(seed, url, tmp_path, record_property):
    """Whoever is killed when: each acknowledged mail goes out, again only where its acceptance was unknown."""
    run = torture(seed, url, tmp_path)
    found = kept(run)
    twice = list(duplicates(run))
    killed = [one for one in twice if was_killed(one.copy, run, TO_WRITE_IT_DOWN)]
    cut = [one for one in twice if was_cut(one.copy)]
    record_property(
        "printed",
        f"seed {seed}, {url.partition(':')[0]}: {len(found.numbers)} mails, {len(run.acknowledged)} acknowledged; "
        f"killed: {run.killed_putting_in} that put in ({run.killed_between} before an acknowledgement), "
        f"{len(run.killed)} workers, {len(run.wire.killed)} more behind a final dot; "
        f"{sum(run.wire.faults.values())} faults on the wire; {len(run.wire.copies)} copies taken, "
        f"{len(twice)} again ({len(killed)} killed, {len(cut)} cut); {run.seconds:.0f} s",
    )

    # It was torture.
    assert run.killed_putting_in >= AT_LEAST_KILLS
    assert len(run.killed) + len(run.wire.killed) >= AT_LEAST_KILLS
    assert len(run.wire.killed) >= AT_LEAST_BETWEEN

    # It came to an end without anybody's help.
    assert dict(found.states) == {"done": len(found.numbers)}
    assert (found.leases, found.by_people) == (0, [])

    # Nothing acknowledged is lost, and nothing that was not put in is sent.
    assert set(run.acknowledged) - set(found.numbers) == set()
    told = {number: row_id for number, row_id in run.acknowledged.items() if row_id != "ordered"}
    assert {number: found.numbers[number][0] for number in told} == told
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
    assert [one for one in twice if one not in killed and one not in cut] == []
    assert {(one.number, one.message_id) for one in run.wire.copies} == {
        (number, message_id) for number, (_, message_id) in found.numbers.items()
    }
    assert len({(one.number, one.digest) for one in run.wire.copies}) == len(found.numbers)
    assert [one for one in run.errors.splitlines() if not one.endswith(LATE)] == []


def _expected(number):
    """Give what becomes of each recipient: accepted, but for those who are gone."""
    addresses = [str(one.address) for one in message(number).to]
    return {one: "rejected" if one.startswith("gone-") else "accepted" for one in addresses}
