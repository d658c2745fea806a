"""JSON as it is written to a terminal."""

from __future__ import annotations

import json

from hypothesis import example, given
from hypothesis import strategies as st

from mailsend.model.plain_json import plain_json


@given(st.recursive(st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
@example("\x7f")
@example(["\x9b31m", {"\u202e": "\u2066\u2028"}])
def test_it_says_the_same_and_moves_no_cursor(value):
    """Read again it is what it was; nothing in it is a control character or turns a line."""
    written = plain_json(json.dumps(value, ensure_ascii=False))
    assert json.loads(written) == value
    assert not [one for one in written if one < " " or "\x7f" <= one <= "\x9f" or one in "\u200f\u202e\u2066"]


def test_other_letters_stay():
    """People read it, too."""
    assert plain_json('{"name":"Zoë Müller 李"}') == '{"name":"Zoë Müller 李"}'
