"""Extensions offered, not offered, and offered with a limit."""

from __future__ import annotations

from scenario import ACCEPTED, LOGIN, OFF, WITHIN, Scenario, one

__all__ = ["EXTENSIONS"]

_BY_UTF8 = "deferred server smtputf8_not_offered"
_NO_TLS_ON = "deferred server require_tls_not_offered"
_UMLAUT = ("jürgen@example.org", "b@example.org")
_FIVE = tuple(f"{name}@example.org" for name in "abcde")
_THREE_DOMAINS = ("a@one.example", "b@two.example", "c@three.example")

EXTENSIONS = (
    Scenario(name="everything offered", server={**LOGIN, "extensions": ["PIPELINING", "DSN", "8BITMIME"]}),
    Scenario(name="nothing offered", server={"extensions": [], "smtputf8": False, "max_size": 0}),
    one("pipelining-stripped"),
    Scenario(name="PIPELINING within a mail", pipelining=WITHIN),
    Scenario(name="PIPELINING offered and not used", pipelining=OFF),
    one("smtputf8-stripped, ASCII", ACCEPTED),
    one("smtputf8-stripped", (_BY_UTF8, ACCEPTED), recipients=_UMLAUT, afterwards=_BY_UTF8),
    Scenario(name="SMTPUTF8 offered and needed", recipients=_UMLAUT),
    one("8bitmime-stripped", ACCEPTED, server={"extensions": ["PIPELINING", "8BITMIME"]}, content="8 bits"),
    one(
        "8bitmime-stripped, no SMTPUTF8",
        _BY_UTF8,
        server={"extensions": ["PIPELINING", "8BITMIME"], "smtputf8": False},
        content="8 bits",
        reads_content=False,
        afterwards=ACCEPTED,
    ),
    one("size-stripped", ACCEPTED),
    Scenario(
        name="SIZE smaller than the mail",
        told=("rejected message too_big",),
        server={"max_size": 100},
        content="kilobyte",
        reads_content=False,
    ),
    Scenario(name="SIZE of no limit", server={"extensions": ["PIPELINING", "SIZE 0"]}),
    Scenario(name="SIZE that is no number", server={"extensions": ["PIPELINING", "SIZE many"]}),
    Scenario(name="SIZE of five thousand digits", server={"extensions": ["SIZE " + "9" * 3000]}),
    one("dsn-stripped", ACCEPTED, server={"extensions": ["DSN"]}, options={"envelope_id": "id-1"}),
    Scenario(name="DSN offered", server={"extensions": ["DSN"]}, options={"envelope_id": "id-1"}),
    one(
        "requiretls-stripped",
        _NO_TLS_ON,
        server={**LOGIN, "extensions": ["REQUIRETLS"]},
        options={"require_tls": True},
        reads_content=False,
        afterwards=_NO_TLS_ON,
    ),
    Scenario(
        name="REQUIRETLS offered",
        server={**LOGIN, "extensions": ["REQUIRETLS"]},
        options={"require_tls": True},
    ),
    Scenario(
        name="REQUIRETLS without TLS",
        told=(_NO_TLS_ON,),
        server={"extensions": ["REQUIRETLS"]},
        options={"require_tls": True},
        reads_content=False,
        afterwards=_NO_TLS_ON,
    ),
    Scenario(
        name="CHUNKING and others that we do not use", server={"extensions": ["CHUNKING", "BINARYMIME"]}
    ),
    Scenario(
        name="LIMITS RCPTMAX=2",
        server={"extensions": ["PIPELINING", "LIMITS RCPTMAX=2"]},
        recipients=_FIVE,
    ),
    Scenario(
        name="LIMITS RCPTDOMAINMAX=1",
        server={"extensions": ["PIPELINING", "LIMITS RCPTDOMAINMAX=1"]},
        recipients=_THREE_DOMAINS,
    ),
    Scenario(
        name="LIMITS MAILMAX=2",
        server={"extensions": ["PIPELINING", "LIMITS MAILMAX=2"]},
        told=(ACCEPTED,),
        mails=5,
        least=5,
    ),
)
