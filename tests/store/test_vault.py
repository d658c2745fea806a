"""Secrets at rest."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from mailsend.errors import InvalidSettings, StoreError
from mailsend.model.secret import Secret
from mailsend.store import Vault
from mailsend.store.vault import purpose_key

OLD, NEW = Secret("the-old-secret-key"), Secret("the-new-secret-key")
LOST = "'rat' opens with none of the secret keys"
texts = st.text(max_size=40)


@given(customer=texts, field=texts, value=st.text(st.characters(), max_size=200))
def test_what_is_sealed_opens_where_it_belongs(customer, field, value):
    """Any text of any customer and field comes back as it was, and stands nowhere in what is kept."""
    vault = Vault([NEW])
    sealed = vault.seal(customer, field, Secret(value))
    assert vault.open(customer, field, sealed) == Secret(value)
    assert sealed.isascii()
    assert len(value) < 8 or value not in sealed


@given(customer=texts, field=texts, others=st.tuples(texts, texts))
def test_what_is_sealed_opens_nowhere_else(customer, field, others):
    """For another customer or another field it is refused, whatever their names are made of."""
    vault = Vault([NEW])
    sealed = vault.seal(customer, field, Secret("hunter2"))
    if others != (customer, field):
        with pytest.raises(StoreError, match="was sealed for something else"):
            vault.open(*others, sealed)


def test_a_ciphertext_in_another_row_is_told_as_what_it_is():
    """The error says whose place it stands in and what to do, and nothing of the secret."""
    vault = Vault([NEW])
    sealed = vault.seal("cats", "the account of x", Secret("hunter2"))
    with pytest.raises(StoreError) as refused:
        vault.open("rat", "the account of x", sealed)
    assert str(refused.value) == "what stands as the account of x of 'rat' was sealed for something else"
    assert refused.value.advice == (
        "Somebody changed the database by hand: enter the account anew, and find out who."
    )


@pytest.mark.parametrize("at", [0, 9, 30, -1])
def test_a_changed_ciphertext_does_not_open(at):
    """One changed octet is enough, wherever it stands."""
    vault = Vault([NEW])
    octets = bytearray(base64.urlsafe_b64decode(vault.seal("rat", "x", Secret("hunter2"))))
    octets[at] ^= 1
    with pytest.raises(StoreError, match=LOST):
        vault.open("rat", "x", base64.urlsafe_b64encode(octets).decode())


@pytest.mark.parametrize("sealed", ["", "hunter2", "\ud800", "gAAAAA"])
def test_what_was_never_sealed_does_not_open(sealed):
    """Text that is no ciphertext is refused in the same words, without being shown."""
    with pytest.raises(StoreError, match=LOST) as refused:
        Vault([NEW]).open("rat", "x", sealed)
    assert refused.value.__context__ is None


def test_keys_are_changed_without_losing_anything():
    """The first key seals, all open; rotating seals anew with the first; then the old one may go."""
    sealed = Vault([OLD]).seal("rat", "x", Secret("hunter2"))
    both = Vault([NEW, OLD])
    assert both.open("rat", "x", sealed) == Secret("hunter2")
    assert not both.is_current(sealed)
    rotated = both.rotate("rat", "x", sealed)
    assert both.is_current(rotated)
    assert Vault([NEW]).open("rat", "x", rotated) == Secret("hunter2")
    with pytest.raises(StoreError) as refused:
        Vault([NEW]).open("rat", "x", sealed)
    assert refused.value.advice == (
        "Put the key that sealed it back behind the first one, or remove the server and enter it anew."
    )
    with pytest.raises(StoreError, match="something else"):
        both.rotate("cats", "x", sealed)


def test_each_purpose_has_keys_of_its_own():
    """What one purpose sealed, another one does not open; the keys are HKDF-SHA-256 of the secret key."""
    sealed = Vault([NEW], purpose="servers").seal("rat", "x", Secret("hunter2"))
    with pytest.raises(StoreError, match=LOST):
        Vault([NEW], purpose="mails").open("rat", "x", sealed)
    expected = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"mailsend servers")
    assert purpose_key(NEW, "servers") == expected.derive(NEW.reveal().encode())


@pytest.mark.parametrize(
    ("keys", "where", "why"),
    [
        ((), "application.secret_keys", "passwords are kept encrypted, and there is no key"),
        (
            (NEW, Secret("short")),
            "application.secret_keys[1]",
            "a key of fewer than 16 characters can be guessed",
        ),
    ],
    ids=["none", "short"],
)
def test_without_a_good_key_there_is_no_vault(keys, where, why):
    """What is wrong with the keys is a setting, and the advice says how to make one."""
    with pytest.raises(InvalidSettings) as refused:
        Vault(keys)
    assert (refused.value.where, refused.value.why) == (where, why)
    assert "secret_keys_file" in refused.value.advice
    assert "secrets.token_urlsafe(32)" in refused.value.advice


def test_a_vault_shows_nothing():
    """Its repr holds no key."""
    assert repr(Vault([NEW])) == "<Vault>"
