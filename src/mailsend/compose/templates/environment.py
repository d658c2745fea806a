"""Jinja2, locked up: strict, sandboxed, escaping, and bounded in all that it does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from jinja2 import StrictUndefined, Template
from jinja2.environment import TemplateModule
from jinja2.exceptions import SecurityError
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, missing

from mailsend.compose.templates.filters import guarded_filters
from mailsend.compose.templates.limits import counted, joined, range_within_limits, searched, spend, weigh
from mailsend.compose.templates.locate import Kind, kind_of
from mailsend.compose.templates.methods import check_method, check_operator

__all__ = ["MailEnvironment", "base_environment"]


class Absent(StrictUndefined):
    """What a template finds where nothing is: any use of it fails and says what is missing."""

    __slots__ = ()

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return self._undefined_hint
        name = ascii(self._undefined_name)
        if self._undefined_obj is missing:
            return f"the variable {name} is missing"
        return f"a value of the kind {type(self._undefined_obj).__name__} has no {name}"


class Notes(Namespace):
    """``namespace()``: writes nothing of what it holds, so that two of them cannot hold each other."""

    def __repr__(self) -> str:
        return "namespace"


class MailTemplate(Template):
    """A template whose outputs are bounded where another imports it, too."""

    def make_module(
        self,
        vars: dict[str, Any] | None = None,
        shared: bool = False,  # noqa: FBT001, FBT002 - Jinja's signature
        locals: Any = None,
    ) -> Any:
        """Give what an import sees, its output bounded as any other."""
        context = self.new_context(vars, shared, locals)
        return TemplateModule(self, context, [joined(self.root_render_func(context))])


_JINJAS_OWN = frozenset({TemplateModule, LoopContext})  # nothing public in them is dangerous


class MailEnvironment(ImmutableSandboxedEnvironment):
    """The sandbox with the limits of a rendering at each door."""

    template_class = MailTemplate
    intercepted_binops = frozenset({"+", "-", "*", "/", "//", "%", "**"})

    @staticmethod
    def concat(pieces: Iterable[str]) -> str:
        """Join an output, up to the size of a part."""
        return joined(pieces)

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Give an attribute or key; of a dict its key first, so that ``invoice.items`` is one."""
        kind = type(obj)
        if kind is dict:
            if attribute in obj:
                return obj[attribute]
        elif kind in _JINJAS_OWN and not attribute.startswith("_"):
            try:
                return getattr(obj, attribute)
            except AttributeError:
                return self.undefined(obj=obj, name=attribute)
        return super().getattr(obj, attribute)

    def call(__self, __context: Context, __obj: Any, *args: Any, **kwargs: Any) -> Any:  # noqa: N805 - as Jinja does: no keyword of a template can collide
        """Call something for a template, paid for."""
        spend(steps=1)
        if isinstance(__obj, Macro):
            if __obj.catch_varargs or __obj.catch_kwargs:
                weigh((args, kwargs))
            kwargs.pop("_loop_vars", None)  # as Context.call does, on a longer way
            kwargs.pop("_block_vars", None)
            return __obj(__context.eval_ctx, *args, **kwargs)
        if isinstance(__obj, LoopContext) and args:
            return __context.call(__obj, counted(args[0]), *args[1:], **kwargs)
        check_method(__obj, args, kwargs)
        return super().call(__context, __obj, *args, **kwargs)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Do ``left operator right``, unless the result would be large."""
        check_operator(operator, left, right)
        return super().call_binop(context, operator, left, right)

    def wrap_str_format(self, value: Any) -> Any:
        """Give ``str.format`` in the sandbox, with its widths checked."""
        safe = super().wrap_str_format(value)
        if safe is None:
            return None

        def run(*args: Any, **kwargs: Any) -> str:
            check_method(value, args, kwargs)
            made: str = safe(*args, **kwargs)
            return made

        return run

    def join_path(self, template: str, parent: str) -> str:
        """Refuse that HTML takes in plain text: what it says would count as escaped."""
        spend(steps=1)  # asked each time that one file takes in another
        if kind_of(parent) is Kind.HTML and kind_of(template) is Kind.TEXT:
            raise SecurityError(f"an HTML file may not take in {template!r}, which is plain text")
        return template


def _weighed_dict(*pairs: Any, **values: Any) -> dict[Any, Any]:
    made = dict(*(one if isinstance(one, dict) else counted(one) for one in pairs), **values)
    weigh(made)
    return made


def _is_in(value: Any, items: Any) -> bool:
    return value in searched(items)


def _autoescape(path: str | None) -> bool:
    return path is None or kind_of(path).escapes


def base_environment() -> MailEnvironment:
    """Give a new environment without templates; those with templates overlay it."""
    environment = MailEnvironment(
        undefined=Absent, autoescape=_autoescape, trim_blocks=True, lstrip_blocks=True, auto_reload=False
    )
    environment.filters = guarded_filters()
    environment.tests = {**environment.tests, "in": _is_in}
    del environment.globals["lipsum"]
    environment.globals |= {"dict": _weighed_dict, "namespace": Notes, "range": range_within_limits}
    return environment
