"""Searching queue and log: what each term finds, in what order, by which index, and nothing besides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from search_samples import EVERY, MAILS, NOW, fill, mail, to
from sqlalchemy import event, insert, select

from mailsend.decide.query import parse
from mailsend.errors import StoreError
from mailsend.model.query import EVERYTHING, All, AnyOf, Key, Match, Not, Pattern
from mailsend.store import upgrade
from mailsend.store.database import Database
from mailsend.store.location import read_location
from mailsend.store.schema.mails import message, recipient
from mailsend.store.schema.upkeep import provider
from mailsend.store.search import OPEN, Cursor, condition, count, narrowing, page

FOUND = {
    # Words.
    "4711": "a2 a1",
    "ORDER": "a1",
    "irm": "a1",
    "überweisung": "b1",
    "ÜBERWEISUNG": "b1",
    "überWeisung": "b1",
    "100%": "b2",
    "_sure_": "b2",
    "100_": "",
    "Or*ed": "a1",
    "billing": "a2",
    "alias.example": "b1",
    "eve@small.example": "a1",
    "BOB": "d1 c3 c1 a2 a1",
    "c1": "c1",
    "a1@suite.example": "a1",
    "4ABC12": "a1",
    "4ABC1": "",
    "4ABC*": "a1",
    "hippopotamus": "",
    "müller.example": "b2",
    "JÜRGEN@MÜLLER.example": "b2",
    "jürgen": "b2",
    # Senders.
    "from:ann@alias.example": "b1",
    "from:ann@suite.example": "b1",
    "from:ann": "b1",
    "from:ANN@Suite.Example": "b1",
    "requested:ann@alias.example": "b1",
    "requested:ann@suite.example": "",
    "requested:office": "d2 d1 c3 c2 c1 a2 a1",
    'requested:""': "b2",
    "sender:ann@alias.example": "",
    "sender:*@suite.example": " ".join(EVERY),
    "from:bill*": "a2",
    "from:*ing@s*": "a2",
    # Recipients.
    "to:bob@big.example": "a1",
    "cc:bob@big.example": "a2",
    "rcpt:bob@big.example": "a2 a1",
    "rcpt:Bob@BIG.example": "a2 a1",
    "rcpt:bob": "c1 a2 a1",
    "rcpt:bob*": "d1 c3 c1 a2 a1",
    "rcpt:bob_1@big.example": "d1",
    "rcpt:bob_*": "d1",
    "rcpt:*_1@*": "d1",
    "rcpt:b*@small.example": "c1",
    "rcpt:@small.example": "c1 a1",
    "rcpt:JÜRGEN@MÜLLER.example": "b2",
    "bcc:bob": "c1",
    'cc:""': "d2 d1 c3 c2 c1 b2 b1",
    "cc:*": "a2 a1",
    "rcpt:archive@suite.example": "d2",
    "domain:big.example": "d1 c3 a2 a1",
    "domain:*.big.example": "c2",
    "domain:*big.example": "d1 c3 c2 a2 a1",
    "domain:müller.example": "b2",
    'provider:"big mail"': "d1 c3 a2 a1",
    "provider:*a*": "d1 c3 c1 a2 a1",
    "provider:small": "c1 a1",
    'provider:""': "d2 c2 b2 b1",
    "provider:*": "d1 c3 c1 a2 a1",
    # What was decided.
    "subject:invoice*": "a2",
    'subject:"invoice 4711"': "a2",
    "subject:invoice": "",
    'subject:""': "d1",
    "-subject:*": "d1",
    "subject:*üBER*": "b1",
    "id:c1": "c1",
    "id:c*": "c3 c2 c1",
    "id:*1": "d1 c1 b1 a1",
    "id:C1": "",
    "message-id:a1@suite.example": "a1",
    "message-id:<a1@suite.example>": "a1",
    "message-id:a*": "a2 a1",
    "message-id:*@x.example": "d1",
    "customer:rat": "c1 a1",
    "customer:Rat": "a2",
    "customer:r*": "c1 a1",
    "customer:*AT": "c1 a2 a1",
    'customer:""': "d2 d1 c3 c2 b2 b1",
    "unit:north": "b1",
    "template:order": "a1",
    "template:order*": "c2 a1",
    'template:""': "d2 d1 c3 c1 b2 b1 a2",
    "actor:erna": "b1",
    "tag:urgent": "b1",
    "tag:URG*": "b1",
    "tag:urg": "",
    "tag:ur*x": "",
    "tag:*o*h": "b2",
    r'tag:"with \"quotes\""': "b1",
    r"tag:a\\b": "b1",
    'tag:""': "d2 d1 c3 c2 c1 a2 a1",
    "tag:*": "b2 b1",
    "kind:status": "c3",
    "kind:trans*": "d2 d1 c2 c1 b2 b1 a2 a1",
    # What became of it.
    "queue-id:4ABC12": "a1",
    "queue-id:4AB*": "a2 a1",
    "queue-id:*99": "a2",
    'queue-id:""': "d2 d1 c3 c1 b2 b1",
    "server:main": "c2 a2",
    "server:relay*": "b2 b1 a1",
    "server:mail.rat.example:587": "c2",
    'server:""': "d2 d1 c3 c1",
    "host:relay.suite.example": "b2 b1 a1",
    "host:*.example": "c2 b2 b1 a1",
    "host:main": "c2 a2",
    "host:2001:DB8::7": "b2",
    "host:2001:db8:*": "b2",
    "host:[2001:db8::7]": "b2",
    "host:2001:db8::": "",
    'host:""': "d2 d1 c3 c1",
    "source-ip:192.0.2.10": "a1",
    "source-ip:192.0.*": "a1",
    "source-ip:2001:DB8:0::1": "a2",
    "frozen:yes": "c3",
    "frozen:no": "d2 d1 c2 c1 b2 b1 a2 a1",
    "state:held": "c1",
    "state:queued": "c3 c2",
    "state:sending": "d1",
    "state:done": "b2 b1 a2 a1",
    "state:can*": "d2",
    "outcome:rejected": "b1",
    "outcome:accepted": "b2 a2 a1",
    "outcome:*e*d": "d2 c2 c1 b2 b1 a2 a1",
    "reason:test_mode": "c1",
    "reason:by*": "d2",
    "reason:no_such_user": "b1",
    'reason:""': "d1 c3 b2 a2 a1",
    "code:550": "b1",
    "code:5*": "b1",
    "code:4*": "c2",
    "code:45*": "c2",
    "code:250": "",
    "enhanced:5.1.1": "b1",
    "enhanced:4.*": "c2",
    "enhanced:*.1": "c2 b1",
    # When, and how large.
    "after:1h": "d2 d1 c3 c2",
    "before:1h": "c1 b2 b1 a2 a1",
    "after:2h": "d2 d1 c3 c2 c1",
    "before:2h": "b2 b1 a2 a1",
    "on:3d": "b1",
    "on:2026-11-22": "d2 d1 c3 c2 c1 b2",
    "on:2026-10": "a1",
    "after:2026-11-22T08:20": "d2 d1 c3",
    "before:2026-11-22T08:20": "c2 c1 b2 b1 a2 a1",
    "age:180": "d1",
    "age:179": "",
    "age:181": "",
    "age:3m": "d1",
    "age:180-600": "d1 c3",
    "age:>180": "c3 c2 c1 b2 b1 a2 a1",
    "age:>=180": "d1 c3 c2 c1 b2 b1 a2 a1",
    "age:<3m": "d2",
    "age:>30m age:<=2h": "c2 c1",
    "size:300": "a1",
    "size:300-900": "b2 a1",
    "size:>=1MB": "c2",
    "size:<900": "a1",
    "size:1MB": "c2",
    # Together.
    "": " ".join(EVERY),
    "4711 customer:rat": "a1",
    "customer:rat OR customer:Rat": "c1 a2 a1",
    "(4711 OR hold) state:held": "c1",
    "-state:done -state:queued": "d2 d1 c1",
    "rcpt:bob -rcpt:*@big.example": "c1",
    "rcpt:bob@big.example domain:small.example": "a1",
    "4711 before:20d": "a1",
    "-(4711 OR after:4h)": "b1",
    "code:5* OR code:4*": "c2 b1",
}


@pytest.fixture(
    scope="module", params=["file", "memory", pytest.param("postgres", marks=pytest.mark.postgres)]
)
def log(request, tmp_path_factory):
    """Give the database of a store that holds the samples."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres").new_database()
    else:
        file = tmp_path_factory.mktemp("log") / "log.db"
        url = "memory:" if request.param == "memory" else f"sqlite:///{file}"
    upgrade(url)
    opened = Database(read_location(url))
    fill(opened)
    yield opened
    opened.close()


