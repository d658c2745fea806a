"""Before the mail: greeting, TLS and certificates, log-ins, extensions offered or not."""

from __future__ import annotations

from typing import Any

from scenario import ACCEPTED, BUSY, LOGIN, LOST, PASSWORD, SENSELESS, USER, Scenario, one

from mailsend.model.server import AuthMethod, TlsMode
from mailsend.testing.certificates import Certificate

__all__ = ["OPENING"]

_NOT_TRUSTED = "deferred server certificate_not_trusted"
_NO_AUTH = "deferred account auth_not_offered lasting"
_OTHER_AUTH = "deferred account auth_method_not_offered lasting"
_FAILED = "deferred account auth_failed lasting"
_NO_TOKEN = "deferred account token_refused lasting"
_PAUSED = "deferred account auth_paused lasting"
_UNSEEN: dict[str, Any] = {"reads_content": False, "reads_secrets": False}
_TLS_FAILED = "deferred server tls_failed"


def _with(**more: Any) -> dict[str, Any]:
    return {**LOGIN, **more}


def _bad_certificate(kind: Certificate, tls: str) -> Scenario:
    return Scenario(
        name=f"certificate {kind}, {tls}",
        told=(_NOT_TRUSTED,),
        server=_with(tls=tls, certificate=kind),
        afterwards=_NOT_TRUSTED,
        **_UNSEEN,
    )


def _token(method: AuthMethod, *, right: bool) -> Scenario:
    name = method.upper()
    return Scenario(
        name=f"{name} with a {'good' if right else 'bad'} token",
        told=(ACCEPTED if right else _NO_TOKEN,),
        server={
            "tls": "starttls",
            "tokens": {USER: PASSWORD if right else "another"},
            "auth_methods": [name],
        },
        client={"auth": method, "password": PASSWORD},
        reads_content=right,
        afterwards=ACCEPTED if right else _PAUSED,
    )


OPENING = (
    one("connect-drop", LOST),
    one("greet-421", BUSY),
    one("greet-421-rate", "deferred server rate"),
    one("greet-554", "deferred server block_listed lasting"),
    one("greet-554-no-service", "deferred server server_fault lasting"),
    one("greet-garbage", SENSELESS),
    one("ehlo-421", BUSY),
    one("ehlo-502", "deferred server protocol lasting"),
    one("ehlo-550", "deferred server helo_refused lasting"),
    # TLS
    one("starttls-stripped", "deferred server tls_not_offered", server=LOGIN, **_UNSEEN),
    one("starttls-421", BUSY),
    one("starttls-454", "deferred server tls_refused"),
    one("starttls-501", "deferred server tls_refused lasting"),
    one("starttls-garbage", _TLS_FAILED),
    one("starttls-stop", LOST),
    one("starttls-injected", ACCEPTED),
    one(
        "starttls-stripped, opportunistic",
        "deferred account auth_in_clear lasting",
        server=LOGIN,
        client={"tls": TlsMode.DANGEROUS_OPPORTUNISTIC},
        **_UNSEEN,
    ),
    *(
        _bad_certificate(kind, tls)
        for tls in ("starttls", "implicit")
        for kind in Certificate
        if kind is not Certificate.GOOD
    ),
    Scenario(
        name="certificate of an authority that nobody named",
        told=(_NOT_TRUSTED,),
        server=LOGIN,
        client={"ca_file": None},
        afterwards=_NOT_TRUSTED,
        **_UNSEEN,
    ),
    Scenario(
        name="TLS from the first byte where STARTTLS is spoken",
        told=(f"{_TLS_FAILED} | {LOST}",),
        server=LOGIN,
        client={"tls": TlsMode.IMPLICIT},
        afterwards=f"{_TLS_FAILED} | {LOST}",
        **_UNSEEN,
    ),
    Scenario(
        name="STARTTLS where TLS is spoken from the first byte",
        told=(LOST,),
        server=_with(tls="implicit"),
        client={"tls": TlsMode.STARTTLS},
        waits=True,
        afterwards=LOST,
        **_UNSEEN,
    ),
    Scenario(name="TLS from the first byte", server=_with(tls="implicit")),
    # Log-ins
    one("auth-stripped", _NO_AUTH, server=LOGIN, **_UNSEEN),
    one("auth-421", BUSY),
    one("auth-421-rate", "deferred server rate"),
    one("auth-432", "deferred account auth_temporary"),
    one("auth-454", "deferred account auth_temporary"),
    one("auth-504", "deferred account auth_refused lasting"),
    one("auth-534", "deferred account auth_refused lasting"),
    one("auth-535", _FAILED, afterwards=_PAUSED),
    one("auth-535-basic", "deferred account auth_switched_off lasting", afterwards=_PAUSED),
    one("auth-334", SENSELESS),
    one("challenge-drop", LOST, server=_with(auth_methods=["LOGIN"])),
    one("challenge-421", BUSY, server=_with(auth_methods=["LOGIN"])),
    one("challenge-454", "deferred account auth_temporary", server=_with(auth_methods=["CRAM-MD5"])),
    one("challenge-535", _FAILED, server=_with(auth_methods=["LOGIN"]), afterwards=_PAUSED),
    one("challenge-334", SENSELESS, server=_with(auth_methods=["CRAM-MD5"])),
    one("challenge-silent", LOST, server=_with(auth_methods=["LOGIN"])),
    Scenario(
        name="a wrong password",
        told=(_FAILED,),
        server=_with(accounts={USER: "another"}),
        client={"password": PASSWORD},
        reads_content=False,
        afterwards=_PAUSED,
    ),
    *(
        Scenario(name=f"AUTH {name} alone", server=_with(auth_methods=[name]))
        for name in ("PLAIN", "LOGIN", "CRAM-MD5")
    ),
    Scenario(
        name="no way to log in that we know",
        told=(_OTHER_AUTH,),
        server=_with(auth_methods=["XOAUTH2"]),
        afterwards=_OTHER_AUTH,
        **_UNSEEN,
    ),
    Scenario(
        name="another way to log in than we insist on",
        told=(_OTHER_AUTH,),
        server=_with(auth_methods=["PLAIN"]),
        client={"auth": AuthMethod.CRAM_MD5},
        afterwards=_OTHER_AUTH,
        **_UNSEEN,
    ),
    *(
        _token(method, right=right)
        for method in (AuthMethod.XOAUTH2, AuthMethod.OAUTHBEARER)
        for right in (True, False)
    ),
)
