"""Tokens in reverse-paths: which mail and whom a notice speaks of, and nobody else's word (M15)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.decide.verp import LONGEST_TOKEN, _mark, read_token, reverse_path, token
from mailsend.mailer.ids import new_id
from mailsend.model.address import Address
from mailsend.model.bounce_tokens import LONGEST_LOCAL_PART, BounceTokens
from mailsend.model.secret import Secret

KEY, OTHER = b"k" * 32, b"o" * 32
ID = "01kahx0000abcdefghjkmnpqrs"
BOUNCES = Address.parse("bounces@suite.example")
_IDS = st.text("0123456789abcdefghjkmnpqrstvwxyz", min_size=26, max_size=26)
_POSITIONS = st.integers(0, 32**8 - 1)


@given(_IDS, _POSITIONS)
def test_a_token_holds_mail_and_recipient(id, position):
    """It is lower-case base32 of at most 50 octets, always the same, and read by its key alone."""
    made = token(id, position, KEY)
    assert re.fullmatch("[0-9a-hjkmnp-tv-z]{43,50}", made)
    assert len(made) <= LONGEST_TOKEN
    assert token(id, position, KEY) == made
    assert read_token(f"bounces+{made}@suite.example", [OTHER, KEY]) == (id, position)
    assert read_token(f"bounces+{made}@suite.example", [OTHER]) is None
    assert read_token(f"bounces+{made}@suite.example", []) is None


def test_the_ids_that_mails_have_fit_into_a_token():
    """What the mailer makes is what a token holds."""
    mail = new_id()
    assert read_token(token(mail, 7, KEY), [KEY]) == (mail, 7)


def test_a_token_is_what_it_was():
    """Tokens that were sent out earlier are read by later versions."""
    assert token(ID, 33, KEY) == "01kahx0000abcdefghjkmnpqrs11c9a95cm5vgg4wbnb"
    assert token(ID, 0, KEY)[-16:] != token(ID, 1, KEY)[-16:] != token(ID, 0, OTHER)[-16:]


MADE = token(ID, 3, KEY)


@pytest.mark.parametrize(
    "text",
    [
        MADE,
        f"bounces+{MADE}",
        f"bounces+{MADE}@suite.example",
        f" <bounces+{MADE}@suite.example>\r\n",
        f"BOUNCES+{MADE.upper()}@SUITE.EXAMPLE",
        f'"bounces+{MADE}"@suite.example',
        f"a+b+{MADE}@suite.example",
        f"prvs=3123456789=bounces+{MADE}@suite.example",
        f"prvs=3123456789=Bounces+{MADE.title()}@suite.example",
        f"btv1==3123==bounces+{MADE}@suite.example",
        f"SRS0=HHH=TT=suite.example=bounces+{MADE}@forwarder.example",
        f"SRS0+HHH=TT=suite.example=bounces+{MADE}@forwarder.example",
        f"SRS1=GGG=forwarder.example==HHH=TT=suite.example=bounces+{MADE}@other.example",
        f"prvs=3123456789=SRS0=HHH=TT=suite.example=bounces+{MADE}@forwarder.example",
    ],
)
def test_a_token_is_read_behind_what_others_put_before_it(text):
    """Case, quotes, BATV and SRS prefixes hide no token."""
    assert read_token(text, [KEY]) == (ID, 3)


@pytest.mark.parametrize("delimiter", ["+", "-", "=", "_"])
def test_the_delimiter_is_what_the_server_knows(delimiter):
    """Each of those there are separates address and token."""
    tokens = BounceTokens(key=Secret(KEY.hex()), delimiter=delimiter)
    made = str(reverse_path(Address.parse("bounces-of_suite@suite.example"), ID, 3, tokens))
    assert made == f"bounces-of_suite{delimiter}{MADE}@suite.example"
    assert read_token(f"SRS0=HHH=TT=a-b.example={made}", [KEY], delimiter=delimiter) == (ID, 3)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "@",
        "bounces@suite.example",
        "bounces+@suite.example",
        f"bounces+{MADE}x@suite.example",
        f"bounces+{MADE[:-1]}@suite.example",
        f"bounces+{MADE[1:]}@suite.example",
        f"bounces-{MADE}@suite.example",
        f"bounces+{MADE}=3123456789@suite.example",
        f"bounces+{ID}4{MADE[27:]}@suite.example",
        f"bounces+{ID}{MADE[27:]}@suite.example",
        f"bounces+{'0' * 43}@suite.example",
        f"bounces+{'ｂ' * 43}@suite.example",
        "x" * 2000 + f"+{MADE}",
        f"+{'+' * 900}",
    ],
)
def test_what_is_no_token_is_read_as_none(text):
    """Nothing else, and nothing that was changed, says anything of a mail."""
    assert read_token(text, [KEY]) is None


@given(st.text(max_size=80), st.sampled_from("+-=_"))
def test_whatever_is_given_out_for_an_address_says_nothing(text, delimiter):
    """Reading never raises, and makes nothing of any text."""
    assert read_token(text, [KEY], delimiter=delimiter) is None


@given(_POSITIONS, st.integers(0, 42), st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"))
def test_one_changed_digit_undoes_a_token(position, place, digit):
    """Id, position and mark belong together."""
    made = token(ID, position, KEY)
    changed = made[:place] + digit + made[place + 1 :]
    assert read_token(changed, [KEY]) == ((ID, position) if changed == made else None)


@pytest.mark.parametrize("id", ["", "01mail", ID.upper(), f"{ID}0", f"{ID[:-1]}i", f"{ID}\n"])
def test_a_token_holds_ids_of_ours_alone(id):
    """What could not be read again is refused, and then the address goes out as it is."""
    with pytest.raises(ValueError, match="an id of ours"):
        token(id, 0, KEY)
    assert reverse_path(BOUNCES, id, 0, BounceTokens(key=Secret(KEY.hex()))) == BOUNCES


@pytest.mark.parametrize("position", [-1, 32**8])
def test_a_position_is_a_small_number(position):
    """It is neither negative nor so large that the token would be too long."""
    with pytest.raises(ValueError, match="place of a recipient"):
        token(ID, position, KEY)


def test_the_reverse_path_has_the_token_behind_the_bounce_address():
    """Domain and beginning stay; where there is no room, so does the whole."""
    tokens = BounceTokens(key=Secret(KEY.hex()))
    assert str(reverse_path(BOUNCES, ID, 3, tokens)) == f"bounces+{MADE}@suite.example"
    longest = Address.parse(f"{'x' * LONGEST_LOCAL_PART}@suite.example")
    assert str(reverse_path(longest, ID, 1023, tokens)).startswith("x" * LONGEST_LOCAL_PART + "+")
    longer = Address.parse(f"{'x' * (LONGEST_LOCAL_PART + 2)}@suite.example")
    assert reverse_path(longer, ID, 3, tokens) == longer


def test_the_key_is_not_shown():
    """Neither repr nor text of what tokens are made with tells the key."""
    assert KEY.hex()[:8] not in repr(BounceTokens(key=Secret(KEY.hex())))


def test_a_place_is_written_in_one_way_alone():
    """With a nought before it, it is refused though the mark is right: no two tokens mean the same."""
    made = token(ID, 1, KEY)
    assert read_token(made, [KEY]) == (ID, 1)
    assert read_token(token(ID, 0, KEY), [KEY]) == (ID, 0)
    for place in ("01", "001"):
        assert read_token(f"{ID}{place}{_mark(ID, place, KEY)}", [KEY]) is None


def test_nothing_but_brackets_and_quotes_is_taken_off_an_address():
    """What else stands before a token makes it none."""
    made = token(ID, 7, KEY)
    assert read_token(f'<"{made}"@suite.example>', [KEY]) == (ID, 7)
    assert read_token(f"~{made}@suite.example", [KEY]) is None


@pytest.mark.parametrize(("length", "found"), [(1000, (ID, 7)), (1001, None)])
def test_a_text_too_long_for_an_address_is_not_read(length, found):
    """A thousand characters are, and one more are not."""
    made = token(ID, 7, KEY)
    assert read_token(f"{'b' * (length - len(made) - 1)}+{made}", [KEY]) == found
