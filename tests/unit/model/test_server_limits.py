"""The LIMITS extension (RFC 9422)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.model.server_limits import OfferedLimits, limits_in


@pytest.mark.parametrize(
    ("said", "limits"),
    [
        ("RCPTMAX=20", OfferedLimits(rcptmax=20)),
        ("MAILMAX=5 RCPTMAX=1 RCPTDOMAINMAX=999999", OfferedLimits(mailmax=5, rcptmax=1, rcptdomainmax=999999)),
        ("mailmax=7  rcptMax=8", OfferedLimits(mailmax=7, rcptmax=8)),
        ("OWN OTHER=x;y MAILMAX=3", OfferedLimits(mailmax=3)),
        ("RCPTMAX=30 RCPTMAX=10 RCPTMAX=20", OfferedLimits(rcptmax=10)),
        ("", OfferedLimits()),
    ],
)  # fmt: skip
def test_a_server_says_how_much_it_takes(said, limits):
    """Each limit that is known is read, in any case and order; of several the smallest holds."""
    assert limits_in({"SIZE": "100", "LIMITS": said}) == limits


@pytest.mark.parametrize(
    "value", ["0", "-1", "+5", "1.5", "007", "1000000", "", "x", "\u0661", "1_0", "5;6", "0x10"]
)
def test_a_senseless_limit_counts_as_not_said(value):
    """What is 0, too long or no number never stops a mail."""
    assert limits_in({"LIMITS": f"RCPTMAX={value} MAILMAX=2"}) == OfferedLimits(mailmax=2)


def test_without_the_extension_there_are_no_limits():
    """A server that offers no LIMITS has said nothing."""
    assert limits_in({"SIZE": ""}) == OfferedLimits()


def test_an_endless_offer_is_read_in_part():
    """Only so much is looked at as a sensible server would say."""
    assert limits_in({"LIMITS": "X=1 " * 10_000 + "RCPTMAX=1"}) == OfferedLimits()


@given(st.text())
def test_whatever_is_said_is_read(said):
    """No text makes reading fail, and no limit is below 1."""
    found = limits_in({"LIMITS": said})
    assert all(one is None or one >= 1 for one in (found.mailmax, found.rcptmax, found.rcptdomainmax))
