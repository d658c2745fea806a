"""Laws of addresses, attack strings among them."""

from __future__ import annotations

import unicodedata

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import assume, example, given
from hypothesis import strategies as st

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain, Mailbox, read_mailboxes
from mailsend.model.address_grammar import read_mailbox_text
from mailsend.model.domain import SPECIAL_USE
from mailsend.model.mailbox import _PLAIN_ADDRESS

ATEXT = "abcXYZ019!#$%&'*+-/=?^_`{|}~"
CONTROLS = "".join(chr(n) for n in (*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029) if n != 9)
HIDDEN = (
    "\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff\u00ad"
)
ENOUGH_SPECIALS = '"\\(),:;<>@[] .\t'

atoms = st.text(ATEXT, min_size=1, max_size=30)
dot_atoms = st.lists(atoms, min_size=1, max_size=3).map(".".join)
labels = st.from_regex(r"\A[A-Za-z0-9]([A-Za-z0-9-]{0,20}[A-Za-z0-9])?\Z")
domains = st.lists(labels, min_size=1, max_size=4).map(".".join)
hosts = st.sampled_from(
    ["x.example", "Customer.Example", "mail.suite.test", "münchen.example", "日本.example"]
)
quotable = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
printable = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), max_size=60)
# What hostile input is made of, denser than chance would have it.
hostile = st.text(
    st.sampled_from(ENOUGH_SPECIALS + "ab1-=?é\u0440\uff20\uff0e" + HIDDEN + "\r\n\0\x85\u2028"), max_size=60
)


def by_the_oracle(text: str) -> str | None:
    """Say what email_validator makes of plain text: the address with its domain in A-labels."""
    try:
        found = validate_email(text, check_deliverability=False, globally_deliverable=False)
    except EmailNotValidError:
        return None
    local_part = text.rpartition("@")[0]
    return f"{local_part}@{found.ascii_domain}" if len(local_part) <= 64 else None


