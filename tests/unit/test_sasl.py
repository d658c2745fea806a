"""What is said in a log-in, byte for byte; no connection is opened."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.model.server import AuthMethod, Server
from mailsend.transport.smtp.sasl import cram_md5, error_told, first_answer, shapes

SERVER = Server(host="server.example.com", port=143)


@pytest.mark.parametrize(
    ("method", "user", "secret", "said"),
    [
        (AuthMethod.PLAIN, "tim", "tanstaaftanstaaf", b"\0tim\0tanstaaftanstaaf"),
        (AuthMethod.XOAUTH2, "someuser@example.com", "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg",
         b"user=someuser@example.com\x01auth=Bearer ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg\x01\x01"),
        (AuthMethod.OAUTHBEARER, "user@example.com", "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==",
         b"n,a=user@example.com,\x01host=server.example.com\x01port=143\x01auth=Bearer vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg==\x01\x01"),
        (AuthMethod.OAUTHBEARER, "a=b,c", "t", b"n,a=a=3Db=2Cc,\x01host=server.example.com\x01port=143\x01auth=Bearer t\x01\x01"),
    ],
)  # fmt: skip
def test_the_first_answer_is_what_the_documents_say(method, user, secret, said):
    """RFC 4616 section 4, RFC 7628 section 4.1 and Google's page give these as examples."""
    assert base64.b64decode(first_answer(method, SERVER, user, secret)) == said


def test_methods_that_wait_to_be_asked_say_nothing_first():
    """LOGIN and CRAM-MD5 begin with the server's words."""
    assert [first_answer(one, SERVER, "a", "b") for one in (AuthMethod.LOGIN, AuthMethod.CRAM_MD5)] == [
        None
    ] * 2


def test_a_challenge_is_answered_as_rfc_2195_shows():
    """The example of its section 2; what cannot be read is cancelled."""
    challenge = "PDE4OTYuNjk3MTcwOTUyQHBvc3RvZmZpY2UucmVzdG9uLm1jaS5uZXQ+"
    assert (
        cram_md5("tim", "tanstaaftanstaaf", challenge) == "dGltIGI5MTNhNjAyYzdlZGE3YTQ5NWI0ZTZlNzMzNGQzODkw"
    )
    assert cram_md5("tim", "tanstaaftanstaaf", "no base64!") == "*"


@given(
    before=st.binary(max_size=9),
    secret=st.from_regex(r"[!-~]{16,60}", fullmatch=True),
    after=st.binary(max_size=9),
)
def test_a_secret_amid_others_in_base64_is_found_wherever_it_begins(before, secret, after):
    """Of what stands between the borders at most a sign or two on each side are left."""
    whole = base64.b64encode(before + secret.encode() + after).decode()
    masked = whole
    for one in sorted(shapes("user", secret), key=len, reverse=True):
        masked = masked.replace(one, "*")
    assert "*" in masked
    longest = (len(before) + len(after)) * 4 // 3 + 10
    assert len(masked) <= longest + 1


@given(st.text(max_size=80))
def test_whatever_stands_in_a_challenge_it_is_told_in_printable_text_or_not_at_all(text):
    """No text makes it fail, and none moves a cursor."""
    assert error_told(text, ["x"]) == "" or error_told(text, ["x"]).isprintable()
    told = error_told(base64.b64encode(text.encode()).decode(), ["x"])
    assert told.isprintable()
    assert len(told) <= 200
