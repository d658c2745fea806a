"""Encoded words in names (RFC 2047)."""

from __future__ import annotations

import pytest

from mailsend.model.encoded_words import decode_words


@pytest.mark.parametrize(
    ("text", "readable"),
    [
        ("Ann", "Ann"),
        ("=?utf-8?Q?Zo=C3=AB_M?=", "Zoë M"),
        ("=?UTF-8?B?Wm/Dqw==?=", "Zoë"),
        ("=?UTF-8?B?Wm/Dqw?=", "Zoë"),
        ("=?utf-8*de?q?Zo=c3=ab?=", "Zoë"),
        ("=?iso-8859-1?q?Zo=EB?= Meier", "Zoë Meier"),
        ("=?utf-8?q?a?= =?utf-8?q?b?=", "ab"),
        ("=?utf-8?q?a?= b =?utf-8?q?c?=", "a b c"),
        ("=?utf-8?q?=C3?= =?utf-8?q?=AB?=", "ë"),
        ("=?iso-8859-1?q?=EB?= =?utf-8?b?w6s=?=", "ëë"),
        ("=?iso-2022-jp?b?GyRCRnxLXBsoQg==?=", "日本"),
    ],
)
def test_encoded_words_are_decoded(text: str, readable: str) -> None:
    """Neighbours are joined, a character split over two of them too."""
    assert decode_words(text) == readable


@pytest.mark.parametrize(
    "text",
    [
        "=?utf-8?q?=FF?=",
        "=?utf-8?b?!!!!?=",
        "=?utf-8?q?é?=",
        "=?unicode_escape?q?=5Cx41?=",
        "=?iso-8859-99?q?a?=",
        "=?utf-8?q?=C3?= =?iso-8859-1?q?a?=",
        "=?utf-8?x?a?=",
        "x=?utf-8?q?a?=",
        "=?utf-8?q?a?=x",
    ],
)
def test_what_cannot_be_decoded_stays_as_it_is(text: str) -> None:
    """Broken octets, unknown or odd character sets and half words are shown as they were written."""
    assert decode_words(text) == text
