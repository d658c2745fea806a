"""The query language of queue and log: what each text becomes, and what is told of those that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailsend.decide.query import parse
from mailsend.errors import InvalidQuery
from mailsend.model.query import EVERYTHING, All, AnyOf, Key, Match, Not, Pattern, Span, When, Word

BERLIN = ZoneInfo("Europe/Berlin")


def word(*parts: str) -> Word:
    return Word(Pattern(parts))


def match(key: str, *parts: str) -> Match:
    return Match(Key(key), Pattern(parts))


def after(*when: int) -> When:
    return When(Key.AFTER, datetime(*when, tzinfo=UTC))


def before(*when: int) -> When:
    return When(Key.BEFORE, datetime(*when, tzinfo=UTC))


def ago(key: str, **how: int) -> When:
    return When(Key(key), timedelta(**how))


A, B, C = word("a"), word("b"), word("c")

JOINED = {
    "": EVERYTHING,
    " \t\n": EVERYTHING,
    "a": A,
    " a ": A,
    "a b": All((A, B)),
    "a AND b": All((A, B)),
    "a OR b": AnyOf((A, B)),
    "a OR b OR c": AnyOf((A, B, C)),
    "a b OR c": AnyOf((All((A, B)), C)),
    "a OR b c": AnyOf((A, All((B, C)))),
    "a (b OR c)": All((A, AnyOf((B, C)))),
    "(a OR b)c": All((AnyOf((A, B)), C)),
    "(a)": A,
    "((a b))": All((A, B)),
    "(a b) c": All((All((A, B)), C)),
    "(a OR b) OR c": AnyOf((AnyOf((A, B)), C)),
    "-a": Not(A),
    "--a": Not(Not(A)),
    "-a b": All((Not(A), B)),
    "a -b": All((A, Not(B))),
    "-(a OR b)": Not(AnyOf((A, B))),
    "-from:a@b.example": Not(match("from", "a@b.example")),
    "a-b": word("a-b"),
    "or and not": All((word("or"), word("and"), word("not"))),
}

WORDS = {
    "4711": ("4711",),
    "inv*": ("inv", ""),
    "*inv*": ("", "inv", ""),
    "a*b*c": ("a", "b", "c"),
    "a**b": ("a", "b"),
    '"two words"': ("two words",),
    'two" "words': ("two words",),
    '"two wor*"': ("two wor", ""),
    r"a\*b": ("a*b",),
    r'"a\"b"': ('a"b',),
    r"a\\b": ("a\\b",),
    r"a\ b": ("a b",),
    '"(a)"': ("(a)",),
    '"OR"': ("OR",),
    '"AND"': ("AND",),
    '"NOT"': ("NOT",),
    '"-a"': ("-a",),
    '"from:a"': ("from:a",),
    "10:30": ("10:30",),
    "fe80::1": ("fe80::1",),
    "Größe": ("Größe",),
    "a,b;c": ("a,b;c",),
    "Or": ("Or",),
    "<Abc@suite.example>": ("Abc@suite.example",),
    "<Abc*@suite.example>": ("Abc", "@suite.example"),
    "<~abc@suite.example~>": ("~abc@suite.example~",),
    '"<a@b>"': ("<a@b>",),
    "<a@b>,": ("<a@b>,",),
    "<a@>": ("<a@>",),
    "<b>": ("<b>",),
    "x<a@b>": ("x<a@b>",),
    "\\<a@b>": ("<a@b>",),
    "~a": ("~a",),
}

VALUES = {
    "from:Ann@Suite.Example": ("from", "ann@suite.example"),
    "requested:ann@suite.example": ("requested", "ann@suite.example"),
    "sender:ann@suite.example": ("sender", "ann@suite.example"),
    "to:bob": ("to", "bob@", ""),
    "to:Bob@": ("to", "bob@", ""),
    "to:bob~": ("to", "bob~@", ""),
    "to:@Müller.example": ("to", "", "@xn--mller-kva.example"),
    "cc:*@Müller.example": ("cc", "", "@xn--mller-kva.example"),
    "cc:B*@Müller.example": ("cc", "b", "@xn--mller-kva.example"),
    "cc:*Bob@Müller.example": ("cc", "", "bob@xn--mller-kva.example"),
    "bcc:BOB*": ("bcc", "bob", ""),
    "bcc:*BOB": ("bcc", "", "bob"),
    'bcc:""': ("bcc", ""),
    "rcpt:*": ("rcpt", "", ""),
    "rcpt:Straße@straße.example": ("rcpt", "strasse@xn--strae-oqa.example"),
    'rcpt:"No Address@-X-"': ("rcpt", "no address@-x-"),
    "rcpt:*Straße@-X-": ("rcpt", "", "strasse@-x-"),
    "domain:Müller.Example": ("domain", "xn--mller-kva.example"),
    "domain:@b.example": ("domain", "b.example"),
    "domain:*.Example": ("domain", "", ".example"),
    "domain:-X-": ("domain", "-x-"),
    "domain:~x": ("domain", "~x"),
    "subject:Order": ("subject", "Order"),
    'subject:"Order 4711"': ("subject", "Order 4711"),
    "id:01j8*": ("id", "01j8", ""),
    "message-id:<Abc@suite.example>": ("message-id", "Abc@suite.example"),
    "message-id:<Abc*x>": ("message-id", "Abc", "x"),
    "message-id:~a~": ("message-id", "~a~"),
    "queue-id:4XYZ": ("queue-id", "4XYZ"),
    "customer:Rat": ("customer", "Rat"),
    'customer:""': ("customer", ""),
    "unit:North": ("unit", "North"),
    "template:invoice": ("template", "invoice"),
    "actor:Ann": ("actor", "Ann"),
    "tag:a:b": ("tag", "a:b"),
    "tag:-x": ("tag", "-x"),
    "tag:NOT": ("tag", "NOT"),
    "tag:OR": ("tag", "OR"),
    "server:mail.rat.example:587": ("server", "mail.rat.example:587"),
    "host:Mail.Rat.Example": ("host", "mail.rat.example"),
    "provider:Big*": ("provider", "big", ""),
    "source-ip:2001:DB8:0::1": ("source-ip", "2001:db8::1"),
    "source-ip:192.0.2.*": ("source-ip", "192.0.2.", ""),
    "source-ip:Nowhere": ("source-ip", "nowhere"),
    "kind:Status": ("kind", "status"),
    "frozen:yes": ("frozen", "yes"),
    "frozen:TRUE": ("frozen", "yes"),
    "frozen:1": ("frozen", "yes"),
    "frozen:no": ("frozen", "no"),
    "frozen:false": ("frozen", "no"),
    "frozen:0": ("frozen", "no"),
    "state:HELD": ("state", "held"),
    "state:Ex*": ("state", "ex", ""),
    "outcome:unknown": ("outcome", "unknown"),
    "reason:No_Such_User": ("reason", "no_such_user"),
    "code:550": ("code", "550"),
    "code:45*": ("code", "45", ""),
    "code:4*": ("code", "4", ""),
    "enhanced:5.1.1": ("enhanced", "5.1.1"),
    "enhanced:4.7.*": ("enhanced", "4.7.", ""),
    "enhanced:*.1.1": ("enhanced", "", ".1.1"),
    "FROM:a@b.example": ("from", "a@b.example"),
}

TIMES = {
    "after:2026-03-31": after(2026, 3, 31),
    "before:2026-03-31T08:30": before(2026, 3, 31, 8, 30),
    'before:"2026-03-31 08:30"': before(2026, 3, 31, 8, 30),
    "before:2026-03-31T08:30:15z": before(2026, 3, 31, 8, 30, 15),
    "before:2026-03-31t08:30+02:00": before(2026, 3, 31, 6, 30),
    "before:2026-03-31T08:30-02:00": before(2026, 3, 31, 10, 30),
    "after:2026-03": after(2026, 3, 1),
    "on:2026-03": All((after(2026, 3, 1), before(2026, 4, 1))),
    "on:2026-12": All((after(2026, 12, 1), before(2027, 1, 1))),
    "on:2026-03-31": All((after(2026, 3, 31), before(2026, 4, 1))),
    "on:2026-03-31T08:30": All((after(2026, 3, 31, 8, 30), before(2026, 3, 31, 8, 31))),
    "on:2026-03-31T08:30:15": All((after(2026, 3, 31, 8, 30, 15), before(2026, 3, 31, 8, 30, 16))),
    "after:2h": ago("after", hours=2),
    "after:90S": ago("after", seconds=90),
    "before:30m": ago("before", minutes=30),
    "before:3d": ago("before", days=3),
    "before:2w": ago("before", weeks=2),
    "before:0d": ago("before", days=0),
    "before:36500d": ago("before", days=36500),
    "on:3d": All((ago("after", days=3), ago("before", days=2))),
    "on:1h": All((ago("after", hours=1), ago("before", hours=0))),
}

SPANS = {
    "age:180": (180, 180),
    "age:3m": (180, 239),
    "age:3H": (10800, 14399),
    "age:2d": (172800, 259199),
    "age:1w": (604800, 1209599),
    "age:45s": (45, 45),
    "age:1800-3600": (1800, 3600),
    "age:30-60m": (1800, 3600),
    "age:30m-1h": (1800, 3600),
    "age:5-5": (5, 5),
    "age:>30m": (1801, None),
    "age:>=30m": (1800, None),
    "age:<2h": (None, 7199),
    "age:<=2h": (None, 7200),
    "age:<1": (None, 0),
    "age:<=36500d": (None, 36500 * 86400),
    "size:300": (300, 300),
    "size:300b": (300, 300),
    "size:500-900": (500, 900),
    "size:1kB": (1000, 1999),
    "size:2K": (2000, 2999),
    "size:<1MB": (None, 999_999),
    "size:>1m": (1_000_001, None),
    "size:1g": (10**9, 2 * 10**9 - 1),
    "size:>=1GB": (10**9, None),
    "size:<=1KiB": (None, 1024),
    "size:<=1MiB": (None, 1024**2),
    "size:<=1GiB": (None, 1024**3),
    "size:>=0": (0, None),
    "size:999999GB": (10**15 - 10**9, 10**15 - 1),
    "size:<=1000000GB": (None, 10**15),
    "size:>=1000000000000000": (10**15, None),
}


@pytest.mark.parametrize("text", JOINED)
def test_words_are_joined(text):
    """AND stands between words and binds more tightly than OR; parentheses group, a minus negates."""
    assert parse(text) == JOINED[text]


@pytest.mark.parametrize("text", WORDS)
def test_a_word_is_a_pattern(text):
    """An asterisk is a gap; quotes keep spaces and signs, a backslash keeps any sign as it is."""
    assert parse(text) == word(*WORDS[text])


@pytest.mark.parametrize("text", VALUES)
def test_a_key_takes_a_value(text):
    """Each key takes a value, brought to the one spelling in which it is compared."""
    assert parse(text) == match(*VALUES[text])


@pytest.mark.parametrize("text", TIMES)
def test_times_are_points_or_so_long_ago(text):
    """Dates, months and times are points in UTC; so long ago stays so; ``on:`` is from one to the next."""
    assert parse(text) == TIMES[text]


@pytest.mark.parametrize("text", SPANS)
def test_ages_and_sizes_are_ranges(text):
    """A number alone is the whole of its unit; ranges take both ends in, comparisons as they say."""
    key, _, _ = text.partition(":")

    assert parse(text) == Span(Key(key), *SPANS[text])


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("after:2026-03-31", after(2026, 3, 30, 22)),
        ("after:2026-01-01T12:00", after(2026, 1, 1, 11)),
        ("after:2026-01-01T12:00Z", after(2026, 1, 1, 12)),
        # The day on which clocks go forward has 23 hours.
        ("on:2026-03-29", All((after(2026, 3, 28, 23), before(2026, 3, 29, 22)))),
    ],
)
def test_a_date_is_one_of_the_zone(text, tree):
    """A date or time without an offset is one of the zone that is given."""
    assert parse(text, zone=BERLIN) == tree


WRITTEN = {
    "a  b": "a b",
    "(a b) OR c": "a b OR c",
    "a OR (b OR c)": "a OR (b OR c)",
    "a (b c)": "a (b c)",
    "(a OR b) c": "(a OR b) c",
    "-(a b)": "-(a b)",
    "-(a OR b)": "-(a OR b)",
    "--a": "--a",
    'subject:"Order con"*': 'subject:"Order con*"',
    '"plain"': "plain",
    '"OR"': '"OR"',
    '"AND"': '"AND"',
    '"NOT"': '"NOT"',
    '"-a"': '"-a"',
    '"a:b"': '"a:b"',
    "tag:a:b": "tag:a:b",
    'tag:""': 'tag:""',
    "tag:*": "tag:*",
    "tag:OR": "tag:OR",
    r"a\*b\"c\\d": r'"a\*b\"c\\d"',
    "*a*": "*a*",
    "on:2026-03": "after:2026-03-01T00:00:00Z before:2026-04-01T00:00:00Z",
    "x on:1d": "x (after:1d before:0s)",
    "after:120s": "after:2m",
    "after:61s": "after:61s",
    "after:48h": "after:2d",
    "after:14d": "after:2w",
    "after:3h": "after:3h",
    "age:>30m": "age:>=1801",
    "age:<2h": "age:<=7199",
    "size:300": "size:300-300",
}


@pytest.mark.parametrize("text", WRITTEN)
def test_a_query_is_written_down_again(text):
    """A query is written in one way, and read again it is the same."""
    tree = parse(text)

    assert str(tree) == WRITTEN[text]
    assert parse(str(tree)) == tree


FAULTS = {
    "(a": (0, "this parenthesis is never closed", "Close it."),
    "b (a": (2, "this parenthesis is never closed", "Close it."),
    "a)": (1, "this parenthesis was never opened", "Take it away, or open one before it."),
    "()": (1, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "a OR": (4, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "OR a": (0, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "a AND": (5, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "a AND OR b": (6, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "-OR": (1, "a word is missing here", 'Put OR and AND in quotes where they are words: "OR".'),
    "a - b": (2, "nothing follows the minus", 'Put what is meant literally in quotes: "…".'),
    "a -": (2, "nothing follows the minus", 'Put what is meant literally in quotes: "…".'),
    "(-)": (1, "nothing follows the minus", 'Put what is meant literally in quotes: "…".'),
    "a NOT b": (
        2,
        "NOT has no meaning",
        'Write a minus before what shall not be. Put what is meant literally in quotes: "…".',
    ),
    'a "b': (2, "the quotes are not closed", "Close them."),
    "a\\": (1, "nothing follows the backslash", 'Put what is meant literally in quotes: "…".'),
    '"a\\': (2, "nothing follows the backslash", 'Put what is meant literally in quotes: "…".'),
    "*": (0, "there is nothing to look for", "Write a word."),
    'a ""': (2, "there is nothing to look for", "Write a word."),
    "a from:": (
        7,
        "from: has no value",
        'Write the value right behind the colon, one for each key; from:"" is what has none.',
    ),
    "from: b": (
        5,
        "from: has no value",
        'Write the value right behind the colon, one for each key; from:"" is what has none.',
    ),
    "a*" + "*b" * 9: (0, "there are more than 8 asterisks in one value", "Ask for several words instead."),
    "a\x00b": (1, "'\\x00' cannot stand in a query", "Leave it out."),
    "ab\ud800": (2, "'\\ud800' cannot stand in a query", "Leave it out."),
    "a state:hold": (
        8,
        "state: cannot be 'hold'",
        "It is one of queued, sending, held, done, cancelled, expired.",
    ),
    "outcome:ok": (
        8,
        "outcome: cannot be 'ok'",
        "It is one of pending, accepted, deferred, rejected, unknown, held, suppressed, expired, cancelled.",
    ),
    "kind:" + "x" * 40: (
        5,
        f"kind: cannot be '{'x' * 30}'",
        "It is one of transactional, status, notice.",
    ),
    "frozen:maybe": (7, "frozen: is yes or no", "Write frozen:yes or frozen:no."),
    "frozen:y*": (7, "frozen: is yes or no", "Write frozen:yes or frozen:no."),
    'frozen:""': (7, "frozen: is yes or no", "Write frozen:yes or frozen:no."),
    **{
        f"code:{one}": (
            5,
            "a reply's code has three digits, from 200 to 599",
            "Write code:550 or code:5*.",
        )
        for one in ("55", "5500", "199", "600", "abc", "*50", "5*0", '""')
    },
    **{
        f"enhanced:{one}": (
            9,
            "an enhanced status code is three numbers with dots between them",
            "Write enhanced:5.1.1 or enhanced:5.7.*.",
        )
        for one in ("5.1", "3.1.1", "5.1.1.1", "5.1.1111", "5.x.*", "x*", '""')
    },
}


@pytest.mark.parametrize("text", FAULTS)
def test_what_is_no_query_is_told_with_place_and_advice(text):
    """Each fault has its place, its reason, and what to do instead."""
    with pytest.raises(InvalidQuery) as caught:
        parse(text)

    position, why, advice = FAULTS[text]
    assert (caught.value.position, caught.value.why, caught.value.advice) == (position, why, advice)
    assert caught.value.text == text
    assert str(caught.value) == f"the query cannot be read at character {position}: {why}"


TIME_FAULTS = {
    "on:2026-02-30": "there is no such time (",
    "on:2026-13": "there is no such time (",
    "on:9999-12": "there is no such time (",
    "on:9999-12-31": "there is no such time (",
    "after:2026-01-01T25:00": "there is no such time (",
    "after:36501d": "there is no such time (it is more than a hundred years ago)",
    "on:0d": "there is no such time (it has not ended yet)",
    "after:tomorrow": "after: takes a time",
    "after:2": "after: takes a time",
    "after:2026": "after: takes a time",
    "after:2026-01-01Z": "after: takes a time",
    "after:2026-01-01T10": "after: takes a time",
    "before:2026-*": "before: takes a time",
    "after:-2h": "after: takes a time",
    'on:""': "on: takes a time",
    "after:٣d": "after: takes a time",
}


@pytest.mark.parametrize("text", TIME_FAULTS)
def test_what_is_no_time_is_told(text):
    """What is no time is told as such, with all that can stand there."""
    with pytest.raises(InvalidQuery) as caught:
        parse(text)

    assert caught.value.why.startswith(TIME_FAULTS[text])
    assert caught.value.position == text.index(":") + 1
    assert caught.value.advice == (
        "Write a date (2026-03-31), a month (2026-03), a time (2026-03-31T08:30, with Z or +02:00 where it"
        " needs an offset) or how long ago (90m, 2h, 3d, 1w)."
    )


def test_a_time_before_all_time_is_told():
    """A date that begins, in UTC, before the first year is no time."""
    with pytest.raises(InvalidQuery, match="there is no such time"):
        parse("after:0001-01-01", zone=BERLIN)


NUMBER_FAULTS = {
    "age:x": "age: takes a number",
    "age:>": "age: takes a number",
    "age:=3": "age: takes a number",
    "age:1.5h": "age: takes a number",
    "age:1*": "age: takes a number",
    'size:""': "size: takes a number",
    "size:٣": "size: takes a number",
    "age:3kB": "there is no unit kB",
    "size:3h": "there is no unit h",
    "age:3600-1800": "the first number of a range is the smaller one",
    "age:<0": "nothing is less than 0",
    "size:<0": "nothing is less than 0",
    "size:1000000GB": "the number is too large",
    "size:>1000000GB": "the number is too large",
    "size:9999999999999999": "the number is too large",
    "size:10000000000000000": "size: takes a number",
    "size:1-1000001GB": "the number is too large",
    "age:>36500d": "the number is too large",
    "age:<1000000000000000": "the number is too large",
}


@pytest.mark.parametrize("text", NUMBER_FAULTS)
def test_what_is_no_number_is_told(text):
    """What is no age and no size is told as such, with all that can stand there."""
    with pytest.raises(InvalidQuery) as caught:
        parse(text)

    age = "Write seconds or a unit (s, m, h, d, w): age:180, age:1800-3600, age:>30m, age:<2h."
    size = "Write bytes or a unit (kB, MB, GB, KiB, MiB, GiB): size:300, size:500-900, size:>1MB."
    assert caught.value.why == NUMBER_FAULTS[text]
    assert caught.value.position == text.index(":") + 1
    assert caught.value.advice == (age if text.startswith("age") else size)


@pytest.mark.parametrize(
    ("text", "why", "meant"),
    [
        ("subjekt:x", "there is no key subjekt:", "Did you mean subject:? "),
        ("Frm:x", "there is no key Frm:", "Did you mean from:? "),
        ("Xyzzy:x", "there is no key Xyzzy:", ""),
        (f"{'y' * 30}:x", f"there is no key {'y' * 20}:", ""),
    ],
)
def test_an_unknown_key_is_told_with_those_that_there_are(text, why, meant):
    """A key that does not exist is told, with the one that may have been meant and with all others."""
    with pytest.raises(InvalidQuery) as caught:
        parse(f"a {text}")

    assert (caught.value.position, caught.value.why) == (2, why)
    assert caught.value.advice == (
        f'{meant}Keys are {", ".join(Key)}. Put what is meant literally in quotes: "…".'
    )


def test_what_would_cost_much_is_refused():
    """A query has bounds: its length, its terms, its depth; at each bound it is still read."""
    deep = "(" * 20 + "a" + ")" * 20
    assert parse("x" * 2000) == word("x" * 2000)
    assert parse(" ".join("a" * 50)) == All((A,) * 50)
    assert parse(deep) == A
    assert parse("-" * 20 + "a") != A
    for text, position, why, advice in (
        ("x" * 2001, 2000, "it is longer than 2000 characters", "Ask for less at a time."),
        (" ".join("a" * 51), 100, "there are more than 50 terms", "Ask for less at a time."),
        (f"({deep})", 21, "it is nested more than 20 deep", "Write it flatter."),
        ("-" * 21 + "a", 21, "it is nested more than 20 deep", "Write it flatter."),
    ):
        with pytest.raises(InvalidQuery) as caught:
            parse(text)
        assert (caught.value.position, caught.value.why, caught.value.advice) == (position, why, advice)


def test_eight_gaps_in_one_value_are_read():
    """Eight asterisks are as many as one value may have; several next to each other are one."""
    assert parse("a" + "*b" * 8) == word("a", *"b" * 8)
    assert parse("a" + "*" * 20) == word("a", "")


def test_a_pattern_has_a_piece():
    """A pattern without any piece cannot be made."""
    with pytest.raises(ValueError, match="a pattern has at least one piece"):
        Pattern(())


def test_a_pattern_knows_what_it_is():
    """A pattern without a gap is a text; a single gap is anything."""
    assert Pattern(("a",)).exact == "a"
    assert Pattern(("a", "")).exact is None
    assert Pattern(("", "")).is_anything
    assert not Pattern(("",)).is_anything
    assert Pattern(("a", "", "", "b", "")).parts == ("a", "b", "")