def found_ids(transaction, query, *, limit=1000, **more):
    rows = page(transaction, query, limit=limit, columns=(message.c.id,), **more).rows
    return tuple(one.id for one in rows)


def _found(database, text, **more):
    return database.looking(lambda transaction: found_ids(transaction, parse(text), now=NOW, **more))


def _paged(database, text, limit=50, after=None, **more):
    return database.looking(
        lambda transaction: page(transaction, parse(text), now=NOW, limit=limit, after=after, **more)
    )


@pytest.mark.parametrize("text", FOUND)
def test_a_query_finds_what_it_says(log, text):
    """Each query finds these mails, newest first, and no others, on SQLite and PostgreSQL alike."""
    assert " ".join(_found(log, text)) == FOUND[text]


@pytest.mark.parametrize("text", FOUND)
def test_a_common_word_finds_the_same(log, text, monkeypatch):
    """What is found does not depend on how many there are: too many for an index, the newest are read first."""
    monkeypatch.setattr(narrowing, "FEW", 0)

    assert " ".join(_found(log, text)) == FOUND[text]


@pytest.mark.parametrize("text", FOUND)
def test_a_condition_can_stand_in_other_statements(log, text):
    """The condition alone finds the same, whether it leads to the rows or is asked of each."""

    def work(transaction):
        return [
            set(
                transaction.connection.scalars(
                    select(message.c.id).where(condition(parse(text), now=NOW, driven=driven))
                )
            )
            for driven in (False, True)
        ]

    assert log.looking(work) == [set(FOUND[text].split())] * 2


