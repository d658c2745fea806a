"""Laws of the query language: it reads what it writes, and nothing breaks it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given
from hypothesis import strategies as st

from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery
from mailsend.model.query import All, AnyOf, Key, Match, Not, Pattern, Span, When, Word

ZONES = st.sampled_from([UTC, ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Kathmandu")])
# Letters, signs that mean something, and what they are made of.
SIGNS = st.sampled_from([*'()"\\*-:<>@. \tOR', "OR", "AND", "NOT", "ß", "İ", "ǅ", "ﬁ", "\u0130", "xn--", "Ä"])
PIECES = st.one_of(
    st.sampled_from([f"{key}:" for key in Key]),
    st.sampled_from(
        ["2h", "3d", "2026-03-31", "2026-03", "T08:30", "180", "1800-3600", "<1MB", "550", "5.1.1"]
    ),
    SIGNS,
    st.text(max_size=8),
)
TEXTS = st.lists(PIECES, max_size=12).map("".join)
WRITABLE = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
PARTS = st.lists(st.text(WRITABLE, max_size=6), min_size=1, max_size=4).map(tuple)
PATTERNS = PARTS.map(Pattern)
PLAIN = [
    *(Key.SUBJECT, Key.ID, Key.QUEUE_ID, Key.CUSTOMER, Key.UNIT, Key.TEMPLATE, Key.ACTOR, Key.TAG, Key.SERVER)
]
SPELLED = [Key.FROM, Key.RCPT, Key.DOMAIN, Key.MESSAGE_ID, Key.HOST, Key.PROVIDER, Key.SOURCE_IP, Key.REASON]
# A key, and two numbers that it takes.
NUMBERS = st.sampled_from([(Key.AGE, 36500 * 86400), (Key.SIZE, 10**15)]).flatmap(
    lambda one: st.tuples(st.just(one[0]), st.integers(0, one[1]), st.integers(0, one[1]))
)
TIMES = st.one_of(
    st.datetimes(timezones=st.just(UTC), allow_imaginary=False).map(lambda one: one.replace(microsecond=0)),
    st.integers(0, 36500 * 86400).map(lambda seconds: timedelta(seconds=seconds)),
).filter(lambda one: isinstance(one, datetime) or len(str(one // timedelta(seconds=1))) < 10)
LEAVES = st.one_of(
    PATTERNS.filter(lambda one: one.exact != "" and not one.is_anything).map(Word),
    st.builds(Match, st.sampled_from(PLAIN), PATTERNS),
    st.builds(When, st.sampled_from([Key.BEFORE, Key.AFTER]), TIMES),
    st.builds(lambda one: Span(one[0], one[1], None), NUMBERS),
    st.builds(lambda one: Span(one[0], None, one[1]), NUMBERS),
    st.builds(lambda one: Span(one[0], min(one[1:]), max(one[1:])), NUMBERS),
)
SEVERAL = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=8,
)


@given(TEXTS, ZONES)
@example('to:"ß@x.İ"', UTC)
@example("on:0001-01", UTC)
def test_any_text_is_read_or_refused(text, zone):
    """Whatever is typed is a query or InvalidQuery with a place in the text; what is read reads again alike."""
    try:
        tree = parse(text, zone=zone)
    except InvalidQuery as fault:
        assert 0 <= fault.position <= len(text)
        assert fault.advice
        return
    assert parse(str(tree)) == tree


@given(SEVERAL)
def test_what_is_written_is_read_alike(tree):
    """Each tree, written down and read, is the same tree, in every zone."""
    written = str(tree)
    if len(written) > 2000:
        return
    assert parse(written, zone=ZoneInfo("Asia/Kathmandu")) == tree


@given(st.sampled_from(SPELLED), PATTERNS)
def test_a_value_has_one_spelling(key, pattern):
    """What a value is compared by is the same after it was brought there once."""
    once = parse(str(Match(key, pattern)))

    assert parse(str(once)) == once
