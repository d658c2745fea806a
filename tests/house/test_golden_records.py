"""Records of every version are told as they were when they were written (house, rule 13)."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mailsend.model.decision import RECORD_VERSION
from mailsend.model.words import explain

GOLDEN = Path(__file__).parents[1] / "golden"


def _cases():
    for version in range(1, RECORD_VERSION + 1):
        for one in json.loads((GOLDEN / f"decisions-v{version}.json").read_text("utf-8")):
            yield pytest.param(one, id=f"v{version}-{one['record']['step']}-{one['record']['reason']}")


@pytest.mark.parametrize("case", list(_cases()))
def test_a_record_in_the_log_keeps_its_words(case):
    """What an old record says in English and German does not change behind its readers."""
    assert explain(case["record"], "en") == case["en"]
    assert explain(case["record"], "de") == case["de"]
    assert case["record"]["v"] <= RECORD_VERSION
