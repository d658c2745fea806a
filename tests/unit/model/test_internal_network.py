"""Addresses that a customer's server may not have (M10)."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailsend.errors import InvalidSettings
from mailsend.model.internal_network import InternalNetwork, is_loopback_address, why_forbidden
from mailsend.model.rules_reader import read_rules

ACME = {"fallback_sender": "no-reply@suite.example", "allowed_domains": ["suite.example"]}

FORBIDDEN = {
    "a loopback address": ["127.0.0.1", "127.255.255.254", "::1"],
    "a private address": ["10.0.0.0", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1"],
    "a link-local address": ["169.254.0.1", "fe80::1", "febf::1", "fe80::1%eth0"],
    "a unique-local address": ["fc00::1", "fdff::1", "fec0::1"],
    "an address of a carrier's inside": ["100.64.0.1", "100.127.255.255"],
    "a metadata service": [
        "169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "fd00:ec2::254",
        "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::1",
    ],
    "an unspecified address": ["0.0.0.0", "0.1.2.3", "::", "::ffff:0.0.0.0"],
    "a multicast address": ["224.0.0.1", "239.255.255.255", "ff02::1"],
    "a reserved address": [
        "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "2001:db8::1",
        "3fff::1", "100::1", "4000::1", "5f00::1", "2001:2::1", "2001:20::1", "400::1",
    ],
    "a broadcast address": ["255.255.255.255"],
    "an IPv4 address in the clothes of IPv6": ["::ffff:8.8.8.8", "::ffff:10.0.0.1", "::8.8.8.8", "::10.0.0.1"],
    "an address behind a translator (NAT64)": ["64:ff9b::808:808", "64:ff9b:1::808:808", "64:ff9b:1:ffff::808:808"],
    "no IP address": ["", "localhost", "0x7f.1", "2130706433", "127.1", "0177.0.0.1", "1.2.3.4.5", "\uff11.1.1.1", "/x"],
}  # fmt: skip
TUNNELS = [
    ("2002:0a00:0001::1", "a private address"),
    ("2002:7f00:0001::1", "a loopback address"),
    ("2001:0:a00:1::f7f7:f7f7", "a private address"),  # Teredo: its server
    ("2001:0:808:808::f5ff:fffe", "a private address"),  # Teredo: its client, 10.0.0.1 turned over
    ("2a00::5efe:a00:1", "a private address"),  # ISATAP
    ("2a00::200:5efe:7f00:1", "a loopback address"),
]
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "192.169.0.1", "11.0.0.1",
    "223.255.255.255", "2a00::1", "2001:4860:4860::8888", "2002:808:808::1", "2001:0:808:808::f7f7:f7f7",
    "2a00::5efe:808:808",
]  # fmt: skip


@pytest.mark.parametrize(
    ("address", "what"),
    [(address, what) for what, several in FORBIDDEN.items() for address in several] + TUNNELS,
)
def test_an_address_that_leads_inside_is_forbidden(address, what):
    """Every way to write an address inside is found, also through tunnels and translators."""
    assert why_forbidden(address, 587) == what


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_fine(address):
    """What lies on the internet is reached, right beside the forbidden ranges too."""
    assert why_forbidden(address, 587) == ""


@given(st.ip_addresses(v=4))
def test_no_address_is_fine_that_python_calls_not_global(address):
    """Whatever the standard library knows to be inside is forbidden here as well."""
    if not address.is_global or address.is_multicast:
        assert why_forbidden(str(address), 25)
    assert why_forbidden(f"::ffff:{address}", 25)
    packed = f"{address.packed.hex()[:4]}:{address.packed.hex()[4:]}"
    if why_forbidden(str(address), 25):
        assert why_forbidden(f"2002:{packed}::1", 25)


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_is_fine_that_python_calls_not_global(address):
    """The same holds of IPv6, whatever its special ranges are."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert why_forbidden(str(address), 25)


def test_an_open_network_lets_in_by_its_ports_alone():
    """What the application opened can be reached, at the ports that it named and nowhere else."""
    opened = (InternalNetwork("10.1.0.0/16", (25, 587)), InternalNetwork("fd12:3456::/32"))

    assert why_forbidden("10.1.2.3", 587, opened) == ""
    assert why_forbidden("10.1.2.3", 465, opened) == "a private address"
    assert why_forbidden("10.2.0.1", 587, opened) == "a private address"
    assert why_forbidden("fd12:3456::5", 2525, opened) == ""
    assert why_forbidden("fd12:3456::5", 80, opened) == "a unique-local address"
    assert why_forbidden("::ffff:10.1.2.3", 587, opened) == "an IPv4 address in the clothes of IPv6"


