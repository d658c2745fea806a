"""Reasons in words: one catalogue per language, read from the records that decisions leave.

Readers of a log call ``explain`` with a record of any age; no class is rebuilt for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mailsend.model.decision import DecisionRecord

__all__ = ["LANGUAGES", "advice_in", "catalogue", "explain", "phrase", "why_it_waits"]

LANGUAGES = ("en", "de")


def catalogue(locale: str) -> Mapping[str, str]:
    """Give the catalogue for a locale (``de-CH`` has German words); English for all others."""
    if locale.replace("_", "-").partition("-")[0].lower() == "de":
        from mailsend.model.words.de import WORDS
    else:
        from mailsend.model.words.en import WORDS
    return WORDS


def phrase(key: str, facts: Mapping[str, Any], locale: str = "en") -> str:
    """Give one sentence of the catalogue with these facts in it; the key itself where it has none."""
    words = catalogue(locale)
    return words[key].format_map(_shown(facts)) if key in words else key


def why_it_waits(reason: str, locale: str = "en") -> str:
    """Give what a code means for which a mail, or one of its recipients, waits; empty for any other code."""
    return catalogue(locale).get(f"held.{reason}", "")


def advice_in(reason: str, locale: str) -> str:
    """Give what to do about a verdict's reason; empty in English, which stands in the verdict itself."""
    if locale.replace("_", "-").partition("-")[0].lower() != "de":
        return ""
    from mailsend.model.words.de_advice import ADVICE

    return ADVICE.get(reason, "")


def explain(record: DecisionRecord, locale: str = "en") -> str:
    """Tell one decision, or one refusal, like a person explaining."""
    return " ".join(one for one in _sentences(record, catalogue(locale)) if one)


def _sentences(record: DecisionRecord, words: Mapping[str, str]) -> Iterator[str]:
    step, facts = record["step"], _shown({**record["facts"], "value": record["value"]})
    key = f"{step}.{record['reason']}"
    yield words[key].format_map(facts) if key in words else f"{step}: {record['reason']}."
    name = f"{step}.name.{record['facts'].get('name')}"
    if name in words:
        yield words[name].format_map(facts)
    for over in record["passed_over"]:
        over_facts = _shown({**over["facts"], "candidate": over["candidate"]})
        over_facts["source"] = words.get(f"source.{over['source']}", over["source"])
        why = f"{step}.passed_over.{over['reason']}"
        yield words[why].format_map(over_facts) if why in words else f"{over['candidate']}: {over['reason']}."
    if "aligned" in record["facts"]:
        yield words.get(f"{step}.aligned.{record['facts']['aligned']}", "").format_map(facts)
    for finding in record["facts"].get("findings", ()):
        code, _, detail = finding.partition(":")
        told = words.get(f"{step}.finding.{code}", f"{finding}.")
        yield told.format_map(_Facts({**facts, "detail": detail}))


class _Facts(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "?"


def _shown(facts: Mapping[str, Any]) -> dict[str, str]:
    return _Facts({name: _text(value) for name, value in facts.items()})


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Mapping):
        return ", ".join(f"{name} ({_text(one)})" for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(one) for one in value)
    return str(value)
