"""The templates of a scope: its own folders first, then those of the scopes around it (H4)."""

from __future__ import annotations

from functools import lru_cache

from mailsend.compose.templates import TemplateLayer, Templates
from mailsend.mailer.template_files import FolderLayer, shipped_layer
from mailsend.model.rules import Scope

__all__ = ["templates_for"]


def templates_for(scope: Scope) -> Templates:
    """Give the templates that a mail of this scope is made from, in its branding."""
    folders = (_folder(path, name) for name, level in scope.levels for path in level.template_dirs)
    layers: tuple[TemplateLayer, ...] = (*folders, shipped_layer())
    return Templates(layers=layers, branding=scope.branding)


@lru_cache(maxsize=1024)
def _folder(path: str, level: str) -> FolderLayer:
    """Keep one layer per folder, since it remembers what it has read."""
    return FolderLayer(path, name=f"{level} ({path})")
