"""What the log says in words: how figures are computed, and what a case file tells."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["log_words", "say"]


def log_words(locale: str) -> Mapping[str, str]:
    """Give the log's words for a locale (``de-CH`` has German words); English for all others."""
    if locale.replace("_", "-").partition("-")[0].lower() == "de":
        from mailsend.model.words.de_log import LOG_WORDS
    else:
        from mailsend.model.words.en_log import LOG_WORDS
    return LOG_WORDS


def say(key: str, locale: str = "en", **facts: object) -> str:
    """Give one sentence with these facts in it."""
    return log_words(locale)[key].format_map(facts)