def domain_of(octets: int) -> str:
    """Give a domain of exactly so many octets, in labels of at most 63."""
    return ("a" * 63 + ".") * (octets // 64) + "a" * (octets % 64 or 1)


def boundary_lengths() -> st.SearchStrategy[str]:
    return st.tuples(st.integers(60, 68), st.integers(180, 260)).map(
        lambda lengths: "a" * lengths[0] + "@" + domain_of(lengths[1])
    )


@example("a@ab--c.example")
@example("a@x.ab--c")
@example("a@a--b.example")
@given(
    st.one_of(
        boundary_lengths(),
        st.integers(245, 256).map(lambda octets: "a@" + domain_of(octets)),
        st.integers(60, 70).map(lambda octets: "a@" + "b" * octets + ".example"),
        st.text("ab1-", min_size=1, max_size=6).map(lambda label: f"a@{label}.example"),
        st.tuples(dot_atoms, domains).map("@".join),
        st.text(ATEXT + ".@-", max_size=40),
        st.text("ab.@-1", max_size=12),
        st.tuples(st.text("ab.", min_size=1, max_size=70), st.text("ab1.-", max_size=260)).map("@".join),
    )
)
def test_the_expression_for_plain_addresses_equals_the_validator(text: str) -> None:
    """What our expression takes the validator takes alike, and what it leaves the validator refuses.

    Two kinds are left to slower reading: domains that end in a number or a dot, and A-labels.
    """
    domain = text.rpartition("@")[2].lower()
    plain = _PLAIN_ADDRESS.match(text)
    if domain.rpartition(".")[2].isdigit() or "xn--" in domain or not domain:
        assert plain is None
    elif domain.rpartition(".")[2] not in SPECIAL_USE and not domain.endswith("arpa"):
        oracle = by_the_oracle(text)
        assert (str(Address.parse(text)) if plain else None) == oracle


@given(dot_atoms.filter(lambda one: len(one) <= 64), labels, st.sampled_from(sorted(SPECIAL_USE)))
def test_special_use_domains_are_grammar(local_part: str, label: str, special: str) -> None:
    """Every special-use domain is a valid one, in Unicode as well, and says of itself what it is."""
    assume("--" not in label)
    for host in (f"{label}.{special}", f"ü{label.lower()}.{special}", special):
        address = Address.parse(f"{local_part}@{host}")
        assert address.domain.is_special_use
        assert address.domain.unicode == host.lower()


@given(quotable.filter(lambda one: len(one) <= 20), hosts, printable)
def test_what_is_written_is_read_back(local_part: str, host: str, name: str) -> None:
    """The text of a mailbox is that mailbox, whatever its name and local part hold."""
    mailbox = Mailbox(name, Address(local_part, Domain.parse(host)))
    assert Mailbox.parse(str(mailbox)) == mailbox
    assert Address.parse(str(mailbox.address)) == mailbox.address
    assert Address.parse(mailbox.address.unicode) == mailbox.address


@given(st.one_of(hostile, printable, st.text(max_size=60), st.tuples(hostile, hosts).map("@".join)))
def test_any_text_is_one_safe_mailbox_or_an_invalid_address(text: str) -> None:
    """Parsing raises nothing but InvalidAddress, with a place in the text, or gives what is safe."""
    try:
        mailbox = Mailbox.parse(text, field="to")
    except InvalidAddress as caught:
        fault = caught
    else:
        check_that_it_is_safe(mailbox)
        return
    assert fault.field == "to"
    assert fault.position is not None
    assert 0 <= fault.position <= len(text)


def check_that_it_is_safe(mailbox: Mailbox) -> None:
    written = str(mailbox.address)
    assert not any(unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp") for char in written)
    assert not any(unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") for char in mailbox.name)
    assert len(mailbox.address.local_part.encode()) <= 64
    assert len(written.encode()) <= 254
    assert mailbox.address.domain.ascii.isascii()
    assert Mailbox.parse(str(mailbox)) == mailbox


@given(dot_atoms.filter(lambda one: len(one) <= 60), hosts, st.sampled_from(CONTROLS), st.data())
def test_a_control_character_is_refused_wherever_it_stands(
    local_part: str, host: str, control: str, data: st.DataObject
) -> None:
    """No control character gets through at any place, and the error names that place."""
    text = f"Ann <{local_part}@{host}>"
    at = data.draw(st.integers(0, len(text)))
    with pytest.raises(InvalidAddress) as caught:
        Mailbox.parse(text[:at] + control + text[at:])
    assert caught.value.position == at


@given(atoms, hosts, st.sampled_from(HIDDEN), st.data())
def test_a_hidden_character_is_refused_in_an_addr_spec(
    local_part: str, host: str, hidden: str, data: st.DataObject
) -> None:
    """Bidirectional and zero-width characters stand in no address."""
    text = f"{local_part}@{host}"
    at = data.draw(st.integers(0, len(text)))
    with pytest.raises(InvalidAddress):
        Address.parse(text[:at] + hidden + text[at:])


comments = st.recursive(
    st.text("ab@,;<> é", max_size=8),
    lambda inner: inner.map(lambda text: f"x({text})@y.example,"),
    max_leaves=5,
).map(lambda text: f"({text})")


@given(atoms, hosts, st.lists(comments, min_size=6, max_size=6))
def test_a_comment_is_dropped_and_never_joined(local_part: str, host: str, given_: list[str]) -> None:
    """Comments change neither name nor address, wherever they may stand."""
    a, b, c, d, e, f = given_
    expected = Mailbox("Ann", Address(local_part, Domain.parse(host)))
    assert Mailbox.parse(f"{a}Ann{b}<{c}{local_part}{d}@{e}{host}>{f}") == expected
    assert Address.parse(f"{a} {local_part}{b}@{c}{host}{d}") == expected.address


@given(st.integers(1, 480), st.integers(0, 480))
def test_deep_comments_are_counted_not_recursed(opened: int, closed: int) -> None:
    """A comment as deep as the text is long is read; one that does not close is refused."""
    text = "(" * opened + ")" * closed + "ann@x.example"
    if opened == closed:
        assert Address.parse(text) == Address("ann", Domain("x.example"))
    else:
        with pytest.raises(InvalidAddress):
            Address.parse(text)


@given(st.tuples(dot_atoms, hosts).map("@".join), st.tuples(dot_atoms, hosts).map("@".join))
def test_two_addresses_are_never_one(first: str, second: str) -> None:
    """No way of putting two addresses into one text is taken."""
    for text in (
        f"{first}, {second}",
        f"{first};{second}",
        f"{first} {second}",
        f"{first}@{second}",
        f"<{first}> <{second}>",
        f"{first} <{second}>",
        f"<{first}> {second}",
        f"<{first},{second}>",
        f"<@{second}:{first}>",
        f"all: {first}, {second};",
    ):
        with pytest.raises(InvalidAddress):
            Mailbox.parse(text)


@given(st.text(min_size=1001, max_size=1200))
def test_a_long_text_is_refused_unread(text: str) -> None:
    """More than 1000 characters are no mailbox."""
    with pytest.raises(InvalidAddress) as caught:
        Mailbox.parse(text)
    assert caught.value.position in (1000, None)


@given(st.sampled_from(["x.example", "münchen.example", "büro.local", "faß.example"]), st.data())
def test_a_domain_is_the_same_in_every_spelling(host: str, data: st.DataObject) -> None:
    """Case, composition, width, kinds of dots, a dot at the end and A-labels make no difference."""
    domain = Domain.parse(host)
    for change in data.draw(st.lists(st.sampled_from(SPELLINGS), max_size=4)):
        host = change(host)
    assert Domain.parse(host) == domain
    assert Domain.parse(domain.ascii) == Domain.parse(domain.unicode) == domain


SPELLINGS = (
    lambda text: text.swapcase() if "ß" not in text else text,
    lambda text: unicodedata.normalize("NFD", text),
    lambda text: text.replace("e", "\uff45"),
    lambda text: text.replace(".", "\u3002"),
    lambda text: text.rstrip(".\u3002") + ".",
)


@given(st.lists(st.tuples(st.one_of(atoms, st.just("")), dot_atoms, hosts), max_size=5))
def test_mailboxes_are_read_alike_in_every_form(parts: list[tuple[str, str, str]]) -> None:
    """Texts, pairs and values give the same mailboxes in the same order."""
    assume(all(len(local_part) <= 64 for _, local_part, _ in parts))
    values = tuple(Mailbox(name, Address.parse(f"{local_part}@{host}")) for name, local_part, host in parts)
    assert read_mailboxes(list(values), field="to") == values
    assert read_mailboxes([str(one) for one in values], field="to") == values
    assert read_mailboxes([(one.name, str(one.address)) for one in values], field="to") == values


@given(st.lists(atoms, max_size=3).map(" ".join), dot_atoms.filter(lambda one: len(one) <= 64), domains)
def test_the_short_way_reads_what_the_grammar_reads(name: str, local_part: str, domain: str) -> None:
    """A mailbox that is read by expression is what the tokens say."""
    assume("=?" not in name and domain_or_none(domain) is not None)
    text = f"{name} <{local_part}@{domain}>"
    parts = read_mailbox_text(text)
    assert Mailbox.parse(text) == Mailbox(parts.name, Address(parts.local_part, Domain.parse(parts.domain)))


def domain_or_none(text: str) -> Domain | None:
    try:
        return Domain.parse(text)
    except InvalidAddress:
        return None
