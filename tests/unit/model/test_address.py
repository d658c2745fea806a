"""Addr-specs and mailboxes: what is one, what is none, and where the fault stands."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import pytest

from mailsend.errors import InvalidAddress
from mailsend.model.address import Address, Domain, Mailbox

X = Domain("x.example")
ANN = Address("ann", X)

ADDRESSES = {
    "ann@x.example": ANN,
    "<ann@x.example>": ANN,
    "  ann@x.example\t": ANN,
    "ann@X.EXAMPLE": ANN,
    "ann@x.example.": ANN,
    '"ann"@x.example': ANN,
    '"a\\nn"@x.example': ANN,
    "ann@x.example (evil@y.example)": ANN,
    "(evil@y.example) ann@x.example": ANN,
    "ann(c)@(d)x.example": ANN,
    '"ann"(c)@x.example': ANN,
    "ann@x.example (a (nested (comment)) \\) with a bracket)": ANN,
    "Ann@x.example": Address("Ann", X),
    '"a b@c"@x.example': Address("a b@c", X),
    '"a\\"b\\\\c"@x.example': Address('a"b\\c', X),
    '"..ann"@x.example': Address("..ann", X),
    "o'neil+tag=1@x.example": Address("o'neil+tag=1", X),
    "zoë@x.example": Address("zoë", X),
    "zoe\u0308@x.example": Address("zoë", X),
    "joe@münchen.example": Address("joe", Domain("xn--mnchen-3ya.example")),
    "joe@xn--mnchen-3ya.example": Address("joe", Domain("xn--mnchen-3ya.example")),
    "joe@\u0440\u0430ypal.example": Address("joe", Domain("xn--ypal-43d9g.example")),
    "root@localhost": Address("root", Domain("localhost")),
    "ann@printer.local": Address("ann", Domain("printer.local")),
    "ann@suite.test": Address("ann", Domain("suite.test")),
    "ann@büro.internal": Address("ann", Domain("xn--bro-hoa.internal")),
    "a" * 64 + "@x.example": Address("a" * 64, X),
}

NO_ADDRESSES = {
    "": (0, "there is no address"),
    "  ": (2, "there is no address"),
    "()": (2, "there is no address"),
    "<>": (1, "there is no address"),
    "ann": (3, "there is no @"),
    "ann meier": (9, "there is no @"),
    "@x.example": (0, "there is nothing before the @"),
    '""@x.example': (1, "there is nothing before the @"),
    "ann@": (4, "there is no domain after the @"),
    "ann@@x.example": (4, "a domain must stand after the @"),
    'ann@"x".example': (4, "a domain must stand after the @"),
    "ann@[192.0.2.1]": (4, "a domain literal is not taken; a domain name must stand here"),
    "ann@192.0.2.1": (4, "a domain does not end in a number (RFC 3696, section 2)"),
    "ann@.": (4, "the domain is missing"),
    "ann@-x.example": (
        4,
        "a label is empty, begins or ends with '-', or has '--' in third place (RFC 5890, 2.3.1)",
    ),
    "ann@x_y.example": (5, "'_' cannot stand in a domain (RFC 1123, section 2.1)"),
    "ann@x\u202e.example": (5, "'\\u202e' cannot be seen, and cannot stand in a domain"),
    "ann@xn--zzzzzzzz.example": (4, "the domain is not valid by IDNA (RFC 5891, UTS #46)"),
    "ann@" + "a" * 64 + ".example": (
        4,
        "a label of the domain is longer than 63 octets (RFC 1035, section 2.3.4)",
    ),
    "ann@" + "a." * 125 + "example": (
        257,
        "the domain is longer than 253 octets (RFC 1035, section 2.3.4)",
    ),
    "a" * 60 + "@" + "a." * 97 + "a": (
        254,
        "it is longer than 254 octets (RFC 5321, section 4.5.3.1.3)",
    ),
    "a" * 65 + "@x.example": (0, "the local part is longer than 64 octets (RFC 5321, 4.5.3.1.1)"),
    '"' + "a b" * 21 + '"@x.example': (
        1,
        "the local part is longer than 64 octets (RFC 5321, 4.5.3.1.1)",
    ),
    "ö" * 33 + "@x.example": (0, "the local part is longer than 64 octets (RFC 5321, 4.5.3.1.1)"),
    "ann\u200b@x.example": (3, "'\\u200b' cannot be seen, and cannot stand in an address"),
    "(c) a\u202en@x.example": (5, "'\\u202e' cannot be seen, and cannot stand in an address"),
    "\u0301ann@x.example": (0, "the part before the @ is not valid (RFC 6531, section 3.3)"),
    '"a\tb"@x.example': (2, "a control character cannot stand in an address"),
    ".ann@x.example": (
        0,
        "dots stand between other characters only, one at a time, unless they are quoted",
    ),
    "a..b@x.example": (
        2,
        "dots stand between other characters only, one at a time, unless they are quoted",
    ),
    "<ann.@x.example>": (
        4,
        "dots stand between other characters only, one at a time, unless they are quoted",
    ),
    "ann. b@x.example": (
        3,
        "dots stand between other characters only, one at a time, unless they are quoted",
    ),
    "ann@x.example\n": (13, "a control character cannot stand in an address"),
    "ann@x.example\r\nBcc: b@y.example": (13, "a control character cannot stand in an address"),
    "ann\x00@x.example": (3, "a control character cannot stand in an address"),
    "ann@x.example\x85": (13, "a control character cannot stand in an address"),
    "ann\ud800@x.example": (3, "a control character cannot stand in an address"),
    "ann@x.example, bob@y.example": (
        13,
        "a second address would begin here (a name with a comma needs quotes)",
    ),
    "ann@x.example; bob@y.example": (
        13,
        "a list would go on here, and one address is asked for",
    ),
    "ann@x.example bob@y.example": (14, "there is text beside the address"),
    'ann@x.example "bob"': (14, "there is text beside the address"),
    "bob ann@x.example": (4, "there is text beside the address"),
    "ann@x.example@y.example": (
        13,
        "an address has one @, and a name with an @ needs quotes",
    ),
    "Friends: ann@x.example;": (7, "groups and source routes are not taken"),
    "Friends: <ann@x.example>;": (7, "groups and source routes are not taken"),
    "<@a,@b:joe@c>": (1, "source routes are not taken (RFC 5321, section 3.6.1)"),
    "<@a>": (1, "there is nothing before the @"),
    "<ann@x.example": (0, "the angle bracket is not closed"),
    "<<ann@x.example>>": (1, "one address in angle brackets is enough"),
    "ann@x.example>": (13, "an angle bracket closes that was not opened"),
    "<ann@x.example> bob": (16, "there is text beside the address"),
    "<ann@x.example> <bob@x.example>": (16, "one address in angle brackets is enough"),
    ">ann@x.example<": (0, "an angle bracket closes that was not opened"),
    "ann@x.example)": (13, "a comment closes that was not opened"),
    "ann@x.example (c": (14, "the comment is not closed"),
    "((c) ann@x.example": (0, "the comment is not closed"),
    '"ann@x.example': (0, "the quotes are not closed"),
    "a\\b@x.example": (1, "a backslash stands in quotes only"),
    "[ann]@x.example": (0, "a domain literal is not taken, and names with brackets need quotes"),
    "ann]@x.example": (3, "a bracket cannot stand here"),
    "ann@bob@y.example <ann@x.example>": (
        3,
        "an address has one @, and a name with an @ needs quotes",
    ),
    "a" * 1001: (1000, "it has more than 1000 characters"),
}


NO_MAILBOXES = {
    "Ann <ann@x.example": (4, "the angle bracket is not closed"),
    "Ann <ann@x.examplex": (4, "the angle bracket is not closed"),
    "a <b@c.example> d": (16, "there is text beside the address"),
    "Meier, Ann <ann@x.example>": (
        5,
        "a second address would begin here (a name with a comma needs quotes)",
    ),
    "bob@y.example <ann@x.example>": (
        3,
        "an address has one @, and a name with an @ needs quotes",
    ),
    "Ann [work] <ann@x.example>": (
        4,
        "a domain literal is not taken, and names with brackets need quotes",
    ),
    "Friends: Ann <ann@x.example>;": (7, "groups and source routes are not taken"),
    "Ann <@y.example:ann@x.example>": (
        5,
        "source routes are not taken (RFC 5321, section 3.6.1)",
    ),
    "Ann\r\n <ann@x.example>": (3, "a control character cannot stand in an address"),
    "Ann\u2028 <ann@x.example>": (3, "a control character cannot stand in an address"),
    '"Ann\n" <ann@x.example>': (4, "a control character cannot stand in an address"),
    "Ann <ann@x.example (c>": (19, "the comment is not closed"),
    "Ann <ann@localhost.1>": (9, "a domain does not end in a number (RFC 3696, section 2)"),
    "A" * 990 + " <ann@x.example>": (1000, "it has more than 1000 characters"),
}


@pytest.mark.parametrize(("text", "address"), ADDRESSES.items())
def test_an_addr_spec_is_read(text: str, address: Address) -> None:
    """Each of these texts is this address, as an addr-spec and as a mailbox."""
    assert Address.parse(text) == address
    assert Mailbox.parse(text) == Mailbox("", address)


@pytest.mark.parametrize(("text", "fault"), NO_ADDRESSES.items())
def test_what_is_no_address_is_told_with_its_place(text: str, fault: tuple[int, str]) -> None:
    """Each of these texts is refused with its field, the place of the fault and the rule."""
    for parse in (Address.parse, Mailbox.parse):
        with pytest.raises(InvalidAddress) as caught:
            parse(text, field="to[1]")
        error = caught.value
        assert (error.text, error.field, error.position, error.why) == (text, "to[1]", *fault)
        assert error.advice


@pytest.mark.parametrize(("text", "fault"), NO_MAILBOXES.items())
def test_what_is_no_mailbox_is_told_with_its_place(text: str, fault: tuple[int, str]) -> None:
    """A name lets nothing in that an addr-spec would not."""
    with pytest.raises(InvalidAddress) as caught:
        Mailbox.parse(text, field="from_")
    error = caught.value
    assert (error.text, error.field, error.position, error.why) == (text, "from_", *fault)


def test_an_error_shows_the_message_that_people_read() -> None:
    """The message names field, text, place and rule, and hides nothing behind control characters."""
    with pytest.raises(InvalidAddress) as caught:
        Mailbox.parse("ann@x.example\r\nBcc: eve@y.example", field="from_")
    assert str(caught.value) == (
        "from_: 'ann@x.example\\r\\nBcc: eve@y.example' is not a valid address (at character 13): "
        "a control character cannot stand in an address"
    )
    assert caught.value.__suppress_context__


def test_a_name_is_not_an_addr_spec() -> None:
    """Where an address alone is asked for, a name before it is refused."""
    with pytest.raises(InvalidAddress) as caught:
        Address.parse("Ann <ann@x.example>")
    assert caught.value.position == 0
    assert caught.value.why == "a name stands before the address, and an address alone is asked for"


@pytest.mark.parametrize(
    ("local_part", "written"),
    [
        ("ann", "ann@x.example"),
        ("ann.b", "ann.b@x.example"),
        ("a b@c", '"a b@c"@x.example'),
        ('a"b\\c', '"a\\"b\\\\c"@x.example'),
        (".ann", '".ann"@x.example'),
        ("zoë", "zoë@x.example"),
        ("zoë m", '"zoë m"@x.example'),
    ],
)
def test_a_local_part_is_quoted_where_it_needs_that(local_part: str, written: str) -> None:
    """An address is written with the fewest quotes, and read back as it was."""
    address = Address(local_part, X)
    assert str(address) == written
    assert Address.parse(written) == address


def test_the_domain_is_written_in_a_labels_and_shown_decoded() -> None:
    """Servers get the A-labels, people the letters."""
    address = Address.parse("joe.x@MÜNCHEN.example")
    assert (str(address), address.unicode) == ("joe.x@xn--mnchen-3ya.example", "joe.x@münchen.example")
    assert (str(ANN), ANN.unicode) == ("ann@x.example", "ann@x.example")


def test_lists_compare_without_case() -> None:
    """The key folds the local part's case; equality keeps it."""
    assert Address.parse("Ann@X.example").key == ANN.key == "ann@x.example"
    assert Address.parse('"A B"@x.example').key == '"a b"@x.example'
    assert Address.parse("Ann@x.example") != ANN


