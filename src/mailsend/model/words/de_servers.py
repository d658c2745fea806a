"""What a probe of a server found, in German."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SERVER_WORDS"]

SERVER_WORDS: Mapping[str, str] = {
    "probe.step.resolve": "Name",
    "probe.step.connect": "Verbindung",
    "probe.step.tls": "TLS",
    "probe.step.ehlo": "Erweiterungen",
    "probe.step.auth": "Anmeldung",
    "probe.step.mail": "Absender",
    "probe.step.relay": "Weiterleitung",
    "probe.step.round_trip": "Rundreise",
    # wo ein Schritt scheiterte; der Rat des Urteils folgt
    "probe.failed.resolve": "Der Name {host} führte zu keiner Adresse, die benutzt werden darf.",
    "probe.failed.connect": "Mit {host} kam auf Port {port} kein Gespräch zustande.",
    "probe.failed.tls": "Es kam keine Verbindung zustande, der zu trauen ist{certificate}.",
    "probe.failed.ehlo": "Der Server antwortete auf EHLO nicht, wie er sollte.",
    "probe.failed.auth": "Die Anmeldung gelang nicht (angeboten: {offered}).",
    "probe.failed.mail": "Der Absender {sender} wurde nicht angenommen.",
    "probe.failed.relay": "Nach dem Empfänger {recipient} wurde nicht gefragt.",
    "probe.failed.round_trip": "Die markierte Mail wurde nicht angenommen.",
    "probe.proposals": "Was dafür spricht, zu setzen",
    # what is wrong with a certificate that was not trusted
    "probe.certificate.ended": "Es ist am {ends} abgelaufen.",
    "probe.certificate.not_begun": "Es gilt erst ab {starts}.",
    "probe.certificate.other_name": "Es gilt für {names}, nicht für {host}.",
    "probe.certificate.self_signed": "Es bürgt für sich selbst.",
    "probe.certificate.unknown_authority": "Keine Stelle, der hier vertraut wird, bürgt dafür.",
    "probe.said": "Der Server sagte: {reply}",
    # was sich zeigte
    "probe.no_network": "{kind}: erreicht keinen Server, es gibt also nichts zu prüfen.",
    "probe.advice.no_network": "Prüfen Sie einen Server, der mit smtp:// oder smtps:// erreicht wird.",
    "probe.resolved": "{host} steht unter {addresses}.",
    "probe.advice.resolved": "",
    "probe.connected": "{address} antwortete auf Port {port}: {greeting}",
    "probe.advice.connected": "",
    "probe.tls_verified": (
        "{version} mit {cipher}; das Zertifikat von {subject} gilt für {name} und noch {days} Tage."
    ),
    "probe.advice.tls_verified": "",
    "probe.certificate_ends_soon": (
        "{version} mit {cipher}; das Zertifikat von {subject} gilt für {name} und endet in {days} Tagen."
    ),
    "probe.advice.certificate_ends_soon": "Wer den Server betreibt, soll sein Zertifikat erneuern.",
    "probe.tls_not_verified": "{version} mit {cipher}, doch niemand hat geprüft, wessen Zertifikat es ist.",
    "probe.advice.tls_not_verified": "Nehmen Sie tls=opportunistic aus der URL des Servers.",
    "probe.tls_loopback": "Kein TLS: der Server steht auf diesem Rechner.",
    "probe.advice.tls_loopback": "",
    "probe.tls_missing": "Kein TLS: andere können die Mail unterwegs lesen.",
    "probe.advice.tls_missing": "Nehmen Sie tls und dangerous aus der URL des Servers.",
    "probe.extensions": "Er bietet {extensions}.",
    "probe.advice.extensions": "",
    "probe.logged_in": "Das Konto wurde eingelassen (angeboten: {offered}).",
    "probe.advice.logged_in": "",
    "probe.no_log_in": "Es ist kein Konto gesetzt, also gab es keine Anmeldung (angeboten: {offered}).",
    "probe.advice.no_log_in": "",
    "probe.sender_accepted": "Der Absender {sender} wurde angenommen.",
    "probe.advice.sender_accepted": "",
    "probe.no_sender": "Kein Absender des Kunden ist bekannt, also wurde keiner versucht.",
    "probe.advice.no_sender": (
        "Nennen Sie einen (--from, mail_from), oder setzen Sie den fallback_sender des Kunden in einer seiner Domains."
    ),
    "probe.relay_refused": (
        "Ohne Anmeldung weist er {recipient} ab: kein offenes Relay, soweit ein Empfänger das zeigen kann."
    ),
    "probe.advice.relay_refused": "",
    "probe.relay_put_off": "Ohne Anmeldung vertröstete er {recipient}, was nichts zeigt.",
    "probe.advice.relay_put_off": "Fragen Sie später noch einmal.",
    "probe.relay_accepted": (
        "Ohne Anmeldung nahm er {recipient} an. Vielleicht leitet er für jeden weiter, vielleicht nur für die"
        " Adresse dieses Rechners, oder er lehnt nach dem Inhalt ab, der nicht gesendet wurde."
    ),
    "probe.advice.relay_accepted": (
        "Fragen Sie, wer ihn betreibt, für wen er weiterleitet, oder fragen Sie aus einem anderen Netz."
    ),
    "probe.relay_untried": (
        "Ob er weiterleitet, ließ sich nicht fragen: eine Verbindung ohne Anmeldung brach vorher ab."
    ),
    "probe.advice.relay_untried": "Fragen Sie später noch einmal.",
    "probe.test_mode": "Der Testmodus ist an, die markierte Mail wäre an die Testadresse gegangen.",
    "probe.advice.test_mode": "Schalten Sie den Testmodus des Kunden aus, oder prüfen Sie ohne die Rundreise.",
    "probe.not_sent": "Die markierte Mail wurde nicht gesendet: {why}",
    "probe.advice.not_sent": "Sehen Sie den Grund an; es ging nichts hinaus.",
    "probe.not_arrived": (
        "Die markierte Mail wurde angenommen ({queue}) und kam binnen {seconds} Sekunden nicht an."
    ),
    "probe.advice.not_arrived": (
        "Sehen Sie in das Log des Servers, und ob die Bounce-Adresse in das Bounce-Postfach führt."
    ),
    "probe.arrived": "Die markierte Mail kam nach {seconds} Sekunden an.",
    "probe.advice.arrived": "",
    "probe.reverse_path_kept": "Der Reverse-Path {value} kam unverändert an.",
    "probe.advice.reverse_path_kept": "",
    "probe.reverse_path_replaced": "Aus dem Reverse-Path {sent} wurde {came}.",
    "probe.advice.reverse_path_replaced": (
        "Ist es die Adresse des Kontos, so setzen Sie mail_from=login; sonst verirren sich Bounces."
    ),
    "probe.reverse_path_untold": "Das Postfach hält kein Return-Path fest, der Reverse-Path ist also unbekannt.",
    "probe.advice.reverse_path_untold": "Der Server des Postfachs soll Return-Path schreiben (RFC 5321, 4.4).",
    "probe.field_kept": "{field} kam unverändert an.",
    "probe.advice.field_kept": "",
    "probe.field_replaced": "{field} war {sent} und wurde {came}.",
    "probe.advice.field_replaced": (
        "Setzen Sie die vorgeschlagene Eigenschaft, damit das Feld nicht signiert wird."
    ),
    "probe.from_replaced": "From war {sent} und wurde {came}.",
    "probe.advice.from_replaced": (
        "Das Konto muss als diese Adresse senden dürfen; sonst nehmen Sie einen anderen Server."
    ),
    "probe.fields_changed": "Unterwegs geändert: {fields}.",
    "probe.advice.fields_changed": "Setzen Sie rewrites auf diese Namen, damit sie nicht signiert werden.",
    "probe.fields_removed": "Unterwegs entfernt: {fields}.",
    "probe.advice.fields_removed": "Setzen Sie rewrites auf diese Namen, damit sie nicht signiert werden.",
    "probe.fields_added": "Unterwegs hinzugefügt: {fields}.",
    "probe.advice.fields_added": "",
    "probe.body_kept": "Der Inhalt kam unverändert an.",
    "probe.advice.body_kept": "",
    "probe.body_changed": "Der Inhalt wurde unterwegs geändert.",
    "probe.advice.body_changed": "Fußzeilen und Inhaltsfilter sollen für dieses Konto ausgeschaltet werden.",
    "probe.signature_verifies": "Die Signatur von {signature} ist gültig.",
    "probe.advice.signature_verifies": "",
    "probe.signature_broken": "Die Signatur von {signature} ist nicht mehr gültig.",
    "probe.advice.signature_broken": "Setzen Sie die vorgeschlagenen Eigenschaften und prüfen Sie noch einmal.",
    "probe.unsigned": "Die markierte Mail trug keine Signatur von uns.",
    "probe.advice.unsigned": "Geben Sie dem Kunden einen DKIM-Schlüssel, damit die Signatur zu sehen ist.",
    "probe.signed_by_server": "Der Server signiert auch: {signature}.",
    "probe.advice.signed_by_server": "",
    "probe.authentication_results": "Die empfangende Seite sagt: {results}",
    "probe.advice.authentication_results": "",
}
