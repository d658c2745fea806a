from __future__ import annotations

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta, timezone

import dkim
import pytest

from mailsend.compose.sign import OVERSIGNED, SIGNED_IF_PRESENT, Signer, sign_all
from mailsend.errors import SigningError
from mailsend.model.address import Domain
from mailsend.model.secret import Secret

NOW = datetime(2025, 3, 4, 5, 6, 7, tzinfo=UTC)
MAIL = (
    b"From: Ann <ann@suite.example>\r\n"
    b"To: bob@example.org\r\n"
    b"Subject: Hello\r\n"
    b"Received: from here\r\n"
    b"Sender: ann@suite.example\r\n"
    b"X-Priority: 1\r\n"
    b"List-Id: <news.suite.example>\r\n"
    b"List-Unsubscribe:\r\n <https://suite.example/u>\r\n"
    b"References: <a@suite.example>\r\n"
    b"Auto-Submitted: auto-generated\r\n"
    b"\r\n"
    b"Hello\r\n"
)


@pytest.fixture
def signer(rsa_key_text: str) -> Signer:
    """Give an RSA signer."""
    return Signer(domain="suite.example", selector="s2026", key=rsa_key_text)


def _tags(field: bytes) -> dict[str, str]:
    """Read a field's tags, without the blanks of its folds."""
    name, _, value = field.decode("ascii").partition(":")
    assert name == "DKIM-Signature"
    pairs = (tag.partition("=") for tag in value.split(";"))
    return {key.strip(): re.sub(r"\s+", "", text) for key, _, text in pairs}


def _verifies(data: bytes, *signers: Signer) -> list[bool]:
    records = {
        f"{one.selector}._domainkey.{one.domain}.".encode(): (
            f"k={one.algorithm.removesuffix('-sha256')}; p={one.public_key}".encode()
        )
        for one in signers
    }
    return [
        dkim.DKIM(data).verify(idx=index, dnsfunc=lambda name, timeout: records[name])
        for index in range(len(signers))
    ]


def test_the_tags_of_a_signature(signer: Signer) -> None:
    """A field says version, algorithm, spelling, domain, selector, time, fields and body, no more."""
    tags = _tags(signer.sign(MAIL, NOW))

    assert len(base64.b64decode(tags.pop("b"))) == 256
    assert tags == {
        "v": "1",
        "a": "rsa-sha256",
        "c": "relaxed/relaxed",
        "d": "suite.example",
        "s": "s2026",
        "t": str(int(NOW.timestamp())),
        "h": (
            "from:from:to:to:cc:subject:subject:date:reply-to:message-id:mime-version:content-type:"
            "content-transfer-encoding:list-id:list-unsubscribe:references:auto-submitted"
        ),
        "bh": base64.b64encode(hashlib.sha256(b"Hello\r\n").digest()).decode(),
    }


def test_which_fields_are_signed() -> None:
    """Ten fields are signed twice over, three more and all of List- where present (M26)."""
    assert OVERSIGNED == (
        "from",
        "to",
        "cc",
        "subject",
        "date",
        "reply-to",
        "message-id",
        "mime-version",
        "content-type",
        "content-transfer-encoding",
    )
    assert SIGNED_IF_PRESENT == ("in-reply-to", "references", "auto-submitted")


def test_the_bytes_follow_from_mail_key_and_time(signer: Signer, rsa_key_text: str) -> None:
    """Equal mails, keys and times give equal fields, in whatever zone the time is told."""
    again = Signer(domain="Suite.Example.", selector="s2026", key=Secret(rsa_key_text.replace("\n", "\r\n")))
    elsewhere = NOW.astimezone(timezone(timedelta(hours=5)))

    assert again.sign(MAIL, now=elsewhere) == signer.sign(MAIL, NOW)


@pytest.mark.parametrize("domain", ["suite.example", "bücher.example", ".".join(["d" * 40] * 2)])
@pytest.mark.parametrize("selector", ["s", "s2026", "march.s-2026", "S" * 60])
def test_the_lines_of_a_field(domain: str, selector: str, rsa_key_text: str) -> None:
    """Lines have at most 76 columns, a long domain excepted; no blank ends them, and all is ASCII."""
    one = Signer(domain=domain, selector=selector, key=rsa_key_text)
    field = one.sign(MAIL, NOW)
    lines = field.decode("ascii").split("\r\n")

    assert lines.pop() == ""
    assert [line for line in lines if len(line) > 76 and line != f" d={one.domain};"] == []
    assert [line for line in lines if line != line.rstrip()] == []
    assert [line for line in lines[1:] if not re.match(r" \S", line)] == []
    assert _verifies(field + MAIL, one) == [True]


def test_an_international_domain_is_signed_in_a_labels(ed25519_key_text: str) -> None:
    """``d=`` holds A-labels, whichever way the domain was given."""
    signers = [
        Signer(domain=one, selector="s", key=ed25519_key_text)
        for one in ("Bücher.example", "xn--bcher-kva.example", Domain.parse("bücher.example"))
    ]

    assert [one.domain for one in signers] == ["xn--bcher-kva.example"] * 3