def test_a_non_ascii_local_part_needs_smtputf8() -> None:
    """The domain alone never asks for SMTPUTF8 (RFC 6531)."""
    assert Address.parse("zoë@x.example").needs_smtputf8
    assert not Address.parse("joe@münchen.example").needs_smtputf8


@pytest.mark.parametrize("local_part", ["", "a\nb", "a" * 65, "a\u202eb"])
def test_an_address_that_is_none_cannot_be_made(local_part: str) -> None:
    """The constructor checks as the parser does."""
    with pytest.raises(InvalidAddress):
        Address(local_part, X)


@pytest.mark.parametrize(
    ("text", "name", "written"),
    [
        ("Ann Meier <ann@x.example>", "Ann Meier", "Ann Meier <ann@x.example>"),
        ("Ann\t  Meier<ann@x.example>", "Ann Meier", "Ann Meier <ann@x.example>"),
        ("Zoë Müller <ann@x.example>", "Zoë Müller", "Zoë Müller <ann@x.example>"),
        ("Dr. Ann <ann@x.example>", "Dr. Ann", '"Dr. Ann" <ann@x.example>'),
        ('"Meier, Ann" <ann@x.example>', "Meier, Ann", '"Meier, Ann" <ann@x.example>'),
        ('"A \\"B\\" \\\\" <ann@x.example>', 'A "B" \\', '"A \\"B\\" \\\\" <ann@x.example>'),
        ('"Ann\tMeier" <ann@x.example>', "Ann Meier", "Ann Meier <ann@x.example>"),
        ('Ann "the" Meier <ann@x.example>', "Ann the Meier", "Ann the Meier <ann@x.example>"),
        ("Ann (at work) <ann@x.example> (c)", "Ann", "Ann <ann@x.example>"),
        ('"" <ann@x.example>', "", "ann@x.example"),
        ('"  " <ann@x.example>', "", "ann@x.example"),
        ("=?utf-8?q?Zo=C3=AB?= <ann@x.example>", "Zoë", "Zoë <ann@x.example>"),
        ('"=?utf-8?q?Zo?=" <ann@x.example>', "=?utf-8?q?Zo?=", '"=?utf-8?q?Zo?=" <ann@x.example>'),
        (
            "=?utf-8?q?eve=40y.example?= <ann@x.example>",
            "eve@y.example",
            '"eve@y.example" <ann@x.example>',
        ),
        (
            "=?utf-8?q?a=0AB?= <ann@x.example>",
            "=?utf-8?q?a=0AB?=",
            '"=?utf-8?q?a=0AB?=" <ann@x.example>',
        ),
    ],
)
def test_a_name_is_read_and_written(text: str, name: str, written: str) -> None:
    """A mailbox's name is plain text; it is quoted again where RFC 5322 asks for that."""
    mailbox = Mailbox.parse(text)
    assert mailbox == Mailbox(name, ANN)
    assert str(mailbox) == written
    assert Mailbox.parse(written) == mailbox


