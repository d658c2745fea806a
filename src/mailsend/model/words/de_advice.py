"""What to do about the reasons of verdicts, in German; the English stands beside each cause."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["ADVICE"]

ADVICE: Mapping[str, str] = {
    "name_missing": "Der Name des Servers existiert nicht oder hat keine Adresse: berichtigen Sie ihn.",
    "name_lookup_failed": "Der Name ließ sich gerade nicht nachschlagen: prüfen Sie das DNS dieses Rechners.",
    "address_forbidden": (
        "Der Name des Servers führt in ein internes Netz, also wurde nichts gesendet: nehmen Sie seinen"
        " öffentlichen Namen, oder lassen Sie die Anwendung das Netz in internal_servers nennen."
    ),
    "not_connected": "Keine Verbindung: prüfen Sie Name, Port und Firewall, und ob der Server läuft.",
    "connection_lost": "Der Server verstummte oder schloss die Verbindung: sehen Sie in sein Log.",
    "taken_over": "Die Pacht war abgelaufen, und ein anderer Worker hat die Mail: nichts ist zu tun.",
    "deadline": "Die Frist verstrich vorher: geben Sie mehr Zeit.",
    "closed": "Der Mailer wurde vorher geschlossen: versuchen Sie es noch einmal.",
    "ca_file_unreadable": "Was ca oder ca_file angibt, ist nicht lesbar oder enthält kein Zertifikat: es muss PEM sein.",
    "certificate_not_trusted": (
        "Das Zertifikat ist abgelaufen, gilt für einen anderen Namen oder kommt von einer unbekannten Stelle:"
        " beheben Sie das, nehmen Sie den Namen, den es enthält, oder geben Sie ca_file an."
    ),
    "pin_mismatch": (
        "Der Server hat einen anderen öffentlichen Schlüssel als bestätigt, also wurde nichts gesendet: wurde"
        " sein Zertifikat erneuert, oder steht jemand dazwischen? Lassen Sie einen Menschen den neuen bestätigen."
    ),
    "tls_failed": (
        "TLS kam nicht zustande: Port 465 spricht es vom ersten Byte an (smtps://), 587 nach STARTTLS"
        " (smtp://); nötig ist Version 1.2 oder neuer."
    ),
    "tls_refused": "Der Server lehnte STARTTLS ab: fragen Sie, wer ihn betreibt.",
    "tls_not_offered": "Der Server bietet kein STARTTLS, oder jemand unterwegs entfernt es: nichts wurde gesendet.",
    "require_tls_not_offered": (
        "Die Mail verlangt TLS auf dem ganzen Weg (RFC 8689), und dieser Server sagt es nicht zu."
    ),
    "tls_demanded": "Der Server nimmt vor STARTTLS nichts an: nehmen Sie smtp:// ohne tls=none.",
    "server_busy": "Der Server ist beschäftigt oder wird beendet: versuchen Sie es später.",
    "server_fault": "Der Server hat einen eigenen Fehler: sehen Sie in sein Log.",
    "server_policy": "Die Regeln des Servers weisen uns ab: fragen Sie mit dieser Antwort, wer ihn betreibt.",
    "rate": "Zu schnell für diesen Server: senken Sie max_per_minute oder max_connections.",
    "over_limit": (
        "Das eigene Limit dieses Servers ist erreicht, ihm wurde nichts angeboten: senden Sie später, geben Sie"
        " mehr Zeit (deadline), oder erhöhen Sie max_per_second, max_per_minute oder max_per_day."
    ),
    "relaying_denied": (
        "Der Server leitet für uns nicht weiter: melden Sie sich an, oder lassen Sie diesen Rechner zu."
    ),
    "client_refused": (
        "Der Server weist die Adresse dieses Rechners ab: prüfen Sie ihr Reverse-DNS und die Listen des Servers."
    ),
    "helo_refused": (
        "Der Server lehnt unseren EHLO-Namen ab: setzen Sie local_hostname auf einen Namen, der zu uns führt."
    ),
    "block_listed": "Die Adresse dieses Rechners steht auf einer Sperrliste: die Antwort nennt sie.",
    "network": "Der Server erreicht das Netz des Empfängers nicht: versuchen Sie es später.",
    "too_many_recipients": "Zu viele Empfänger auf einmal: der Rest geht in der nächsten Transaktion.",
    "no_recipients": "Kein Empfänger wurde angenommen, also wurde nichts gesendet.",
    "smtputf8_not_offered": (
        "Die Mail hat Zeichen außerhalb von ASCII, und dieser Server trägt sie nicht (RFC 6531, 6152)."
    ),
    "protocol": "Der Server verstand einen Befehl nicht: vielleicht ändert etwas dazwischen das Gespräch.",
    "senseless_reply": "Die Antwort ergibt hier keinen Sinn: ist das ein SMTP-Server?",
    "auth_required": "Der Server verlangt eine Anmeldung: geben Sie Benutzer und Passwort an.",
    "auth_failed": (
        "Benutzer oder Passwort ist falsch: berichtigen Sie es; eine Weile wird keine Anmeldung versucht."
    ),
    "auth_refused": "Der Server lehnte diese Art der Anmeldung ab: setzen Sie auth auf eine, die er bietet.",
    "auth_temporary": "Der Server kann Anmeldungen gerade nicht prüfen: versuchen Sie es später.",
    "auth_paused": (
        "Die letzte Anmeldung scheiterte, und eine weitere so bald könnte das Konto sperren: berichtigen Sie"
        " Benutzer oder Passwort."
    ),
    "auth_not_offered": (
        "Der Server bietet hier keine Anmeldung, also wurde nichts gesendet: nehmen Sie seinen Port 587 oder"
        " 465, oder lassen Sie Benutzer und Passwort weg."
    ),
    "auth_method_not_offered": "Der Server bietet diese Art der Anmeldung nicht: setzen Sie auth auf eine andere.",
    "auth_method_unfit": (
        "Diese Art der Anmeldung passt nicht zum Konto: xoauth2 und oauthbearer nehmen ein Zugriffstoken, die"
        " anderen ein Passwort."
    ),
    "auth_forbidden": (
        "Die Organisation des Kontos verbietet diese Anmeldung: ein Administrator muss sie erlauben, oder melden"
        " Sie sich mit OAuth2 an."
    ),
    "application_password_needed": (
        "Der Server nimmt kein gewöhnliches Passwort: legen Sie ein Passwort für Anwendungen an und kopieren Sie"
        " es ganz, oder melden Sie sich mit OAuth2 an."
    ),
    "token_not_given": "Gerade war kein Zugriffstoken zu bekommen: versuchen Sie es später.",
    "token_denied": (
        "Der Identitätsdienst gibt dieser Anwendung kein Zugriffstoken: prüfen Sie dort ihre Kennung, ihr"
        " Geheimnis und ihre Rechte."
    ),
    "token_refused": (
        "Der Server lehnte das Zugriffstoken ab: die Anwendung muss senden dürfen, und der Benutzer muss jenes"
        " Postfach sein."
    ),
    "auth_in_clear": (
        "Die Verbindung ist nicht verschlüsselt, also wurden Benutzer und Passwort nicht gesendet: nehmen Sie"
        " smtp:// oder smtps://."
    ),
    "auth_switched_off": (
        "Diese Anmeldung ist für das Konto abgeschaltet: melden Sie sich mit OAuth2 an, wo es ein Passwort war,"
        " oder lassen Sie einen Administrator SMTP mit Anmeldung erlauben."
    ),
    "sending_mailbox_full": "Das Postfach, von dem aus gesendet wird, ist voll: schaffen Sie Platz.",
    "account_disabled": "Das Konto, von dem aus gesendet wird, ist gesperrt: fragen Sie, wer es betreibt.",
    "sender_not_allowed": (
        "Dieses Konto darf nicht als diese Adresse senden: erlauben Sie es dort, oder nehmen Sie die Adresse"
        " des Kontos."
    ),
    "sender_refused": "Der Server lehnt den Reverse-Path ab: dessen Domain muss existieren und Mail annehmen.",
    "sender_authentication": (
        "SPF, DKIM oder DMARC genügten nicht: prüfen Sie die Einträge der Absenderdomain."
    ),
}