def test_what_a_signer_tells_of_itself(rsa_key_text: str, ed25519_key_text: str) -> None:
    """A signer has domain, selector, algorithm, bits, warning and public key, and shows no secret."""
    rsa = Signer(domain="suite.example", selector="s1", key=rsa_key_text)
    ed25519 = Signer(domain="suite.example", selector="s2", key=ed25519_key_text.encode(), password="x")

    assert (rsa.domain, rsa.selector, rsa.algorithm, rsa.bits, rsa.warning) == (
        "suite.example",
        "s1",
        "rsa-sha256",
        2048,
        "",
    )
    assert (ed25519.algorithm, ed25519.bits, ed25519.warning) == (
        "ed25519-sha256",
        256,
        "A password is given for the key, though it is not encrypted.",
    )
    assert len(base64.b64decode(ed25519.public_key)) == 32
    assert repr(rsa) == "<Signer s1._domainkey.suite.example>"


def test_signers_are_compared_by_domain_selector_and_key(rsa_key_text: str, ed25519_key_text: str) -> None:
    """Two signers are equal where domain, selector and key are, and nothing else is equal to one."""
    one = Signer(domain="suite.example", selector="s", key=rsa_key_text)
    same = Signer(domain="SUITE.example", selector="s", key=Secret(rsa_key_text))
    others = [
        Signer(domain="other.example", selector="s", key=rsa_key_text),
        Signer(domain="suite.example", selector="t", key=rsa_key_text),
        Signer(domain="suite.example", selector="s", key=ed25519_key_text),
    ]

    assert (one, hash(one)) == (same, hash(same))
    assert [other for other in (*others, "s") if other == one] == []


def test_several_signatures_stand_beside_each_other(rsa_key_text: str, ed25519_key_text: str) -> None:
    """``sign_all`` gives what each signer gives alone, in their order, and each one verifies."""
    signers = [
        Signer(domain="suite.example", selector="r", key=rsa_key_text),
        Signer(domain="suite.example", selector="e", key=ed25519_key_text),
        Signer(domain="other.example", selector="r", key=rsa_key_text),
    ]

    fields = sign_all(MAIL, iter(signers), NOW)

    assert fields == tuple(one.sign(MAIL, NOW) for one in signers)
    assert _verifies(b"".join(fields) + MAIL, *signers) == [True, True, True]


def test_a_mail_in_pieces_is_signed_as_the_whole(rsa_key_text: str) -> None:
    """Further pieces of the body give the field that the joined mail gets."""
    signer = Signer(domain="suite.example", selector="r", key=rsa_key_text)
    more = (b"one  more\r\n" * 3, b"\r\n", b"the last\r\n\r\n")

    fields = sign_all(MAIL, (signer,), NOW, more=more)

    assert fields == sign_all(b"".join((MAIL, *more)), (signer,), NOW)


def test_nobody_signs() -> None:
    """Without signers there are no fields, and the mail is not read."""
    assert sign_all(b"no mail", (), NOW) == ()


def test_fields_that_a_server_replaces_are_left_out(signer: Signer) -> None:
    """A field in ``leave_out`` is not signed, present or absent, whatever its case."""
    data = MAIL.replace(b"Subject:", b"Date: Tue, 04 Mar 2025 05:06:07 +0000\r\nSubject:")
    field = signer.sign(data, NOW, leave_out=("Message-ID", "date", "List-Unsubscribe", "X-Other"))

    assert _tags(field)["h"] == (
        "from:from:to:to:cc:subject:subject:reply-to:mime-version:content-type:"
        "content-transfer-encoding:list-id:references:auto-submitted"
    )
    rewritten = data.replace(b"Tue, 04 Mar 2025 05:06:07", b"Wed, 05 Mar 2025 05:06:07")
    assert _verifies(field + b"Message-ID: <new@server.example>\r\n" + rewritten, signer) == [True]


@pytest.mark.parametrize("name", ["list-;x", "list-", "list-\xe9"])
def test_a_list_field_with_an_odd_name_is_not_signed(name: str, signer: Signer) -> None:
    """What could not stand in ``h=`` is not listed there."""
    data = name.encode("latin-1") + b": x\r\n" + MAIL
    listed = _tags(signer.sign(data, NOW))["h"].split(":")

    assert [one for one in listed if one.startswith("list-")] == (
        ["list-", "list-id", "list-unsubscribe"] if name == "list-" else ["list-id", "list-unsubscribe"]
    )


