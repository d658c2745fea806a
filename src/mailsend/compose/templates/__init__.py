"""Templates: sandboxed, strict, in the customer's look; a pure function of files, brand and values."""

from __future__ import annotations

from mailsend.compose.templates.files import StaticLayer, TemplateFiles, TemplateLayer
from mailsend.compose.templates.render import TemplateFile, TemplateInfo, Templates, TemplateSource

__all__ = [
    "StaticLayer",
    "TemplateFile",
    "TemplateFiles",
    "TemplateInfo",
    "TemplateLayer",
    "TemplateSource",
    "Templates",
]