LEAVES = st.sampled_from([one for one in FOUND if one and parse(one) != EVERYTHING])
TREES = st.recursive(
    LEAVES.map(parse),
    lambda inner: st.one_of(
        inner.map(Not),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: All(tuple(parts))),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: AnyOf(tuple(parts))),
    ),
    max_leaves=6,
)
BY_LEAF = {str(parse(text)): frozenset(FOUND[text].split()) for text in FOUND}


def _expected(tree):
    if str(tree) in BY_LEAF:
        return BY_LEAF[str(tree)]
    match tree:
        case All(parts):
            return frozenset(EVERY).intersection(*map(_expected, parts))
        case AnyOf(parts):
            return frozenset().union(*map(_expected, parts))
        case Not(part):
            return frozenset(EVERY) - _expected(part)
    raise AssertionError(tree)


@pytest.fixture(scope="module")
def memory():
    """Give a database in memory that holds the samples."""
    opened = Database(read_location("memory:"))
    fill(opened)
    yield opened
    opened.close()


# More rows than FEW, in which there are no more mails than FEW.
@example(tree=All((parse("überweisung"), parse("outcome:*e*d"))), few=2, very_few=0)
@given(tree=TREES, few=st.sampled_from([0, 2, 2000]), very_few=st.sampled_from([0, 200]))
def test_trees_find_what_their_parts_find(memory, tree, few, very_few):
    """AND, OR and minus are those of sets, whichever way the rows are come by."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(narrowing, "FEW", few)
        patch.setattr(narrowing, "_VERY_FEW", very_few)
        found = memory.looking(lambda transaction: found_ids(transaction, tree, now=NOW))

    assert found == tuple(one for one in EVERY if one in _expected(tree))


def test_pages_follow_each_other(log):
    """Pages are as long as they are asked to be, and each begins where the one before ended."""
    seen, after = [], None
    for expected in (4, 4, 1):
        found = _paged(log, "", limit=4, after=after)
        assert len(found.rows) == expected
        seen += [row.id for row in found.rows]
        after = found.next
    assert after is None
    assert tuple(seen) == EVERY


def test_a_page_that_is_just_full_is_the_last(log):
    """There is no next page where nothing is left for it."""
    assert _paged(log, "state:queued", limit=2).next is None
    assert _paged(log, "state:queued", limit=1).next == Cursor(MAILS[6]["queued_at"], "c3")
    assert _paged(log, "hippopotamus").rows == ()
    assert _paged(log, "", limit=0).rows == ()


def test_mails_of_the_same_moment_are_told_apart(database):
    """Mails queued in the same microsecond stand on one page or the next, each once."""
    names = [f"x{number}" for number in range(7)]
    with database.writing() as transaction:
        transaction.connection.execute(insert(message), [mail(one, timedelta(1)) for one in names])

    seen, after = [], None
    while True:
        found = _paged(database, "before:1h", limit=2, after=after)
        seen += [row.id for row in found.rows]
        after = found.next
        if after is None:
            break
        after = Cursor.read(str(after))
    assert seen == names[::-1]


def test_what_is_no_place_is_refused():
    """A cursor that nobody wrote is refused."""
    for text in ("", "x", "1.", "1.a b", "1." + "a" * 33, "1.a\n", f"{'9' * 19}.a", "١.a"):
        with pytest.raises(StoreError, match="no place in a list"):
            Cursor.read(text)


def test_a_page_has_the_columns_that_are_asked_for(log):
    """Rows have all columns, or those that are named; the caller's own condition holds besides."""
    found = _paged(log, "4711", columns=(message.c.subject, message.c.size))
    whole = _paged(log, "4711")

    assert [row[:2] for row in found.rows] == [("Invoice 4711", 1000), ("Order 4711 is confirmed", 300)]
    assert [row.subject for row in whole.rows] == ["Invoice 4711", "Order 4711 is confirmed"]
    assert _found(log, "4711", where=message.c.customer == "rat") == ("a1",)
    assert [row.id for row in _paged(log, "4711", where=message.c.customer == "rat").rows] == ["a1"]