@pytest.mark.parametrize(
    "selector",
    [
        "",
        ".",
        "a.",
        ".a",
        "a..b",
        "-a",
        "a-",
        "a_b",
        "a b",
        "a;b",
        "é",
        "a\r\nb",
        "a\n",
        "s" * 64,
        "a.b" * 80,
    ],
)
def test_a_selector_is_a_name(selector: str, rsa_key_text: str) -> None:
    """A selector is labels of letters, digits and hyphens, dots between them (RFC 6376, section 3.1)."""
    with pytest.raises(SigningError) as caught:
        Signer(domain="suite.example", selector=selector, key=rsa_key_text)

    shown = ascii(selector[:64])[1:-1]
    assert str(caught.value) == (
        f"DKIM key {shown}._domainkey.suite.example: the selector is not valid (RFC 6376, section 3.1), "
        "or makes too long a name"
    )
    assert caught.value.advice == (
        "Use ASCII letters, digits and hyphens, as in 's2026'; dots part its labels."
    )


def test_a_name_too_long_for_the_dns_is_refused(rsa_key_text: str) -> None:
    """Selector and domain together must make a name of at most 253 octets."""
    domain = ".".join(["d" * 60] * 4)[:230]

    assert Signer(domain=domain, selector="s" * 11, key=rsa_key_text).domain == domain
    with pytest.raises(SigningError, match="too long a name"):
        Signer(domain=domain, selector="s" * 12, key=rsa_key_text)


@pytest.mark.parametrize("domain", ["", "a b", "a@b.example", "-a.example", "a\r\nb.example", "é" * 300])
def test_a_domain_is_a_domain(domain: str, rsa_key_text: str) -> None:
    """What is no domain is refused, and the error says why."""
    with pytest.raises(SigningError, match="the domain is not valid: ") as caught:
        Signer(domain=domain, selector="s", key=rsa_key_text)

    assert caught.value.advice == "Write it as in 'example.com'."
    assert str(caught.value).isprintable()
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)


@pytest.mark.parametrize("kind", [str, str.encode, Secret], ids=["str", "bytes", "Secret"])
def test_an_error_never_holds_the_key(kind, rsa_key_text: str) -> None:
    """Neither its text, its causes nor the frames of its traceback lead to the key or its password."""
    body = rsa_key_text.splitlines()
    damaged = "\n".join([body[0], *body[2:]])
    planted = [*body[2:-1], "hush-hush"]

    with pytest.raises(SigningError) as caught:
        Signer(domain="suite.example", selector="s", key=kind(damaged), password=kind("hush-hush"))

    error, frames, trace = caught.value, [], caught.value.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename != __file__:
            frames.append(repr(trace.tb_frame.f_locals))
        trace = trace.tb_next
    seen = "\n".join([str(error), repr(error), repr(vars(error)), error.advice, *frames])
    assert frames
    assert [secret for secret in planted if secret in seen] == []
    assert (error.__cause__, error.__context__) == (None, None)
    assert (error.domain, error.selector, error.why, error.advice) == (
        "suite.example",
        "s",
        "the PEM text is damaged, or its key is not valid",
        "Make a new RSA key: mailsend dkim new.",
    )


@pytest.mark.parametrize(
    ("data", "leave_out", "why"),
    [
        (b"To: x@suite.example\r\n\r\nx", (), "a signature covers From"),
        (MAIL, ("From",), "a signature covers From"),
        (b"\r\n" + MAIL, (), "a signature covers From"),
        (b"From: a\r\nno field\r\n\r\n", (), "a line of the header is no field"),
        (b"\tfolded: a\r\n" + MAIL, (), "a line of the header is no field"),
    ],
)
def test_a_mail_that_cannot_be_signed(
    data: bytes, leave_out: tuple[str, ...], why: str, signer: Signer
) -> None:
    """A mail without From, a broken header and From left out are refused."""
    with pytest.raises(SigningError, match=why) as caught:
        signer.sign(data, NOW, leave_out=leave_out)

    assert (caught.value.domain, caught.value.selector) == ("suite.example", "s2026")
    assert caught.value.advice == "Sign what compose gave, byte for byte, and never leave out From."


@pytest.mark.parametrize("now", [datetime(2025, 3, 4), datetime(1969, 12, 31, tzinfo=UTC)])
def test_the_time_is_aware(now: datetime, signer: Signer) -> None:
    """A time without zone would be read by the machine's own, and one before 1970 has no ``t=``."""
    with pytest.raises(ValueError, match="now must be aware, and later than 1970"):
        signer.sign(MAIL, now)


def test_only_signers_sign_together(signer: Signer) -> None:
    """A stranger among the signers is told, never passed over."""

    class Other:
        domain, selector, algorithm = "suite.example", "s", "rsa-sha256"

        def sign(self, data: bytes, now: datetime) -> bytes:
            return b""

    with pytest.raises(TypeError, match="Other is no Signer"):
        sign_all(MAIL, (signer, Other()), NOW)


def test_a_mail_without_body_is_signed(signer: Signer) -> None:
    """A mail may end with its header (RFC 5322, section 3.5)."""
    for end in (b"\r\n", b"\r\n\r\n", b"\r\n\r\n\r\n"):
        data = b"From: ann@suite.example\r\nTo: b@example.org" + end
        assert _verifies(signer.sign(data, NOW) + data, signer) == [True]