@pytest.mark.parametrize(
    ("name", "position"), [("a\nb", 1), ("a\tb", 1), ("a\x85", 1), ("\u2028", 0), ("a" * 1001, 1000)]
)
def test_a_name_holds_no_control_characters(name: str, position: int) -> None:
    """A name that would break its line or never end is refused."""
    with pytest.raises(InvalidAddress) as caught:
        Mailbox(name, ANN)
    assert (caught.value.text, caught.value.position) == (name, position)
    assert caught.value.advice == "Give the name as plain text in one line."


def test_a_name_may_hold_everything_that_can_be_printed() -> None:
    """Specials in a name stay a name."""
    mailbox = Mailbox(' eve@y.example>, "x" <b@z.example> ', ANN)
    assert mailbox.name == 'eve@y.example>, "x" <b@z.example>'
    assert Mailbox.parse(str(mailbox)) == mailbox


def test_addresses_are_values() -> None:
    """Copies and pickles of a mailbox equal it, and hash alike."""
    mailbox = Mailbox.parse('"a b"@münchen.example')
    for twin in (copy.deepcopy(mailbox), pickle.loads(pickle.dumps(mailbox))):
        assert twin == mailbox
        assert hash(twin) == hash(mailbox)


def test_a_plain_address_loads_no_validator() -> None:
    """An ASCII address costs neither the import of email_validator nor that of idna."""
    program = (
        "import sys\n"
        "from mailsend.model.address import Mailbox\n"
        "str(Mailbox.parse('Ann <ann@X.example.>')), Mailbox.parse('ann@x.local').address.unicode\n"
        "print(sorted({'email_validator', 'idna', 'dns', 'email'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
