"""Reasons in German."""

from __future__ import annotations

from collections.abc import Mapping

from mailsend.model.words.de_notices import NOTICE_WORDS
from mailsend.model.words.de_servers import SERVER_WORDS

__all__ = ["WORDS"]

WORDS: Mapping[str, str] = {
    # Quellen
    "source.requested": "dem gewünschten Absender",
    "source.business_unit": "der Geschäftseinheit",
    "source.customer": "dem Kunden",
    "source.application": "der Anwendung",
    "source.caller": "der Nachricht",
    "source.requested_sender": "dem gewünschten Absender",
    # Absender
    "sender.requested": "Absender ist {value}: so gewünscht, und die Domain ist erlaubt.",
    "sender.alias": "Absender ist {value}: gewünscht war {requested}, dessen Domain ein Alias ist.",
    "sender.alias_kept": "Absender ist {value}: so gewünscht, und die Alias-Domain darf bleiben.",
    "sender.business_unit": "Absender ist {value}: der Ersatzabsender der Geschäftseinheit {business_unit}.",
    "sender.customer": "Absender ist {value}: der Ersatzabsender des Kunden {customer}.",
    "sender.application": "Absender ist {value}: der Ersatzabsender der Anwendung.",
    "sender.passed_over.domain_not_allowed": (
        "{candidate} wurde übergangen: {domain} ist keine erlaubte Domain (erlaubt: {allowed})."
    ),
    "sender.passed_over.alias_not_proved": (
        "{candidate} wurde übergangen: SPF und DKIM des Alias {domain} sind nicht beide aktiv."
    ),
    "sender.passed_over.not_set": "Von {source} wurde nichts verwendet: dort steht kein Ersatzabsender.",
    "sender.name.as_asked": "",
    "sender.name.fallback_alone": "",
    "sender.name.with_via": "Der Name sagt, für wen gesendet wird.",
    "sender.name.no_actor": "Der gewünschte Name entfiel: es ist kein Handelnder angegeben.",
    "sender.name.protected": "Der gewünschte Name entfiel: er ist geschützt.",
    "sender.name.nothing_left": "Der gewünschte Name entfiel: nichts davon konnte bleiben.",
    "sender.name.same": "Der gewünschte Name ist der des Ersatzabsenders.",
    # Antworten
    "reply_to.caller": "Antworten gehen an {value}, wie die Nachricht es will.",
    "reply_to.requested_sender": "Antworten gehen an {value}, den gewünschten Absender.",
    "reply_to.business_unit": "Antworten gehen an {value}, wie die Geschäftseinheit es sagt.",
    "reply_to.customer": "Antworten gehen an {value}, wie der Kunde es sagt.",
    "reply_to.application": "Antworten gehen an {value}, wie die Anwendung es sagt.",
    "reply_to.effective_sender": "Antworten gehen an {value}, den Absender selbst.",
    "reply_to.test_mode": "Antworten gehen an {value}, die Testadresse.",
    "reply_to.passed_over.no_reply": "{candidate} wurde übergangen: eine No-Reply-Adresse liest niemand.",
    "reply_to.passed_over.suppressed": "{candidate} wurde übergangen: die Adresse ist gesperrt.",
    "reply_to.passed_over.bounce_mailbox": "{candidate} wurde übergangen: es ist das Bounce-Postfach.",
    "reply_to.passed_over.test_mode": "{candidate} wurde übergangen: der Testmodus ist eingeschaltet.",
    "reply_to.finding.foreign_freemail": (
        "Bitte ansehen: Reply-To ist eine Freemail-Adresse, für die niemand bürgt."
    ),
    # Empfänger
    "recipients.as_requested": "Sie geht an {value}.",
    "recipients.test_mode": "Der Testmodus ist eingeschaltet: sie geht allein an {value}.",
    "recipients.no_recipients": "Abgelehnt: die Nachricht hat keinen Empfänger.",
    "recipients.nobody_left": "Abgelehnt: kein Empfänger bleibt übrig ({left_out}).",
    "recipients.bounce_mailbox": "Abgelehnt: {address} ist das Bounce-Postfach.",
    "recipients.passed_over.duplicate": "{candidate} ist doppelt genannt und bekommt ein Exemplar.",
    "recipients.passed_over.suppressed": "{candidate} wurde ausgelassen: die Adresse ist gesperrt.",
    "recipients.passed_over.rejected_characters": (
        "{candidate} wurde ausgelassen: vor dem @ steht ein Zeichen, das dieser Kunde ablehnt."
    ),
    # Wege
    "routes.sender_address": "Sie geht über {value}, den Server für diese Absenderadresse.",
    "routes.sender_domain": "Sie geht über {value}, den Server für diese Absenderdomain.",
    "routes.customer": "Sie geht über {value}, den eigenen Server des Kunden.",
    "routes.smarthost": "Sie geht über {value}, den Smarthost der Anwendung.",
    "routes.no_route": "Abgelehnt: kein Server darf diese Mail befördern.",
    "routes.passed_over.not_released": "{candidate} wurde übergangen: er ist {state}, nicht freigegeben.",
    "routes.passed_over.sender_outside_customer": (
        "{candidate} wurde übergangen: der Absender {sender} liegt nicht in den Domains dieses Kunden."
    ),
    "routes.passed_over.other_senders": "{candidate} wurde übergangen: den Absender {sender} befördert er nicht.",
    "routes.passed_over.own_server_instead": "{candidate} wurde übergangen: der Kunde hat einen eigenen Server.",
    "routes.passed_over.not_proved": (
        "{candidate} wurde übergangen: {domain} ist für die Smarthosts nicht nachgewiesen."
    ),
    "routes.passed_over.tls_not_required": (
        "{candidate} wurde übergangen: die Nachricht verlangt geprüftes TLS, er nicht."
    ),
    "routes.passed_over.internal_recipient": (
        "{candidate} wurde übergangen: die Sonderdomain {domain} befördert er nicht."
    ),
    # Rückweg
    "second_look.as_decided": "Die Server werden versucht wie entschieden: {value}.",
    "second_look.by_health": "Die Server werden jetzt in dieser Reihenfolge versucht: {value}.",
    "second_look.passed_over.slowed": "{candidate} kommt später: er hat um eine Pause gebeten.",
    "second_look.passed_over.suspect": "{candidate} kommt später: der letzte Versuch schlug fehl ({why}).",
    "second_look.passed_over.down": "{candidate} kommt später: mehrere Versuche schlugen fehl ({why}).",
    "return_path.login": "Bounces gehen an {value}: das Konto, auf dem der Server besteht.",
    "return_path.bounce_to": "Bounces gehen an {value}, wie die Nachricht es will.",
    "return_path.customer_bounce_address": "Bounces gehen an {value}, die Bounce-Adresse des Kunden.",
    "return_path.application_bounce_address": "Bounces gehen an {value}, die Bounce-Adresse der Anwendung.",
    "return_path.reply_to": "Bounces gehen an {value}, wohin auch Antworten gehen.",
    "return_path.customer_admin": "Bounces gehen an {value}, den Admin des Kunden.",
    "return_path.application_admin": "Bounces gehen an {value}, den Admin der Anwendung.",
    "return_path.effective_sender": "Bounces gehen an {value}, den Absender selbst.",
    "return_path.fallback_sender": "Bounces gehen an {value}, einen Ersatzabsender.",
    "return_path.null": "Nichts kommt zurück: eine Zustellnachricht hat einen leeren Reverse-Path.",
    "return_path.passed_over.outside_customer": (
        "{candidate} wurde übergangen: der Server des Kunden befördert nur dessen Domains."
    ),
    "return_path.passed_over.not_proved": (
        "{candidate} wurde übergangen: {domain} ist für die Smarthosts nicht nachgewiesen."
    ),
    "return_path.passed_over.not_aligned": (
        "{candidate} wurde übergangen: für die Absenderdomain ist kein Schlüssel von uns veröffentlicht, "
        "daher geht eine Adresse vor, die zum Absender passt."
    ),
    "return_path.passed_over.original_recipient": (
        "{candidate} wurde übergangen: der Testmodus ist eingeschaltet, und es ist ein echter Empfänger."
    ),
    "return_path.aligned.True": "SPF wird zu {spf_domain} gefragt, was zum Absender passt.",
    "return_path.aligned.False": "SPF wird zu {spf_domain} gefragt, was nicht zum Absender passt.",
    "return_path.finding.sender_not_proved": (
        "Bitte ansehen: {spf_domain} ist für diesen Server nicht nachgewiesen."
    ),
    # Inhalt
    "content.template": "Der Inhalt kommt aus der Vorlage {value} in {locale}.",
    "content.given": "Den Inhalt hat die Anwendung geschrieben.",
    "content.original": "Der Inhalt ist eine fertige Mail, unverändert übernommen.",
    "content.kind": "Abgelehnt: hier geht nur transaktionale Mail hinaus, nicht {kind!r}.",
    "content.expired": "Abgelehnt: die Nachricht ist abgelaufen ({expires_at}).",
    "content.never_due": "Abgelehnt: sie darf nicht vor {send_at} hinaus und läuft um {expires_at} ab.",
    "content.two_sources": "Abgelehnt: der Inhalt ist doppelt angegeben.",
    "content.no_content": "Abgelehnt: die Nachricht hat keinen Inhalt.",
    "content.loop": "Abgelehnt: die Mail läuft im Kreis ({why}).",
    "content.too_many_visible": (
        "Abgelehnt: {count} Empfänger sähen die Adressen der anderen, erlaubt sind {most}."
    ),
    "content.blocked_extension": "Abgelehnt: die Anlage {filename} hat die gesperrte Endung .{extension}.",
    "content.too_large": "Abgelehnt: die Mail hat kodiert {size} Byte, erlaubt sind {most}.",
    "content.subject_control_characters": "Abgelehnt: im Betreff steht ein Zeilenumbruch oder Steuerzeichen.",
    "content.not_text": "Abgelehnt: in {field} stehen Zeichen, die keine Mail tragen kann.",
    "content.calendar_method": "Abgelehnt: die Methode des Kalendereintrags passt nicht ({why}).",
    "content.header_name": "Abgelehnt: {name!r} ist kein Name für ein Kopffeld.",
    "content.header_reserved": (
        "Abgelehnt: das Kopffeld {name} wird nicht von Hand gesetzt; stattdessen: {instead}."
    ),
    "content.header_unknown": "Abgelehnt: das Kopffeld {name} gehört nicht zu denen, die gesetzt werden dürfen.",
    "content.header_control_characters": (
        "Abgelehnt: im Kopffeld {name} steht ein Zeilenumbruch oder Steuerzeichen."
    ),
    "content.header_syntax": "Abgelehnt: der Wert des Kopffelds {name} verletzt dessen Syntax.",
    "content.finding.no_subject": "Bitte ansehen: der Betreff fehlt.",
    "content.finding.no_text": "Bitte ansehen: neben dem HTML fehlt ein Textteil.",
    "content.finding.clipped": "Bitte ansehen: Gmail schneidet HTML jenseits von 102 kB ab.",
    "content.finding.organizer_sent_by": (
        "Organisator der Einladung ist {detail}; SENT-BY nennt den verwendeten Absender."
    ),
    "content.finding.no_test_banner": "Bitte ansehen: eine fertige Mail trägt innen keinen Testhinweis.",
    "content.finding.field_dropped": "Von der fertigen Mail entfiel das Feld {detail}.",
    "content.finding.field_repeated": "In der fertigen Mail stand das Feld {detail} mehrmals.",
    "content.finding.field_mended": "In der fertigen Mail wurde das Feld {detail} ausgebessert.",
    "content.finding.date_invalid": "Das Date der fertigen Mail war keines und wird neu gemacht.",
    "content.finding.message_id_invalid": "Die Message-ID der fertigen Mail war keine und wird neu gemacht.",
    "content.finding.header_ended_early": "Der Kopf der fertigen Mail endete in einer Zeile, die kein Feld ist.",
    "content.finding.content_reencoded": (
        "Teile der fertigen Mail wurden neu kodiert, da sie nicht 7-Bit waren."
    ),
    "content.finding.signed_content_reencoded": (
        "Bitte ansehen: ein signierter Teil der fertigen Mail wurde neu kodiert, was seine Signatur bricht."
    ),
    # Signaturen
    "signatures.from_domain": "Sie ist signiert von {value}, passend zum Absender.",
    "signatures.from_domain_and_application": (
        "Sie ist signiert von {value}: mit dem Schlüssel der Absenderdomain und mit unserem, "
        "da jener nicht als veröffentlicht gilt."
    ),
    "signatures.application": (
        "Sie ist signiert von {value}: dem Schlüssel der Anwendung, der nicht zum Absender passt."
    ),
    "signatures.application_aligned": (
        "Sie ist signiert von {value}: dem Schlüssel der Anwendung, passend zum Absender."
    ),
    "signatures.unsigned": "Sie ist nicht signiert: für die Absenderdomain gibt es keinen DKIM-Schlüssel.",
    # Ablehnungen anderer Schritte
    "address.invalid": "Abgelehnt: {field}: {text!r} ist keine gültige Adresse: {why}.",
    "address.invalid_field": "Abgelehnt: {field}: {why}.",
    "rules.unknown_customer": "Abgelehnt: einen Kunden {customer!r} gibt es nicht.",
    "rules.unknown_business_unit": (
        "Abgelehnt: der Kunde {customer!r} hat keine Geschäftseinheit {business_unit!r}."
    ),
    "rules.business_unit_alone": (
        "Abgelehnt: die Geschäftseinheit {business_unit!r} ist ohne Kunden genannt."
    ),
    "rules.invalid": "Abgelehnt: die Regeln dieses Kunden sind nicht gültig: {why}.",
    "template.template": "Abgelehnt: die Vorlage {template!r} ergab keinen Inhalt: {why}{place}.",
    "template.missing_value": "Abgelehnt: die Vorlage {template!r} ergab keinen Inhalt: {why}{place}.",
    "bytes.unwritable": "Abgelehnt: {field} lässt sich nicht in eine Mail schreiben: {why}.",
    "bytes.bytes": "Abgelehnt: die fertigen Bytes sind keine Mail: {fault} {where}.",
    "interceptor.refused": "Abgelehnt von der Anwendung: {why}.",
    # steps of a customer's server
    "server.locked": "Der Server ist gesperrt.",
    "server.not_verified": "Der Server ist nicht geprüft.",
    "server.not_locked": "Der Server ist nicht gesperrt.",
    # why a mail, or one of its recipients, waits
    "held.interceptor": "Ein Interceptor der Anwendung hält sie zurück.",
    "held.test_mode": "Der Testmodus ist an, und sie ginge an ihre wirklichen Empfänger.",
    "held.sender_no_longer_allowed": "Ihr Absender ist nicht mehr erlaubt: bereiten Sie die Mail neu vor.",
    "held.unknown_customer": "Ihr Kunde ist nicht mehr bekannt.",
    "held.server_not_released": "Ein Server des Kunden, über den sie ginge, ist nicht freigegeben.",
    "held.standing_hold": "Ein dauernder Halt hält sie zurück.",
    "held.not_yet": "Sie darf nicht vor ihrem send_at hinaus.",
    "held.kept": "Sie wurde so aufbewahrt, wie sie gezeigt wurde, bis jemand sie freigibt.",
    "held.test_question": "Sie wartet, bis jemand sagt: weiter testen, oder wirklich senden.",
    "held.route_gone": "Ihr Server steht nicht mehr in den Regeln: tragen Sie ihn wieder ein, oder bereiten Sie die Mail neu vor.",
    "held.unreadable": "Was von ihr gespeichert ist, lässt sich nicht lesen: sehen Sie nach, warum, und erzwingen Sie sie; oder löschen Sie sie.",
    "held.not_ready": "Sie ließ sich gerade nicht fertig machen und wird wieder versucht.",
    # why something cannot be done to a mail
    "mail.queued": "Die Mail steht in der Warteschlange.",
    "mail.sending": "Die Mail wird gerade gesendet.",
    "mail.held": "Die Mail wird zurückgehalten.",
    "mail.done": "Die Mail ist erledigt: niemand ist mehr offen.",
    "mail.cancelled": "Die Mail wurde gestrichen.",
    "mail.expired": "Die Mail ist abgelaufen.",
    "mail.frozen": "Die Mail ist eingefroren.",
    "mail.not_frozen": "Die Mail ist nicht eingefroren.",
    **NOTICE_WORDS,
    **SERVER_WORDS,
}
