"""Change `decide` in every small way, one at a time; each change should make a test fail.

    python tests/mutation/run.py [MODULE…]      # verdict, sender … ; all of decide without

A change that no test notices is a survivor. The run fails where fewer than 90 % are noticed, and
where a survivor is not listed, with its reason, in survivors.toml beside this file.
"""

from __future__ import annotations

import argparse
import ast
import importlib.abc
import importlib.util
import os
import re
import signal
import sys
import time
import tomllib
import traceback
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
DECIDE = ROOT / "src" / "mailsend" / "decide"
SURVIVORS = Path(__file__).with_name("survivors.toml")
WANTED = 0.90
SECONDS = 90
NOTICED, UNNOTICED, BROKEN = 1, 0, 3

COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}
OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.FloorDiv,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult,
    ast.BitOr: ast.BitAnd,
    ast.BitAnd: ast.BitOr,
}


class Mutator(ast.NodeTransformer):
    """Make the change number ``wanted`` and no other; count all of them on the way."""

    def __init__(self, wanted: int = -1) -> None:
        self.wanted = wanted
        self.seen = 0
        self.told = ""

    def _mine(self, node: ast.AST, told: str) -> bool:
        mine = self.seen == self.wanted
        self.seen += 1
        if mine:
            self.told = f"{getattr(node, 'lineno', 0)}: {told}"
        return mine

    def _changed(self, old: ast.AST, new: ast.AST) -> ast.AST:
        return ast.fix_missing_locations(ast.copy_location(new, old))

    # What has no meaning when the program runs is left alone.
    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_arguments(self, node: ast.arguments) -> ast.AST:
        node.defaults = [self.visit(one) for one in node.defaults]
        node.kw_defaults = [one and self.visit(one) for one in node.kw_defaults]
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.visit_arguments(node.args)
        node.body = self._body(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        node.body = self._body(node.body)
        return node

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = self._body(node.body)
        return node

    def visit_If(self, node: ast.If) -> ast.AST:
        if "TYPE_CHECKING" in ast.unparse(node.test):
            return node
        return self.generic_visit(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.AST:
        return node

    def visit_Raise(self, node: ast.Raise) -> ast.AST:
        return node

    def visit_Assert(self, node: ast.Assert) -> ast.AST:
        return node

    def _body(self, body: list[ast.stmt]) -> list[ast.stmt]:
        changed: list[ast.stmt] = []
        for number, node in enumerate(body):
            string = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            names = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in {"__all__", "__slots__"}
            if (number == 0 and string) or names or isinstance(node, (ast.Import, ast.ImportFrom)):
                changed.append(node)
            else:
                changed.append(self.visit(node))
        return changed

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        self.generic_visit(node)
        other = COMPARISONS.get(type(node.ops[0]))
        if other and len(node.ops) == 1 and self._mine(node, f"{ast.unparse(node)} -> {other.__name__}"):
            return self._changed(node, ast.Compare(node.left, [other()], node.comparators))
        return node

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        if self._mine(node, f"{ast.unparse(node)}: and <-> or"):
            other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
            return self._changed(node, ast.BoolOp(other, node.values))
        for number in range(len(node.values)):
            if self._mine(node, f"{ast.unparse(node)}: without {ast.unparse(node.values[number])}"):
                left = [one for place, one in enumerate(node.values) if place != number]
                return self._changed(node, left[0] if len(left) == 1 else ast.BoolOp(node.op, left))
        return node

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Not) and self._mine(node, f"{ast.unparse(node)}: without not"):
            return node.operand
        return node

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        other = OPERATORS.get(type(node.op))
        if other and self._mine(node, f"{ast.unparse(node)} -> {other.__name__}"):
            return self._changed(node, ast.BinOp(node.left, other(), node.right))
        return node

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        self.generic_visit(node)
        if self._mine(node, f"{ast.unparse(node)}: always the first"):
            return node.body
        if self._mine(node, f"{ast.unparse(node)}: always the second"):
            return node.orelse
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        value = node.value
        if isinstance(value, bool):
            new: object = not value
        elif isinstance(value, (int, float)):
            new = value + 1
        elif isinstance(value, str):
            new = f"{value}~"
        else:
            return node
        if self._mine(node, f"{value!r} -> {new!r}"):
            return self._changed(node, ast.Constant(new))
        return node

    def visit_Return(self, node: ast.Return) -> ast.AST:
        self.generic_visit(node)
        none = node.value is None or (isinstance(node.value, ast.Constant) and node.value.value is None)
        if not none and self._mine(node, f"{ast.unparse(node)[:80]} -> return None"):
            return self._changed(node, ast.Return(ast.Constant(None)))
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.value, ast.Call) and self._mine(node, f"{ast.unparse(node)[:80]}: left out"):
            return self._changed(node, ast.Pass())
        return node

    def visit_Continue(self, node: ast.Continue) -> ast.AST:
        return self._changed(node, ast.Break()) if self._mine(node, "continue -> break") else node

    def visit_Break(self, node: ast.Break) -> ast.AST:
        return self._changed(node, ast.Continue()) if self._mine(node, "break -> continue") else node


def mutants(source: str) -> Iterator[tuple[str, ast.Module]]:
    """Give every change of ``source``: what it is, and the changed module."""
    counter = Mutator()
    counter.visit(ast.parse(source))
    for number in range(counter.seen):
        mutator = Mutator(number)
        tree = mutator.visit(ast.parse(source))
        yield mutator.told, tree