def test_open_mails_are_those_that_have_not_ended(log):
    """``OPEN`` beside a query leaves what is queued, sending or held."""

    def work(transaction):
        return [found_ids(transaction, All((OPEN, parse(text))), now=NOW) for text in ("", "rcpt:bob")]

    assert log.looking(work) == [("d1", "c3", "c2", "c1"), ("c1",)]


def test_found_mails_are_counted(log):
    """A count is the number of what is found, and stops where it is told to."""

    def counted(text, **more):
        return log.looking(lambda transaction: count(transaction, parse(text), now=NOW, **more))

    assert counted("") == len(EVERY)
    assert counted("", at_most=3) == 3
    assert counted("4711") == 2
    assert counted("4711", at_most=5) == 2
    assert counted("hippopotamus") == 0
    assert counted("4711", where=message.c.customer == "rat") == 1
    assert _found(log, "", limit=2) == EVERY[:2]


HOSTILE = [
    "'; DROP TABLE mailsend_message;",
    '"\'; DROP TABLE mailsend_message; --"',
    'subject:"\' OR 1=1"',
    'id:"\') OR 1=1"',
    r"subject:\%",
    "subject:_*",
    "domain:' ",
    'tag:"\'"',
    "customer:%(x)s",
    "actor::name",
    "template:?",
    "queue-id:\U0010ffff*",
    "rcpt:\ud7ff*",
    "server:\U0010ffff\U0010ffff*",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_typed_is_never_sql(log, text):
    """Whatever stands in a value is looked for and nothing else; the log is whole afterwards."""
    assert _found(log, text) == ()
    assert _found(log, "") == EVERY


@pytest.mark.parametrize(
    "made", [Match(Key.STATE, Pattern(("x' OR '1'='1",))), Match(Key.CODE, Pattern(("x",)))]
)
def test_a_tree_made_by_hand_is_no_way_around(log, made):
    """Words that are written out into SQL are ours, even in a tree that nobody parsed."""
    with pytest.raises(ValueError, match=r"is not a valid MailState|invalid literal"):
        log.looking(lambda transaction: found_ids(transaction, made, now=NOW))


def test_a_letter_before_the_surrogates_has_one_behind_it(database):
    """What begins with the last letter before the surrogates is found, and nothing behind it."""
    names = {"y1": "\ud7ff", "y2": "\ud7ffa", "y3": "\ue000", "y4": "\U0010ffffz"}
    with database.writing() as transaction:
        transaction.connection.execute(
            insert(message), [mail(one, timedelta(1), customer=text) for one, text in names.items()]
        )

    assert _found(database, "customer:\ud7ff*") == ("y2", "y1")
    assert _found(database, "customer:\U0010ffff*") == ("y4",)


INDEXED = [
    *("id:c1", "id:c*", "message-id:a1@suite.example", "message-id:a1*", "queue-id:4ABC12", "queue-id:4A*"),
    *(
        "rcpt:bob",
        "rcpt:bob@big.example",
        "to:bob@big.example",
        "cc:bob*",
        "domain:big.example",
        "domain:big*",
    ),
    *("sender:office@suite.example", "sender:off*", "customer:rat", "customer:ra*"),
    *("after:1h", "before:40d", "on:2026-10", "age:>1h", "age:<1h", "state:held", "state:sending"),
    *("from:office@suite.example", "requested:ann@suite.example", "state:queued", "frozen:yes"),
]


@pytest.fixture(scope="module")
def plans(tmp_path_factory):
    """Give what tells how SQLite goes about the statements of a search."""
    file = tmp_path_factory.mktemp("plans") / "log.db"
    upgrade(f"sqlite:///{file}")
    opened = Database(read_location(f"sqlite:///{file}"))
    fill(opened)

    def told(text):
        statements = []

        def work(transaction):
            def note(_connection, _cursor, statement, parameters, *_):
                statements.append((statement, parameters))

            event.listen(transaction.connection, "before_cursor_execute", note)
            try:
                page(transaction, parse(text), now=NOW, columns=(message.c.id,))
            finally:
                event.remove(transaction.connection, "before_cursor_execute", note)
            return [
                row[3]
                for statement, parameters in statements
                for row in transaction.connection.exec_driver_sql(
                    f"EXPLAIN QUERY PLAN {statement}", parameters
                )
            ]

        return opened.looking(work)

    yield told
    opened.close()


@pytest.mark.parametrize("text", INDEXED)
def test_an_index_leads_to_what_is_asked_for(plans, text, monkeypatch):
    """What has an index is found by it: no table is read from end to end, for few mails and for many."""
    scans = [one for one in plans(text) if one.startswith("SCAN mailsend_") and "USING" not in one]
    monkeypatch.setattr(narrowing, "FEW", 0)
    common = [one for one in plans(text) if one.startswith("SCAN mailsend_") and "USING" not in one]

    assert scans == common == []


def test_a_table_without_an_index_would_be_seen(plans):
    """The test above would see a table that is read from end to end."""
    assert [one for one in plans("unit:north size:>1") if one.startswith("SCAN mailsend_message")]


def test_ages_are_counted_from_the_time_that_is_given(memory):
    """The same query at another time finds other mails: there is no clock in it."""
    later = datetime(2027, 1, 1, tzinfo=UTC)

    def work(transaction):
        return found_ids(transaction, parse("after:1d"), now=later), found_ids(
            transaction, parse("age:>30d"), now=later
        )

    assert memory.looking(work) == ((), EVERY)


def test_several_recipients_make_one_mail(database):
    """A mail of which many recipients are found is found once."""
    with database.writing() as transaction:
        transaction.connection.execute(insert(message), [mail("z1", timedelta(1))])
        transaction.connection.execute(
            insert(recipient), [to("z1", f"n{number}@big.example", number) for number in range(9)]
        )

    assert _found(database, "domain:big.example") == ("z1",)
    assert _found(database, "big.example") == ("z1",)


@pytest.mark.parametrize("text", ["age:>=36500d", "age:<=36500d", "age:0-36500d", "size:>=1000000GB"])
def test_the_largest_numbers_that_are_read_can_be_asked_for(log, text):
    """No database takes more than 64 bits."""
    assert _found(log, text) == (EVERY if "<" in text or "0-" in text else ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [("provider:gmail", "m1"), ("provider:g*l", "m1"), ("provider:other", "m2"), ('provider:""', "m3")],
)
def test_providers_are_those_of_the_statistics(database, text, expected):
    """The dated table goes before what was looked up, and needs no look-up."""
    mails = {"m1": "gmail.com", "m2": "other.example", "m3": "third.example"}
    known = [("gmail.com", "Other"), ("other.example", "Other")]
    rows = [{"domain": one, "provider": who, "source": "mx", "at": 0, "until": 0} for one, who in known]
    with database.writing() as transaction:
        run = transaction.connection.execute
        run(insert(message), [mail(one, timedelta(1)) for one in mails])
        run(insert(recipient), [to(one, f"bob@{domain}") for one, domain in mails.items()])
        run(insert(provider), rows)
    assert _found(database, text) == (expected,)


@pytest.mark.parametrize("limit", [-1, -50, 1_000_001, 2**63])
def test_a_page_has_an_end(log, limit):
    """Less than nothing is not everything."""
    with pytest.raises(StoreError, match="mails cannot be given"):
        _paged(log, "", limit=limit)