@pytest.mark.parametrize("address", ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fd00:ec2::254"])
def test_nobody_opens_a_metadata_service(address):
    """Where credentials are handed out no mail goes, whatever the application opened."""
    everything = (InternalNetwork("0.0.0.0/0", (25,)), InternalNetwork("::/0", (25,)))
    assert why_forbidden(address, 25, everything)
    assert why_forbidden(f"64:ff9b::{address}", 25, everything) if "." in address else True


def test_an_open_translator_leads_no_further_inside():
    """Where NAT64 is opened, the address behind it is judged by itself."""
    opened = (InternalNetwork("64:ff9b::/96", (25,)),)

    assert why_forbidden("64:ff9b::808:808", 25, opened) == ""
    assert why_forbidden("64:ff9b::a00:1", 25, opened) == "a private address"
    assert why_forbidden("64:ff9b::a00:1", 25, (*opened, InternalNetwork("10.0.0.0/8", (25,)))) == ""


@pytest.mark.parametrize(
    ("address", "own"),
    [
        ("127.0.0.1", True), ("127.9.9.9", True), ("::1", True), ("::ffff:127.0.0.1", True), ("::1%lo", True),
        ("10.0.0.1", False), ("localhost", False), ("", False), ("::ffff:8.8.8.8", False), ("::2", False),
    ],
)  # fmt: skip
def test_this_machine_is_known_by_its_address(address, own):
    """Only a loopback address is this machine; a name proves nothing."""
    assert is_loopback_address(address) is own


def networks(*texts):
    rules = read_rules({"application": ACME, "customers": {"x": {"internal_servers": list(texts)}}})
    return rules.customers["x"].internal_servers


@pytest.mark.parametrize(
    ("text", "network", "shown"),
    [
        ("10.1.0.0/16:25,587", InternalNetwork("10.1.0.0/16", (25, 587)), "10.1.0.0/16:25,587"),
        ("10.2.3.4", InternalNetwork("10.2.3.4/32"), "10.2.3.4/32:25,465,587,2525"),
        (" 127.0.0.1:2500 ", InternalNetwork("127.0.0.1/32", (2500,)), "127.0.0.1/32:2500"),
        ("[FD12:3456::/32]:587", InternalNetwork("fd12:3456::/32", (587,)), "[fd12:3456::/32]:587"),
        ("[::1]", InternalNetwork("::1/128"), "[::1/128]:25,465,587,2525"),
    ],
)
def test_a_network_is_read_with_its_ports(text, network, shown):
    """A network stands with the ports in it; without, they are those of submission."""
    assert networks(text) == (network,)
    assert str(network) == shown
    assert networks(network) == (network,)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("10.1.2.3/16", "no bit set behind its length"),
        ("mail.example", "expected a network"),
        ("10.1.0.0/33", "expected a network"),
        ("[10.1.0.0/16", "expected a network"),
        ("fd00::/8:25", "expected a network"),
        ("10.0.0.0/8:", "expected a network"),
        (7, "expected a network"),
        ("0.0.0.0/0", "too wide"),
        ("10.0.0.0/7", "too wide"),
        ("[::/0]", "too wide"),
        ("10.0.0.0/8:0", "a port is not between"),
        ("10.0.0.0/8:25,70000", "a port is not between"),
    ],
)
def test_a_network_that_cannot_be_meant_is_refused(text, why):
    """What is no network, or the whole internet, is refused by key, with advice."""
    with pytest.raises(InvalidSettings) as refused:
        networks(text)
    assert refused.value.where == "customers.x.internal_servers[0]"
    assert why in refused.value.why
    assert refused.value.advice


def test_networks_can_be_written_in_one_line():
    """In the environment blanks or semicolons part networks, since commas part ports."""
    from mailsend.model.reading import Loose

    line = Loose("10.1.0.0/16:25,587; 10.2.0.0/16 [fd00::/8]:25")
    rules = read_rules({"application": ACME, "customers": {"x": {"internal_servers": line}}})

    assert [str(ipaddress.ip_network(one.network)) for one in rules.customers["x"].internal_servers] == [
        "10.1.0.0/16", "10.2.0.0/16", "fd00::/8",
    ]  # fmt: skip
