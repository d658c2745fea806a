"""Every block of README, docs and docstrings is run or read, and counted.

How a block is treated stands in its language: ``python`` is executed (with ``>>>``: compared;
with ``def test_…``: by pytest),
``console`` is run in bash and its output compared, ``toml`` is read and, where it holds settings,
turned into rules; ``sh`` holds install lines, whose extras and sessions must exist; ``text`` and
``zone`` show something. A ``text`` block under ``<!-- prints -->`` is what the block before it
printed. In what is compared, ``…`` stands for anything. The blocks of a page share one folder, a
copy of ``examples/shop``, and one namespace.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").rglob("*.md")),
]
FENCE = re.compile(
    r"^(?P<indent> *)(?P<ticks>```+)(?P<language>[^\n`]*)\n(?P<body>.*?)^(?P=indent)(?P=ticks) *$",
    re.MULTILINE | re.DOTALL,
)
DIRECTIVE = re.compile(r"\{[\w:-]+\}")
SHOWN = {"text", "zone", "jinja", "html"}


@dataclass
class Block:
    """One fenced block, or one docstring's examples: where it stands and what it says."""

    where: str
    language: str
    body: str
    prints: bool = False

    def __str__(self) -> str:
        return f"{self.where}-{self.language}"


@dataclass
class Page:
    """What the blocks of one page share."""

    folder: Path
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "__main__"})
    printed: str = ""


def _fenced(text: str, name: str, first_line: int = 1) -> Iterator[Block]:
    for found in FENCE.finditer(text):
        language = found["language"].strip()
        if DIRECTIVE.match(language):
            continue
        before = text[: found.start()].rstrip()
        body = re.sub(rf"^{found['indent']}", "", found["body"], flags=re.MULTILINE)
        line = first_line + text.count("\n", 0, found.start())
        yield Block(f"{name}:{line}", language, body, before.endswith("<!-- prints -->"))


def _in_docstrings() -> Iterator[Block]:
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                text = ast.get_docstring(node) or ""
                name = f"{path.relative_to(ROOT)}:{getattr(node, 'name', 'module')}"
                yield from _fenced(text, name)
                if ">>>" in FENCE.sub("", text):
                    yield Block(name, "python", FENCE.sub("", text))


def _blocks() -> list[Block]:
    written = [block for page in PAGES for block in _fenced(page.read_text(), str(page.relative_to(ROOT)))]
    return [*written, *_in_docstrings()]


BLOCKS = _blocks()


def _same(expected: str, printed: str) -> bool:
    """Whether ``printed`` is ``expected``, where ``…`` in it stands for anything."""
    parts = [re.escape(" ".join(part.split())) for part in expected.split("…")]
    return bool(re.fullmatch(".*".join(parts), " ".join(printed.split()), re.DOTALL))


def _compare(expected: str, printed: str, block: Block) -> None:
    assert _same(expected, printed), f"{block.where} says\n{expected}\nbut this was printed:\n{printed}"


def _tests(block: Block, page: Page) -> None:
    (page.folder / "test_page.py").write_text(block.body)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_page.py"],
        cwd=page.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _python(block: Block, page: Page) -> None:
    if re.search(r"^(async )?def test_", block.body, re.MULTILINE):
        _tests(block, page)
        return
    out = io.StringIO()
    with contextlib.chdir(page.folder), contextlib.redirect_stdout(out):
        if ">>>" in block.body:
            case = doctest.DocTestParser().get_doctest(block.body, page.names, block.where, block.where, 0)
            runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
            runner.run(case, clear_globs=False, out=out.write)
            assert not runner.failures, out.getvalue()
            page.names.update(case.globs)
        else:
            exec(compile(block.body, block.where, "exec"), page.names)
    page.printed = out.getvalue()


def _console(block: Block, page: Page) -> None:
    parts = re.split(r"^\$ (.*(?:\\\n.*)*)\n?", block.body, flags=re.MULTILINE)
    assert not parts[0].strip(), f"{block.where}: a console block begins with '$ '"
    for command, expected in zip(parts[1::2], parts[2::2], strict=True):
        done = subprocess.run(
            ["bash", "-c", command],
            cwd=page.folder,
            env={
                **os.environ,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
                "COLUMNS": "100",
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=120,
        )
        page.printed = done.stdout
        assert done.returncode == 0, f"{command}\n{done.stdout}"
        if expected.strip():
            _compare(expected, done.stdout, block)


def _toml(block: Block, page: Page) -> None:
    values = tomllib.loads(block.body)
    settings = values.get("tool", {}).get("mailsend") or (
        values if {"application", "customers"} & set(values) else None
    )
    if settings is None:
        return
    from mailsend.settings import Settings

    whole = (
        tomllib.loads((page.folder / "mailsend.toml").read_text()) if "application" not in settings else {}
    )
    with contextlib.chdir(page.folder):
        page.names["settings"] = Settings.model_validate({**whole, **settings})
    assert page.names["settings"].rules.version


def _sh(block: Block, page: Page) -> None:
    extras = {*PYPROJECT["project"]["optional-dependencies"]}
    menu = (ROOT / "noxfile.py").read_text()
    for named in re.findall(r"pip install '?(?:-e )?'?\.\[([\w,]+)\]", block.body):
        assert set(named.split(",")) <= extras
    for session in re.findall(r"\bnox -s ([\w ]+?)(?:$|&|#|\n)", block.body):
        assert [one for one in session.split() if f"def {one}(" not in menu] == []


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    """The pages begun so far."""
    return {}


@pytest.mark.parametrize("block", BLOCKS, ids=str)
def test_block(block: Block, pages: dict[str, Page], tmp_path_factory: pytest.TempPathFactory) -> None:
    """What is written is true: it runs, it can be read, it prints what it says."""
    name = block.where.rpartition(":")[0]
    if name not in pages:
        folder = tmp_path_factory.mktemp("page") / "shop"
        shutil.copytree(ROOT / "examples" / "shop", folder)
        pages[name] = Page(folder)
    page = pages[name]
    if block.prints:
        _compare(block.body, page.printed, block)
    elif block.language not in SHOWN:
        kinds = {"python": _python, "console": _console, "toml": _toml, "sh": _sh}
        assert block.language in kinds, (
            f"{block.where}: a block says its language: {sorted(kinds)}, {sorted(SHOWN)}"
        )
        kinds[block.language](block, page)


def test_a_page_without_blocks_would_be_seen() -> None:
    """README, docs and docstrings hold blocks that run, so that the count above means something."""
    run = [one for one in BLOCKS if one.language in {"python", "console", "toml"}]

    assert {one.where.split("/")[0].split(":")[0] for one in run} >= {"README.md", "docs"}


def test_a_false_block_is_seen(tmp_path: Path) -> None:
    """A block that prints something else than the page says fails."""
    page = Page(tmp_path)
    block = Block("here:1", "console", "$ echo one\ntwo\n")

    with pytest.raises(AssertionError, match="but this was printed"):
        _console(block, page)


def test_every_link_inside_leads_somewhere() -> None:
    """Each relative link on a page names a file that exists."""
    lost = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", FENCE.sub("", page.read_text()))
        if not (page.parent / target).exists()
    ]

    assert lost == []
