"""Our own ids: sortable by time, never twice, not even in a forked child."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from mailsend.mailer.ids import new_id

FORKING = """
import os
from mailsend.mailer.ids import new_id
new_id()
child = os.fork()
if child:
    os.waitpid(child, 0)
print(new_id(), flush=True)
"""


def test_ids_sort_by_time_and_none_comes_twice():
    """26 letters of one alphabet; those of a later millisecond come later."""
    first = new_id()
    time.sleep(0.002)
    many = [new_id() for _ in range(1000)]

    assert {len(one) for one in many} == {26}
    assert set("".join(many)) <= set("0123456789abcdefghjkmnpqrstvwxyz")
    assert len(set(many)) == 1000
    assert first < min(many)


def test_the_chance_in_ids_is_never_used_twice():
    """The second half of each is another one, however many are drawn at once."""
    assert len({new_id()[10:] for _ in range(1000)}) == 1000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_forked_child_draws_chance_of_its_own():
    """What the parent has drawn beforehand is not used by its child."""
    told = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, check=True)
    in_child, in_parent = told.stdout.split()

    assert len(in_child) == len(in_parent) == 26
    assert in_child[10:] != in_parent[10:]
