from __future__ import annotations

from mailsend.decide.route import RoutesDecision, RoutesReason
from mailsend.model.circumstances import OfferedServer, Owner
from mailsend.model.server import Server


def decision(*servers: Server) -> RoutesDecision:
    offered = tuple(OfferedServer(server=one, owner=Owner.APPLICATION) for one in servers)
    return RoutesDecision(reason=RoutesReason.SMARTHOST, offered=offered, passed_over=())


def test_the_preset_behind_a_trait_is_a_fact():
    """Where a preset gave a trait, the facts name server, trait and preset; a server of no preset is not named."""
    known = Server(host="a.example", port=587, traits_from=(("max_connections", "Provider"),))
    assert decision(known, Server(host="b.example", port=587)).facts() == {
        "owners": ["application", "application"],
        "traits_from": {"a.example:587": {"max_connections": "Provider"}},
    }


def test_without_presets_the_facts_do_not_speak_of_them():
    """Whose the servers are is all there is to say."""
    assert decision(Server(host="b.example", port=587)).facts() == {"owners": ["application"]}
