"""Free-mail domains: where anybody gets a mailbox, so that no customer can own them (M5).

Our own list, by the providers' brands and countries, compared on 2026-11-21 with
https://github.com/jgillich/free-email-domains (MIT). It holds the providers that one meets, not all
there are: that a domain is missing here does not prove that it is a customer's. Brands with a domain
for each country are written as the brand and its endings.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mailsend.model.domain import Domain

__all__ = ["AS_OF", "is_freemail"]

AS_OF: Final = "2026-11-21"

_BY_BRAND: Final[Mapping[str, str]] = {
    "yahoo": """com de fr it es ie dk se no fi gr nl pl ro at ca in cn ru
        co.uk co.in co.id co.jp co.kr co.nz co.th co.za
        com.ar com.au com.br com.cn com.co com.hk com.mx com.my com.pe com.ph com.sg com.tr com.tw
        com.ve com.vn""",
    "ymail": "com",
    "rocketmail": "com",
    "hotmail": """com de fr it es ch at be nl dk se no fi gr hu cz sk ca cl lt lv ru kz
        co.uk co.il co.id co.in co.jp co.kr co.nz co.th co.za
        com.ar com.au com.br com.hk com.mx com.my com.ph com.sg com.tr com.tw com.vn""",
    "outlook": """com de fr it es at be cl cz dk hu ie in jp kr lv my ph pt sa sg sk
        co.id co.il co.nz co.th com.ar com.au com.br com.gr com.pe com.tr com.vn""",
    "live": """com de fr it nl at be ca cl cn dk fi hk ie in jp no ru se
        co.kr co.uk co.za com.ar com.au com.mx com.my com.ph com.pt com.sg""",
    "gmx": "de net at ch com fr es it org us co.uk info li biz eu tm",
    "yandex": "ru com by kz ua com.tr com.ge",
    "tutanota": "com de",
    "zipmail": "com com.br",
    "terra": "com com.ar com.br cl",
    "centrum": "cz sk",
    "fastmail": "com fm",
}

_OTHERS: Final = """
    gmail.com googlemail.com
    msn.com passport.com windowslive.com
    aol.com aim.com aol.de aol.fr aol.co.uk netscape.net compuserve.com verizon.net
    icloud.com me.com mac.com
    web.de email.de freenet.de t-online.de arcor.de freemail.de uni.de vodafone.de mail.de
    posteo.de mailbox.org
    bluewin.ch bluemail.ch hispeed.ch swissmail.com swissmail.net sunrise.ch
    a1.net aon.at chello.at
    laposte.net orange.fr wanadoo.fr free.fr sfr.fr neuf.fr bbox.fr caramail.com netcourrier.com
    libero.it virgilio.it tiscali.it alice.it tin.it inwind.it iol.it email.it
    telefonica.net hispavista.com mixmail.com
    sapo.pt aeiou.pt
    btinternet.com sky.com talktalk.net talk21.com virginmedia.com virgin.net ntlworld.com
    tiscali.co.uk blueyonder.co.uk
    eircom.net
    ziggo.nl kpnmail.nl planet.nl home.nl hetnet.nl telenet.be skynet.be
    seznam.cz email.cz post.cz azet.sk post.sk
    wp.pl o2.pl onet.pl interia.pl gazeta.pl poczta.fm tlen.pl
    freemail.hu citromail.hu indamail.hu
    abv.bg mail.bg ukr.net i.ua meta.ua tut.by
    mail.ru bk.ru list.ru inbox.ru internet.ru rambler.ru ya.ru narod.ru
    qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com 189.cn aliyun.com
    naver.com daum.net hanmail.net nate.com
    docomo.ne.jp ezweb.ne.jp softbank.ne.jp excite.co.jp
    rediffmail.com indiatimes.com
    uol.com.br bol.com.br ig.com.br globo.com
    bigpond.com bigpond.net.au optusnet.com.au xtra.co.nz
    comcast.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net juno.com
    netzero.com rogers.com shaw.ca sympatico.ca
    mail.com email.com usa.com post.com consultant.com europe.com inbox.com inbox.lv
    proton.me protonmail.com protonmail.ch pm.me
    tutamail.com tuta.io tuta.com keemail.me
    hushmail.com runbox.com mailfence.com zoho.com zohomail.com zohomail.eu
    duck.com mozmail.com hey.com
"""

_DOMAINS: Final = frozenset(
    [f"{brand}.{ending}" for brand, endings in _BY_BRAND.items() for ending in endings.split()]
    + _OTHERS.split()
)


def is_freemail(domain: Domain) -> bool:
    """Whether ``domain`` is, or lies under, a domain in which anybody gets a mailbox."""
    labels = domain.ascii.split(".")
    return any(".".join(labels[n:]) in _DOMAINS for n in range(len(labels) - 1))