class Planter(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Load a changed module in the place of the real one."""

    def __init__(self, name: str, path: Path, tree: ast.Module | None) -> None:
        self.name, self.path, self.tree = name, path, tree

    def find_spec(self, name: str, path: object, target: object = None) -> object:
        if name != self.name or self.tree is None:
            return None
        package = [str(self.path.parent)] if self.path.name == "__init__.py" else None
        spec = importlib.util.spec_from_loader(
            name, self, origin=str(self.path), is_package=package is not None
        )
        if spec and package:
            spec.submodule_search_locations = package
        return spec

    def exec_module(self, module: object) -> None:
        exec(compile(self.tree, str(self.path), "exec"), module.__dict__)


def tests_of(module: str) -> list[list[str]]:
    """Give the test files in stages: named for the module, naming it, and those further away."""
    files = [*(ROOT / "tests/unit").rglob("test_*.py"), *(ROOT / "tests/properties").rglob("test_*.py")]
    files += (ROOT / "tests/house").glob("test_*words*.py")  # reasons are codes, and codes have words
    top = ".".join(module.split(".")[:3])
    name = top.rpartition(".")[2]
    texts = {str(one): one.read_text() for one in sorted(files)}
    own = [one for one in texts if f"/decide/test_{name}" in one]
    near = [one for one in texts if top in texts[one] and one not in own]
    far = [
        one
        for one, text in texts.items()
        if re.search(r"mailsend\.(decide|prepare)", text) and one not in {*own, *near}
    ]
    return [stage for stage in (own, near, far) if stage] or [[str(ROOT / "tests/unit")]]


def try_one(name: str, path: Path, tree: ast.Module | None, stages: list[list[str]]) -> int:
    """Run the tests on one change, in a child of their own; give how it ended."""
    child = os.fork()
    if child:
        return child
    code = BROKEN
    try:
        signal.alarm(SECONDS)
        null = os.open(os.devnull, os.O_WRONLY)
        if not os.environ.get("MUTATION_SHOWS"):
            os.dup2(null, 1)
            os.dup2(null, 2)
        sys.meta_path.insert(0, Planter(name, path, tree))
        import pytest

        options = ["-x", "-q", "-p", "no:cacheprovider", "--no-header", "--tb=no"]
        # pytest would rewrite, and so load, the modules of a package that brings a plugin.
        options += ["--assert=plain"]
        unnoticed = all(pytest.main([*options, *tests]) == pytest.ExitCode.OK for tests in stages)
        code = UNNOTICED if unnoticed else NOTICED
    except BaseException:  # noqa: BLE001 - a change may break the import itself: that is noticed too
        if os.environ.get("MUTATION_SHOWS"):
            traceback.print_exc()
        code = NOTICED
    finally:
        sys.stdout.flush()
        os._exit(code)


def survivors_of(names: list[str]) -> tuple[int, list[tuple[str, str]]]:
    """Try every change of these modules; give how many there were, and which no test noticed."""
    waiting = []
    for name in names:
        path = DECIDE / f"{name.replace('.', '/')}.py"
        path = path if path.is_file() else path.with_suffix("") / "__init__.py"
        module = f"mailsend.decide.{name}"
        waiting += [(name, module, path, told, tree) for told, tree in mutants(path.read_text())]
    total = len(waiting)
    running: dict[int, tuple[str, str]] = {}
    survived = []
    begun = time.perf_counter()
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            name, module, path, told, tree = waiting.pop()
            running[try_one(module, path, tree, tests_of(module))] = (name, told)
        child, status = os.wait()
        name, told = running.pop(child)
        if os.waitstatus_to_exitcode(status) == UNNOTICED:
            survived.append((name, told))
        done = total - len(waiting) - len(running)
        if done % 50 == 0:
            print(
                f"{done} of {total}, {time.perf_counter() - begun:.0f} s, {len(survived)} survived",
                flush=True,
            )
    return total, sorted(survived)


def main() -> int:
    """Run, list the survivors with their reasons, and say whether that is good enough."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*")
    modules = parser.parse_args().modules or sorted(
        str(path.relative_to(DECIDE).with_suffix("")).replace("/", ".")
        for path in DECIDE.rglob("*.py")
        if path.read_text().count("\n") > 5
    )
    modules = [one.removesuffix(".__init__") for one in modules if one != "__init__"]
    # Loaded once here, inherited by every child; mailsend itself is not, so that each loads it anew.
    sys.path.insert(0, str(ROOT / "src"))
    os.chdir(ROOT)
    import hypothesis
    import pytest

    assert hypothesis
    assert pytest
    for name in modules:
        whole = try_one("", DECIDE, None, tests_of(f"mailsend.decide.{name}"))
        if os.waitstatus_to_exitcode(os.waitpid(whole, 0)[1]) != UNNOTICED:
            print(f"the tests of {name} fail without any change")
            return 1
    total, survived = survivors_of(modules)
    reasons = tomllib.loads(SURVIVORS.read_text()) if SURVIVORS.is_file() else {}
    unexplained = []
    for name, told in survived:
        what = told.partition(": ")[2]
        reason = reasons.get(name, {}).get(what, "")
        print(f"survived: {name}:{told}\n    {reason or 'NO REASON GIVEN'}")
        if not reason:
            unexplained.append(what)
    killed = total - len(survived)
    share = killed / total if total else 0.0
    print(f"mutants: {killed} of {total} noticed ({share:.1%}), {len(survived)} survived")
    return 0 if share >= WANTED and not unexplained else 1


if __name__ == "__main__":
    sys.exit(main())
