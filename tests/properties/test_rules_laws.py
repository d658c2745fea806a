"""Laws of the configuration, held for rules and texts that nobody thought of."""

from __future__ import annotations

import copy
import string

from hypothesis import given
from hypothesis import strategies as st

from mailsend.errors import InvalidSettings
from mailsend.model.reading import Loose
from mailsend.model.rules import Rules
from mailsend.model.rules_reader import read_rules
from mailsend.model.server_url import read_server_url

LABEL = st.text(string.ascii_lowercase, min_size=1, max_size=4)
DOMAIN = st.lists(LABEL, min_size=1, max_size=3).map(lambda labels: ".".join([*labels, "example"]))
PATTERN = st.tuples(st.sampled_from(["", "*."]), DOMAIN).map("".join)
# Begins as no word of ours does: an error may well say STARTTLS.
SECRET = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=8, max_size=20).map("Zq9~{}".format)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.text(max_size=8).map(Loose),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        "allowed_domains", "fallback_sender", "alias_domains", "server", "servers", "smarthost",
        "smarthosts", "dkim_keys", "branding", "test_mode", "retry", "locale", "timezone", "store",
        "business_units", "interceptors", "secret_keys", "lease", "max_message_size",
    ]
)  # fmt: skip


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, object]:
    """Give an application and up to three customers, right or wrong."""
    customers = {
        name: {
            "allowed_domains": draw(st.lists(PATTERN, max_size=3)),
            **({"fallback_sender": f"office@{draw(DOMAIN)}"} if draw(st.booleans()) else {}),
            "business_units": {
                "unit": {"fallback_sender": f"unit@{draw(DOMAIN)}"} if draw(st.booleans()) else {}
            },
        }
        for name in draw(st.sets(st.sampled_from("abc")))
    }
    home = draw(DOMAIN)
    return {
        "application": {"fallback_sender": f"no-reply@{home}", "allowed_domains": [home, draw(PATTERN)]},
        "customers": customers,
    }


def within(domain: str, pattern: str) -> bool:
    """Say whether a pattern allows a domain, sharing no code with the library."""
    return domain == pattern.removeprefix("*.") or (
        pattern.startswith("*.") and domain.endswith(pattern.removeprefix("*"))
    )


def read(configuration: dict[str, object]) -> Rules | None:
    try:
        return read_rules(configuration)
    except InvalidSettings:
        return None


@given(configurations())
def test_rules_are_taken_exactly_where_every_fallback_is_allowed_and_no_domain_is_claimed_twice(given):
    """An oracle on the bare texts agrees with the reader on what is refused."""
    application, customers = given["application"], given["customers"]
    fallbacks = [(application["fallback_sender"], application["allowed_domains"])]
    claims = []
    for name, customer in customers.items():
        allowed = [*customer["allowed_domains"], *application["allowed_domains"]]
        for scope in (customer, customer["business_units"]["unit"]):
            if "fallback_sender" in scope:
                fallbacks.append((scope["fallback_sender"], allowed))
        claims += [(name, one.removeprefix("*.")) for one in customer["allowed_domains"]]
    allowed_everywhere = all(
        any(within(sender.partition("@")[2], one) for one in allowed) for sender, allowed in fallbacks
    )
    claimed_twice = any(
        mine != other and f".{domain}".endswith(f".{claimed}")
        for mine, domain in claims
        for other, claimed in claims
    )

    assert (read(given) is not None) == (allowed_everywhere and not claimed_twice)


@given(configurations(), st.randoms(use_true_random=False))
def test_the_order_of_keys_changes_neither_rules_nor_version(given, random):
    """A file and its shuffled copy are the same rules with the same version."""

    def shuffled(value):
        if not isinstance(value, dict):
            return value
        names = list(value)
        random.shuffle(names)
        return {name: shuffled(value[name]) for name in names}

    one, other = read(given), read(shuffled(copy.deepcopy(given)))

    assert one == other
    assert one is None or other is None or one.version == other.version


@given(st.dictionaries(KEYS, JSON, max_size=4), st.dictionaries(KEYS, JSON, max_size=4), JSON)
def test_whatever_stands_in_a_file_is_read_or_refused(application, customer, customers):
    """No value of any kind under any key escapes as another exception than InvalidSettings."""
    base = {"fallback_sender": "a@suite.example", "allowed_domains": ["suite.example"]}

    for data in (
        {"application": {**base, **application}, "customers": {"x": customer}},
        {"application": application, "customers": customers},
        {"application": customers},
    ):
        assert isinstance(read(data), Rules | None)


@given(SECRET, st.sampled_from(["smtp://u:{}@h", "smtp://{}@h", "smtps://u:{}@h:25", "{}", "smtp://u:{}"]))
def test_no_error_of_a_url_shows_a_piece_of_its_password(secret, shape):
    """Whatever a password holds, encoded or not, an error about its URL does not hold it."""
    try:
        read_server_url(shape.format(secret))
    except InvalidSettings as error:
        assert secret not in f"{error} {error.advice}"


@given(SECRET, SECRET)
def test_every_account_can_be_written_into_a_url(user, password):
    """Percent-encoded, user and password of any characters come back as they were."""
    from urllib.parse import quote

    server = read_server_url(f"smtp://{quote(user, safe='')}:{quote(password, safe='')}@relay.example")

    assert server.credentials is not None
    assert (server.credentials.user, server.credentials.password.reveal()) == (user, password)


@given(st.text(max_size=40))
def test_any_text_is_a_server_url_or_refused(text):
    """No text escapes as another exception than InvalidSettings."""
    for url in (text, f"smtp://{text}", f"smtp://h?{text}", f"file:{text}"):
        try:
            server = read_server_url(url)
        except InvalidSettings:
            continue
        assert server.name
