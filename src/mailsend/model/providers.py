"""Who receives mail for a domain: a dated table of consumer domains, and the names of mail servers.

The domains come from what the providers say themselves, compared on the date of ``AS_OF``:

- Gmail: https://support.google.com/mail/answer/81126 (gmail.com, googlemail.com)
- Microsoft: https://techcommunity.microsoft.com/blog/microsoftdefenderforoffice365blog/4399730
  (outlook.com, hotmail.com, live.com) and the endings that https://outlook.live.com offers
- Yahoo: https://senders.yahooinc.com/faqs/ (its own brands and AOL's)
- iCloud: https://support.apple.com/102525 (icloud.com, me.com, mac.com)
- GMX, WEB.DE, mail.com: https://postmaster.gmx.net, https://postmaster.web.de, https://postmaster.mail.com
- Proton: https://proton.me/support/addresses-and-aliases
- Deutsche Telekom: https://postmaster.t-online.de
- Tuta: https://github.com/tutao/tutanota, TUTA_MAIL_ADDRESS_DOMAINS of its client
- freenet, mailbox.org, Posteo, Yandex, Mail.ru, QQ: Thunderbird's table of providers,
  https://github.com/thunderbird/autoconfig, folder ispdb

Suffixes of mail servers are what each provider tells its customers to publish as MX. A domain that
stands nowhere here goes by the organisational domain of its first mail server.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from mailsend.errors import InvalidAddress
from mailsend.model.domain import Domain
from mailsend.model.suffixes import organisational_domain

__all__ = ["AS_OF", "BY_DOMAIN", "provider_by_mx"]

AS_OF: Final = "2026-11-22"

_DOMAINS: Final[Mapping[str, str]] = {
    "Gmail": "gmail.com googlemail.com",
    "Microsoft": """outlook.com outlook.de outlook.at outlook.be outlook.fr outlook.it outlook.es outlook.dk outlook.ie
        outlook.jp outlook.co.nz outlook.com.au outlook.com.br
        hotmail.com hotmail.de hotmail.at hotmail.ch hotmail.fr hotmail.it hotmail.es hotmail.be hotmail.nl
        hotmail.se hotmail.dk hotmail.no hotmail.fi hotmail.ca hotmail.co.uk hotmail.com.au hotmail.com.br
        live.com live.de live.at live.fr live.it live.nl live.be live.dk live.se live.no live.ca live.co.uk
        live.com.au msn.com passport.com windowslive.com""",
    "Yahoo": """yahoo.com yahoo.de yahoo.fr yahoo.it yahoo.es yahoo.ie yahoo.dk yahoo.se yahoo.no yahoo.gr yahoo.pl
        yahoo.ro yahoo.ca yahoo.in yahoo.co.uk yahoo.co.in yahoo.co.id yahoo.com.ar yahoo.com.au yahoo.com.br
        yahoo.com.mx ymail.com rocketmail.com aol.com aol.de aol.fr aol.co.uk aim.com verizon.net""",
    "iCloud": "icloud.com me.com mac.com",
    "GMX": "gmx.de gmx.net gmx.at gmx.ch gmx.com gmx.co.uk gmx.fr gmx.es gmx.us gmx.org gmx.info gmx.biz gmx.li gmx.eu",
    "WEB.DE": "web.de email.de",
    "mail.com": "mail.com email.com usa.com",
    "Proton": "proton.me protonmail.com protonmail.ch pm.me",
    "Telekom": "t-online.de magenta.de",
    "freenet": "freenet.de",
    "Tuta": "tuta.com tutamail.com tuta.io tutanota.com tutanota.de keemail.me",
    "Posteo": "posteo.de posteo.at posteo.ch posteo.com posteo.eu posteo.li posteo.net posteo.org",
    "mailbox.org": "mailbox.org",
    "Yandex": "yandex.ru yandex.com yandex.by yandex.kz yandex.ua ya.ru narod.ru",
    "Mail.ru": "mail.ru bk.ru list.ru inbox.ru",
    "QQ": "qq.com",
}
# The longest suffix counts.
_SERVERS: Final[Mapping[str, str]] = {
    "google.com": "Google",  # smtp.google.com, aspmx.l.google.com
    "googlemail.com": "Google",
    "outlook.com": "Microsoft 365",  # TENANT.mail.protection.outlook.com
    "mx.microsoft": "Microsoft 365",  # with DNSSEC
    "olc.protection.outlook.com": "Microsoft",  # the consumers'
    "yahoodns.net": "Yahoo",
    "mail.yahoo.com": "Yahoo",
    "icloud.com": "iCloud",  # mx01.mail.icloud.com
    "gmx.net": "GMX",
    "web.de": "WEB.DE",
    "mail.com": "mail.com",
    "kundenserver.de": "IONOS",
    "ionos.de": "IONOS",
    "ionos.com": "IONOS",
    "protonmail.ch": "Proton",
    "tutanota.de": "Tuta",
    "messagingengine.com": "Fastmail",
    "zoho.com": "Zoho",
    "zoho.eu": "Zoho",
    "mailbox.org": "mailbox.org",
    "posteo.de": "Posteo",
    "t-online.de": "Telekom",
    "bluewin.ch": "Bluewin",
    "hostpoint.ch": "Hostpoint",
    "infomaniak.ch": "Infomaniak",
    "ovh.net": "OVHcloud",
    "gandi.net": "Gandi",
    "yandex.net": "Yandex",
    "yandex.ru": "Yandex",
    "mail.ru": "Mail.ru",
    "emailsrvr.com": "Rackspace",
    "secureserver.net": "GoDaddy",
    "mx.cloudflare.net": "Cloudflare",
    "amazonaws.com": "Amazon",
    "pphosted.com": "Proofpoint",
    "ppe-hosted.com": "Proofpoint",
    "mimecast.com": "Mimecast",
    "messagelabs.com": "Symantec",
    "iphmx.com": "Cisco",
    "barracudanetworks.com": "Barracuda",
    "hornetsecurity.com": "Hornetsecurity",
    "antispameurope.com": "Hornetsecurity",
    "seppmail.cloud": "SEPPmail",
}

BY_DOMAIN: Final[Mapping[str, str]] = MappingProxyType(
    {domain: provider for provider, domains in _DOMAINS.items() for domain in domains.split()}
)


def provider_by_mx(hosts: Sequence[str]) -> str:
    """Give who runs these mail servers, named in A-labels, the preferred one first; empty for none.

    The first of them that is known counts, so that a filter before the mailboxes is the provider.
    """
    names = [one.rstrip(".").lower() for one in hosts]
    for name in names:
        labels = name.split(".")
        for place in range(len(labels)):
            provider = _SERVERS.get(".".join(labels[place:]))
            if provider is not None:
                return provider
    return _organisation(names[0]) if names else ""


def _organisation(host: str) -> str:
    try:
        return organisational_domain(Domain(host)).ascii
    except InvalidAddress:  # the DNS may hold any name at all
        return host
