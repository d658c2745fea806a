"""Every scenario: nothing lost, nothing doubled, nothing hung, no wrong verdict, no secret in clear."""

from __future__ import annotations

import pytest
from catalogue import CATALOGUE, FAST
from running import wrong

from mailsend.testing.faults import FAULTS


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in FAST else pytest.mark.rings) for name in CATALOGUE]
)
def test_a_scenario_ends_as_the_catalogue_says(name):
    """What was told is true by the server's own record, and is what the catalogue says."""
    assert wrong(CATALOGUE[name]) == ()


def test_every_fault_stands_in_a_scenario():
    """No fault is shipped that no scenario tries, and there are 150 scenarios at least."""
    tried = {fault.name for scenario in CATALOGUE.values() for fault in scenario.scripted}
    assert set(FAULTS) - tried == set()
    assert len(CATALOGUE) >= 150
    assert set(FAST) <= set(CATALOGUE)
