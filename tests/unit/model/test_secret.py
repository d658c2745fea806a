"""Secrets do not show themselves."""

from __future__ import annotations

import copy
import pickle

import pytest

from mailsend.model.secret import Secret


def test_a_secret_is_shown_by_reveal_alone():
    """repr, str and formatting show three stars; reveal gives the text, of bytes too."""
    secret = Secret(b"hunter2")
    assert (repr(secret), str(secret), f"{secret:>3}") == ("Secret('***')",) * 3
    assert secret.reveal() == "hunter2"


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
