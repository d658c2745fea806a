"""Settings: what an application configures, checked, and told where each value came from."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any, final

from mailsend.model.rules import Rules
from mailsend.model.rules_reader import read_rules
from mailsend.settings.finding import Finding
from mailsend.settings.keys import check_keys
from mailsend.settings.loading import Loaded, file_to_read, load_file, load_mapping
from mailsend.settings.provenance import Provenance, provenance_of
from mailsend.settings.saying import said_by
from mailsend.settings.traits import traits_of_presets
from mailsend.settings.worth_a_look import worth_a_look

__all__ = ["Settings"]


@final
class Settings:
    """The settings of an application, checked when they are read.

    ``Settings()`` takes keywords (``application=``, ``customers=``) before the environment
    (``MAILSEND_…``), secret files and the file: the one that MAILSEND_CONFIG names, else
    ``mailsend.toml`` or ``[tool.mailsend]`` of ``pyproject.toml`` in the current folder. Raises
    InvalidSettings that names every key that is wrong. Its repr shows no value.
    """

    __slots__ = ("_file", "_findings", "_provenance", "_rules")

    def __init__(self, *, _loaded: Loaded | None = None, **keywords: Any) -> None:
        loaded = _loaded or load_file(file_to_read(), keywords)
        named = said_by(loaded.data, loaded.layers)
        self._rules = read_rules(loaded.data, said_by=named)
        self._findings = (*loaded.findings, *check_keys(self._rules, named), *worth_a_look(self._rules))
        self._provenance = (*provenance_of(loaded.data, loaded.layers), *traits_of_presets(self._rules))
        self._file = loaded.file

    @classmethod
    def load(cls, path: str | PathLike[str], **keywords: Any) -> Settings:
        """Read the file ``path``; keywords, environment and secret files go before it.

        Relative paths in it count from its folder. Raises InvalidSettings.
        """
        return cls(_loaded=load_file(Path(path), keywords))

    @classmethod
    def model_validate(cls, data: Mapping[str, Any]) -> Settings:
        """Read a mapping in the TOML's shape, and that alone: no environment, no settings file.

        Relative paths in it count from the current folder. Raises InvalidSettings.
        """
        return cls(_loaded=load_mapping(data))

    @property
    def rules(self) -> Rules:
        """The settings as rules."""
        return self._rules

    @property
    def file(self) -> Path | None:
        """The settings file that was read, if any."""
        return self._file

    def provenance(self) -> tuple[Provenance, ...]:
        """Give every setting that was made, where it came from, and its value or ``***``."""
        return self._provenance

    def findings(self) -> tuple[Finding, ...]:
        """Give what is allowed and yet worth a look."""
        return self._findings

    def __repr__(self) -> str:
        return "<Settings>"
