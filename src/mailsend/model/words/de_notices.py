"""What notices of mails given up say in German, and to whom they go."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

__all__ = ["NOTICE_WORDS"]

NOTICE_WORDS: Final[Mapping[str, str]] = {
    # wer es erfährt
    "notice.reply_to": "{value} erfährt, dass sie aufgegeben wurde: dorthin gehen die Antworten.",
    "notice.customer_admin": "{value} erfährt, dass sie aufgegeben wurde, der Admin des Kunden.",
    "notice.application_admin": "{value} erfährt, dass sie aufgegeben wurde, der Admin der Anwendung.",
    "notice.own_mail": "Niemand erfährt, dass sie aufgegeben wurde: sie war selbst eine eigene Nachricht.",
    "notice.test_copy": "Niemand erfährt, dass sie aufgegeben wurde: sie war eine Testkopie.",
    "notice.nobody_failed": "Niemand erfährt etwas: kein Empfänger wurde aufgegeben.",
    "notice.nobody_to_tell": "Niemand erfährt, dass sie aufgegeben wurde: dafür gibt es keine Adresse.",
    "notice.passed_over.outside_customer": (
        "{candidate} erfährt es nicht: die Adresse liegt in keiner Domain dieses Kunden."
    ),
    "notice.passed_over.recipient": "{candidate} erfährt es nicht: sie war Empfänger derselben Mail.",
    "notice.passed_over.bounce_mailbox": (
        "{candidate} erfährt es nicht: dort liest ein Programm, was zurückkommt."
    ),
    "notice.passed_over.no_reply": "{candidate} erfährt es nicht: dieses Postfach liest niemand.",
    "notice.passed_over.suppressed": "{candidate} erfährt es nicht: die Adresse steht auf einer Liste.",
    # die Nachricht selbst
    "notice.mail.subject": "Nicht übergeben: {subject}",
    "notice.mail.subject_untold": "Eine Mail wurde nicht übergeben",
    "notice.mail.opening": (
        "Diese Mail ließ sich nicht allen übergeben, und für diese Empfänger wird nichts mehr versucht:"
    ),
    "notice.mail.recipient": "{address}: {why}",
    "notice.mail.said": "{server} sagte: {reply}",
    "notice.mail.open": "Weiter versucht wird sie für:",
    "notice.mail.unknown": "Ob diese sie haben, ist nicht bekannt, denn der Server verstummte am Ende:",
    "notice.mail.about": "Die Mail",
    "notice.mail.about_subject": "Betreff: {subject}",
    "notice.mail.about_arrived": "Eingereiht: {arrived}",
    "notice.mail.about_id": "Nummer: {id}",
    "notice.mail.closing": (
        "Diese Nachricht kommt von einem Programm. Unten folgen die Kopfzeilen; der Inhalt wird nicht wiederholt."
    ),
    "notice.why.expired": "kein Server hat sie in der erlaubten Zeit angenommen.",
    "notice.why.rejected": "der Server hat sie abgelehnt.",
    "notice.why.too_big": "die Mail ist dem Server zu groß.",
    "notice.why.content_refused": "der Server hat den Inhalt abgelehnt.",
    "notice.why.message_format": "der Server kann einen Teil dieser Mail nicht befördern.",
    "notice.why.needs_smtputf8": "kein Server auf dem Weg befördert andere Zeichen als ASCII vor dem @.",
    "notice.why.no_such_user": "dieses Postfach gibt es nicht.",
    "notice.why.bad_domain": "die Domain gibt es nicht, oder sie nimmt keine Mail an.",
    "notice.why.bad_address": "der Server nimmt diese Form von Adresse nicht an.",
    "notice.why.moved": "der Empfänger ist umgezogen.",
    "notice.why.mailbox_disabled": "das Postfach ist abgeschaltet.",
    "notice.why.mailbox_full": "das Postfach ist voll.",
    "notice.why.recipient_policy": "die Empfängerseite nimmt von diesem Absender keine Mail an.",
    # mehrere in einer
    "notice.digest.subject": "{count} Mails wurden nicht übergeben",
    "notice.digest.opening": (
        "Binnen einer Stunde wurden mehr Nachrichten fällig als üblich, deshalb stehen diese {count} Mails in einer:"
    ),
    "notice.digest.line": "{arrived}  {subject}  ({id})",
    "notice.digest.untold": "(Betreff nicht gezeigt)",
    "notice.digest.more": "… und {count} weitere; das Log hat sie alle.",
    "notice.digest.closing": "Diese Nachricht kommt von einem Programm.",
}
