"""Secrets do not show themselves."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailsend.model.address import Mailbox
from mailsend.model.reading import Place
from mailsend.model.rules import Application, Rules
from mailsend.model.rules_version import version_of
from mailsend.model.secret import Secret
from mailsend.model.server_options import secret

FALLBACK = Mailbox.parse("no-reply@suite.example")


def test_a_secret_is_shown_by_reveal_alone():
    """repr, str and formatting show three stars; reveal gives the text, of bytes too."""
    kept = Secret(b"hunter2")
    assert (repr(kept), str(kept), f"{kept:>3}") == ("Secret('***')",) * 3
    assert kept.reveal() == "hunter2"


def test_a_secret_compares_and_hashes_by_its_text():
    """Equal secrets are equal; a text is no secret."""
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("ä") == Secret("ä")
    assert Secret("a") != "a"
    assert hash(Secret("a")) == hash(Secret("a"))


def test_an_empty_secret_is_false():
    """An empty password is none."""
    assert not Secret("")
    assert Secret("a")


@pytest.mark.parametrize("write", [pickle.dumps, copy.deepcopy])
def test_a_secret_is_not_written_down(write):
    """A secret can be neither pickled nor copied deeply."""
    with pytest.raises(TypeError, match="a Secret is not written down"):
        write(Secret("hunter2"))


def test_a_secret_that_is_no_utf_8_stays_a_secret():
    """Comparing, digesting and reading it raise nothing that would hold it."""
    odd = Secret("hunter2\udcff")
    assert (odd == Secret("hunter2\udcff"), odd == Secret("hunter2")) == (True, False)
    rules = [
        Rules(application=Application(fallback_sender=FALLBACK, secret_keys=(one,)))
        for one in (odd, Secret("hunter2"))
    ]
    assert version_of(rules[0]) != version_of(rules[1])
    with pytest.raises(ValueError, match="a secret is text in UTF-8") as refused:
        Secret(b"hunter2\xff")
    assert (type(refused.value), refused.value.__context__) == (ValueError, None)


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ("hunter2\udcff", "it is no UTF-8"),
        (b"hunter2\xff", "expected a secret as text, and not empty"),
        ("hunter2\n", "it holds a line break or a NUL"),
    ],
)
def test_a_setting_that_can_be_no_secret_is_refused_without_showing_it(value, why):
    """Half of a surrogate pair could be written nowhere."""
    place = Place("server.password")
    assert secret(value, place) is None
    (problem,) = place.problems
    assert problem.why == why
    assert "hunter2" not in repr(problem)
