"""Every small change of one module, one at a time: each should make a test fail."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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
        self.told: list[tuple[int, str, tuple[int, int] | None]] = []
        self.body: tuple[int, int] | None = None

    def _mine(self, node: ast.AST, told: str) -> bool:
        self.told.append((getattr(node, "lineno", 0), told, self.body))
        return len(self.told) == self.wanted + 1

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
        outside, self.body = self.body, self.body or (node.body[0].lineno, node.end_lineno or 0)
        node.body = self._body(node.body)
        self.body = outside
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one module: where it is, and the body of the function around it, if there is one."""

    module: str
    path: Path
    number: int
    line: int
    told: str
    body: tuple[int, int] | None

    def tree(self) -> ast.Module:
        """Give the changed module."""
        tree = Mutator(self.number).visit(ast.parse(self.path.read_text()))
        assert isinstance(tree, ast.Module)
        return tree


def changes(module: str, path: Path) -> Iterator[Change]:
    """Give every change of the module at ``path``."""
    counter = Mutator()
    counter.visit(ast.parse(path.read_text()))
    for number, (line, told, body) in enumerate(counter.told):
        yield Change(module=module, path=path, number=number, line=line, told=told, body=body)
