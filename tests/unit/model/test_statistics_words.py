"""Statistics as values: what they are told as, and how each figure is computed."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime

import pytest

from mailsend.model.periods import Unit
from mailsend.model.statistics import FIGURES, Counts, Group, Statistics, StatisticsRow
from mailsend.model.words import LANGUAGES
from mailsend.model.words.log import log_words, say

AT = datetime(2026, 11, 22, tzinfo=UTC)
COUNTS = Counts(
    mails=2,
    recipients=4,
    outcomes={"accepted": 2, "deferred": 1, "held": 1},
    reasons={"x": 1},
    open=1,
    bytes=300,
    largest=200,
)


def statistics(**more):
    values = {
        "by": Unit.DAY,
        "timezone": "Europe/Zurich",
        "group": None,
        "query": "customer:rat",
        "since": None,
        "until": None,
        "rows": (StatisticsRow(begin=AT, end=AT, group=None, counts=COUNTS),),
        "total": COUNTS,
    }
    return Statistics(**(values | more))


def test_nothing_is_divided_by_nothing():
    """Where nothing was counted there are no ratios, and no shares."""
    empty = Counts()
    assert (empty.mean_size, empty.recipients_per_mail, empty.reason_shares) == (None, None, {})
    assert set(empty.ratios.values()) == {None}


def test_a_document_has_every_figure():
    """By the names under which their formulas are told."""
    told = statistics(since=AT, until=AT, group=Group.CUSTOMER).document()
    assert json.loads(json.dumps(told)) == told
    assert tuple(told["total"]) == FIGURES
    assert told["rows"][0] == {"begin": AT.isoformat(), "end": AT.isoformat(), "group": None, **told["total"]}
    assert (told["by"], told["group"], told["since"], told["until"]) == (
        "day",
        "customer",
        AT.isoformat(),
        AT.isoformat(),
    )
    assert (statistics().document()["since"], statistics().document()["group"]) == (None, None)
    assert told["total"]["accepted_ratio"] == 1.0
    assert told["total"]["open_ratio"] == 0.25


@pytest.mark.parametrize("locale", LANGUAGES)
def test_every_figure_says_how_it_is_computed(locale):
    """In each language; of groups by recipients also that a mail may stand under several."""
    told = statistics().formulas(locale)
    assert set(told) == {*FIGURES, "periods"}
    assert "Europe/Zurich" in told["periods"]
    for group in Group:
        several = say("figure.group.several", locale)
        assert (several in statistics(group=group).formulas(locale)["group"]) == (not group.of_mails)


def test_the_log_says_the_same_in_every_language():
    """The catalogues have the same keys, and ask for the same facts."""

    def facts(locale):
        return {
            key: {name for _, name, _, _ in string.Formatter().parse(words) if name}
            for key, words in log_words(locale).items()
        }

    assert facts("de-CH") == facts("en")
