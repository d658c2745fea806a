"""How the files themselves are kept."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

THIS = Path(__file__)
ROOT = THIS.parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
FORBIDDEN_WORDS = {"email", "emails", "delivered", "tenant", "recepient"}
# The settings' own word, the standard library's and a dependency's, and Microsoft's for a directory.
ALLOWED_NAMES = {"support_email", "email_validator", "EmailNotValidError", "email", "tenant"}
EXCUSES = re.compile(r"#\s*(type: ignore|noqa)(?P<codes>(\[[\w, -]+\]|: ?[A-Z0-9, ]+)?)(?P<rest>.*)")


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _definitions(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name that a file gives to something."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno


def _public(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, ast.AST]]:
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            overload = any("overload" in ast.unparse(one) for one in node.decorator_list)
            setter = any(ast.unparse(one).endswith(".setter") for one in node.decorator_list)
            if not node.name.startswith("_") and not overload and not setter:
                yield f"{within}{node.name}", node
                if isinstance(node, ast.ClassDef):
                    yield from _public(node.body, f"{within}{node.name}.")


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_a_file_holds_one_idea(path: Path) -> None:
    """A source file stays within 300 lines."""
    assert len(path.read_text().splitlines()) <= 300


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_what_is_public_says_what_it_gives(path: Path) -> None:
    """Each module and each public class, function, method and property has a docstring."""
    tree = ast.parse(path.read_text())
    silent = [name for name, node in _public(tree.body) if not ast.get_docstring(node)]

    assert ast.get_docstring(tree)
    assert silent == []


@pytest.mark.parametrize("path", SOURCES, ids=_name)
def test_names_speak_the_rfcs(path: Path) -> None:
    """No name says "email" for an address, nor "delivered" for what a server accepted."""
    found = [
        f"{name} (line {line})"
        for name, line in _definitions(ast.parse(path.read_text()))
        if name not in ALLOWED_NAMES
        and FORBIDDEN_WORDS & set(re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower().split("_"))
    ]

    assert found == []


@pytest.mark.parametrize("path", [one for one in (*SOURCES, *TESTS) if one != THIS], ids=_name)
def test_every_excuse_has_its_reason(path: Path) -> None:
    """A ``noqa`` or a ``type: ignore`` names its rule and says why; nothing is left to do."""
    excuses = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        found = EXCUSES.search(line)
        if found and (not found["codes"] or len(found["rest"].strip(" -#")) < 8):
            excuses.append(f"{number}: {line.strip()}")
        if re.search(r"#.*\b(pragma: no (cover|branch)|XXX|TO" r"DO|FIX" r"ME)\b", line):
            excuses.append(f"{number}: {line.strip()}")

    assert excuses == []


@pytest.mark.parametrize("path", [one for one in TESTS if one.name.startswith("test_")], ids=_name)
def test_a_test_says_one_true_sentence(path: Path) -> None:
    """Each test has a docstring that ends as a sentence does."""
    tree = ast.parse(path.read_text())
    silent = [
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        and node.name.startswith("test_")
        and not (ast.get_docstring(node) or "").rstrip("\"'`").endswith(".")
    ]

    assert silent == []


def test_test_files_have_names_of_their_own() -> None:
    """No two test files share a name, and no folder of tests is a package."""
    names = Counter(path.name for path in TESTS if path.name.startswith("test_"))

    assert [name for name, times in names.items() if times > 1] == []
    assert list((ROOT / "tests").rglob("__init__.py")) == []
