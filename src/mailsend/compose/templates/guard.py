"""One pass over a template's tree: what loops, joins or nests goes through the limits."""

from __future__ import annotations

from typing import Any, cast

from jinja2 import nodes
from jinja2.exceptions import TemplateSyntaxError
from jinja2.visitor import NodeTransformer

from mailsend.compose.templates.filters import CHARGED, COUNTED, JOINED, SEARCHED, WEIGHED

__all__ = ["guard"]

_LITERALS = (nodes.List, nodes.Tuple, nodes.Dict, nodes.Pair)


def guard(tree: nodes.Template, path: str) -> nodes.Template:
    """Give the tree with its loops counted and what it builds weighed; changes ``tree``.

    Raises TemplateSyntaxError for what no template may do.
    """
    guarded = _Guard(path).visit(tree)
    assert isinstance(guarded, nodes.Template)
    return guarded


def _through(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, name, [], [], None, None, lineno=node.lineno)


def _is_fixed(node: nodes.Node) -> bool:
    if isinstance(node, _LITERALS):
        return all(_is_fixed(child) for child in node.iter_child_nodes())
    return isinstance(node, nodes.Const)


def _bare(node: nodes.Expr) -> nodes.Expr:
    """Give a literal without its weighing, since that of the literal around it covers it."""
    if isinstance(node, nodes.Filter) and node.name == WEIGHED:
        assert node.node is not None
        return node.node
    return node


class _Guard(NodeTransformer):
    def __init__(self, path: str) -> None:
        self._path = path
        self._kept_apart = 0  # depth of parts whose output is gathered before it is written

    def _gathered(self, node: nodes.Node) -> nodes.Node:
        self._kept_apart += 1
        self.generic_visit(node)
        self._kept_apart -= 1
        return node

    visit_Macro = visit_CallBlock = visit_AssignBlock = visit_FilterBlock = _gathered

    def visit_For(self, node: nodes.For) -> nodes.Node:
        if node.recursive:
            self._gathered(node)
        else:
            self.generic_visit(node)
        node.iter = _through(COUNTED, cast("nodes.Expr", node.iter))
        return node

    def visit_Output(self, node: nodes.Output) -> nodes.Node:
        self.generic_visit(node)
        if self._kept_apart:
            node.nodes = [
                one if isinstance(one, nodes.TemplateData) else _through(CHARGED, one) for one in node.nodes
            ]
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:
        self.generic_visit(node)
        values: Any = nodes.List(node.nodes, lineno=node.lineno)
        return _through(JOINED, values)

    def _weighed(self, node: nodes.Expr) -> nodes.Node:
        self.generic_visit(node)
        if _is_fixed(node) or getattr(node, "ctx", "load") != "load":
            return node
        if isinstance(node, nodes.List | nodes.Tuple):
            node.items = [_bare(item) for item in node.items]
        return _through(WEIGHED, node)

    visit_List = visit_Tuple = visit_Dict = _weighed

    def _compared(self, node: nodes.Compare | nodes.Operand) -> nodes.Node:
        self.generic_visit(node)
        looked_into = isinstance(node, nodes.Operand) and node.op in ("in", "notin")
        if not _is_fixed(node.expr):
            node.expr = _through(SEARCHED if looked_into else CHARGED, node.expr)
        return node

    visit_Compare = visit_Operand = _compared

    def _called(self, node: nodes.Call | nodes.Filter | nodes.Test) -> nodes.Node:
        self.generic_visit(node)
        if node.dyn_args is not None:
            node.dyn_args = _through(COUNTED, node.dyn_args)
        return node

    visit_Call = visit_Filter = visit_Test = _called

    def _with_context(self, node: nodes.Import | nodes.FromImport) -> nodes.Node:
        # An import without context is kept between renderings, with all that it remembers.
        self.generic_visit(node)
        node.with_context = True
        return node

    visit_Import = visit_FromImport = _with_context

    def visit_ScopedEvalContextModifier(self, node: nodes.ScopedEvalContextModifier) -> nodes.Node:
        raise TemplateSyntaxError(
            "autoescape may not be switched; mark the one value that is HTML with |safe",
            node.lineno,
            self._path,
        )
