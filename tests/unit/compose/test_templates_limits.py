"""Hostile templates and values: everything they may do is bounded, and told."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction

import pytest

from mailsend.compose.templates import StaticLayer, Templates
from mailsend.errors import TemplateError
from mailsend.model.rules import Branding

NOW = datetime(2026, 5, 4, tzinfo=UTC)
TURNS = "it takes more than 100000 turns of loops and calls"
LARGE = "what it builds is larger than 5000000 characters"
WIDE = "it asks for a width above 1000 columns"
NUMBER = "a number grows too large"


def render(body: str, values=None, **files: str) -> str:
    layer = StaticLayer.of(
        "own",
        {
            "t/subject.txt.j2": "s",
            "t/body.txt.j2": body,
            "t/half.txt.j2": "{% include 't/quarter.txt.j2' %}" * 60,
            "t/quarter.txt.j2": "{% include 't/eighth.txt.j2' %}" * 60,
            "t/eighth.txt.j2": "{% include 't/end.txt.j2' %}" * 60,
            "t/end.txt.j2": "",
        },
    )
    content = Templates(layers=(layer,), branding=Branding()).render(
        "t", values or {}, locale="", sender="", now=NOW
    )
    assert content.text is not None
    return content.text


def forever():
    while True:
        yield "x"


class Endless:
    def __iter__(self):
        return forever()


GREEDY = [
    # loops and calls
    ("{% for x in range(99999) %}{% for y in range(99999) %}{% endfor %}{% endfor %}", TURNS),
    ("{% for x in e %}{% endfor %}", TURNS),
    ("{% for x in e if x == 'y' %}{% endfor %}", TURNS),
    ("{% for x in e %}{{ loop.index }}{% endfor %}", TURNS),
    ("{% for x in [1] recursive %}{% if loop.depth < 2 %}{{ loop(e) }}{% endif %}{% endfor %}", TURNS),
    ("{% for x in [1, 1] recursive %}{{ loop([1, 1]) }}{% endfor %}", "it takes in itself"),
    ("{{ e|list|length }}", TURNS),
    ("{{ e|join }}", TURNS),
    ("{{ e|map('upper')|join }}", TURNS),
    ("{{ e|batch(3)|list }}", TURNS),
    ("{{ e|map('length')|sum }}", TURNS),
    ("{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(60) }}", TURNS),
    ("{% include 't/half.txt.j2' %}", TURNS),
    ("{% for x in range(99) %}{% for x in big %}{{ x|upper }}{% endfor %}{% endfor %}", TURNS),
    ("{{ cycler(*e) }}", TURNS),
    ("{{ '%s'|format(*e) }}", TURNS),
    ("{{ 1 is in(e) }}{{ 'y' is in e }}", TURNS),
    ("{{ 'y' in e }}", TURNS),
    ("{{ dict(pairs) }}", TURNS),
    ("{{ e|tojson }}", "TypeError was raised"),
    ("{{ set.union(e) }}", "union() takes a list here, not something to read for ever"),
    ("{% for x in range(10 ** 9) %}{% endfor %}", TURNS),
    ("{% for x in range(10 ** 30) %}{% endfor %}", TURNS),
    ("{% for x in numbers %}{% endfor %}", TURNS),
    ("{{ 'y' in numbers }}", TURNS),
    ("{% for x in range(9999) %}{{ 'y' in range(99999) }}{% endfor %}", LARGE),
    # texts
    ("{{ 'a' * 10 ** 8 }}", LARGE),
    ("{{ 9999999 * 'ab' }}", LARGE),
    ("{{ [1, 2] * 9999999 }}", LARGE),
    ("{{ '' * 99999999 }}", LARGE),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = n.s + n.s %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s %}{{ n.s }}{{ n.s }}{% endset %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = n.s|replace('a', 'aa') %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = n.s.replace('a', 'aa') %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = '%s%s'|format(n.s, n.s) %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = '%s%s' % (n.s, n.s) %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = '{0}{0}'.format(n.s) %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(s='aaaaaaaa') %}{% for x in range(40) %}{% set n.s = n.s.join(['', '', '', '']) %}{% endfor %}",
        LARGE,
    ),
    ("{% for x in range(90000) %}{{ text }}{% endfor %}", LARGE),
    ("{% macro m() %}{% for x in range(90000) %}{{ text }}{% endfor %}{% endmacro %}{{ m() }}", LARGE),
    ("{% macro m() %}{% for x in range(90000) %}{{ [text] * 9 }}{% endfor %}{% endmacro %}{{ m() }}", LARGE),
    ("{% for x in range(99) %}{% set y = text|upper|lower|upper|lower|upper %}{% endfor %}", LARGE),
    ("{% for x in range(9999) %}{% if 'y' in text %}{% endif %}{% endfor %}", LARGE),
    ("{{ [text, text, text]|join(text) }}{{ ([text] * 6)|join }}", LARGE),
    ("{{ objects|join(attribute='text') }}", LARGE),
    ("{% for x in range(99) %}{{ text.split('x')|length }}{% endfor %}", LARGE),
    # lists in lists
    ("{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = [n.l, n.l] %}{% endfor %}", LARGE),
    ("{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = (n.l, [n.l]) %}{% endfor %}", LARGE),
    (
        "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = n.l + [n.l] + n.l %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = {'a': n.l, 'b': n.l} %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = dict(a=n.l, b=n.l) %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = ['', '']|map('default', n.l, true)|list %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% for x in range(60) %}{% set n.l = [1]|batch(3, n.l)|list %}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% macro m() %}{% set n.l = varargs %}{% endmacro %}{% for x in range(60) %}{{ m(n.l, n.l) }}{% endfor %}",
        LARGE,
    ),
    (
        "{% set n = namespace(l=[1]) %}{% macro m() %}{% set n.l = kwargs %}{% endmacro %}{% for x in range(60) %}{{ m(a=n.l, b=n.l) }}{% endfor %}",
        LARGE,
    ),
    # long words
    ("{{ ('a' * 2000000)|wordwrap(1) }}", LARGE),
    ("{{ ('a' * 2000000)|wordwrap(0) }}", LARGE),
    ("{{ ('a\u00a0' * 1000000)|wordwrap }}", LARGE),
    # widths
    ("{{ 'a'|center(100000000) }}", WIDE),
    ("{{ 'a'.ljust(100000000) }}", WIDE),
    ("{{ b.zfill(100000000) }}", WIDE),
    ("{{ 'a\\tb'.expandtabs(100000000) }}", WIDE),
    ("{{ 'a'|indent(100000000) }}", WIDE),
    ("{{ 'a'|indent(text) }}", WIDE),
    ("{{ [1]|batch(100000000, 1)|list }}", WIDE),
    ("{{ [1]|slice(100000000)|list }}", WIDE),
    ("{{ 1|round(100000000) }}", WIDE),
    ("{{ 'a b'|wordwrap(1, wrapstring=text) }}", WIDE),
    ("{{ '%100000000d'|format(1) }}", WIDE),
    ("{{ '%100000000d' % 1 }}", WIDE),
    ("{{ '%.100000000f' % 1 }}", WIDE),
    ("{{ '%*d' % (100000000, 1) }}", WIDE),
    ("{{ '{:100000000}'.format(1) }}", WIDE),
    ("{{ '{:{}}'.format(1, 100000000) }}", WIDE),
    ("{{ '{a:100000000}'.format_map({'a': 1}) }}", WIDE),
    ("{{ now.strftime('%100000000Y') }}", WIDE),
    # numbers
    ("{{ 10 ** (10 ** 10) }}", NUMBER),
    ("{{ 2 ** -10000000 }}", NUMBER),
    ("{{ fraction ** 100000 }}", NUMBER),
    ("{% set n = namespace(i=9) %}{% for x in range(40) %}{% set n.i = n.i * n.i %}{% endfor %}", NUMBER),
    ("{{ ('f' * 3000000)|int(0, 16) }}", NUMBER),
    ("{{ long|int }}", NUMBER),
    ("{{ (b * 101)|int }}", NUMBER),
    ("{{ decimal|int }}", NUMBER),
    ("{{ large - 1 }}", NUMBER),
    ("{{ 1 / large }}", NUMBER),
    ("{{ large // 3 }}", NUMBER),
    ("{{ large % 3 }}", NUMBER),
    ("{{ large + 1 }}", NUMBER),
    (
        "{% set n = namespace(f=fraction) %}{% for x in range(40) %}{% set n.f = n.f * n.f %}{% endfor %}",
        NUMBER,
    ),
    (
        "{% set n = namespace(f=fraction) %}{% for x in range(1, 9999) %}{% set n.f = n.f + fraction / x %}{% endfor %}",
        NUMBER,
    ),
    # doors that stay shut
    ("{{ ('é' * 100000).encode('punycode') }}", "encode() of a text may not be called in a template"),
    (
        "{{ 1.to_bytes(100000000) }}{{ number.to_bytes(100000000) }}",
        "to_bytes() may not be called in a template",
    ),
    ("{{ {}.fromkeys(big) }}", "fromkeys() may not be called in a template"),
    ("{{ now.now() }}", "now() may not be called in a template"),
    ("{{ 'a'.translate({97: text}) }}", "translate() of a text may not be called in a template"),
    ("{{ b % 1 }}", "bytes may not be formatted in a template"),
    ("{{ ','.join(e) }}", "join() of a text takes a list; the filter 'join' takes anything"),
    ("{{ [[1]]|sum(start=[]) }}", "the filter 'sum' adds numbers only"),
    ("{{ big|tojson(4) }}", "TypeError was raised"),
    ("{{ text|pprint }}", "No filter named 'pprint'."),
]


@pytest.mark.parametrize(("body", "why"), GREEDY)
def test_greed_is_refused(body, why):
    """A template that would take much time or memory is stopped, whatever it tries."""

    class Object:
        text = "x" * 1_000_000

    values = {
        "e": Endless(),
        "pairs": (("k", x) for x in forever()),
        "big": ["a"] * 5000,
        "text": "x" * 1_000_000,
        "b": b"7",
        "number": 7,
        "numbers": range(10**30),
        "large": 1 << 4096,
        "long": "1" * 101,
        "decimal": Decimal("1e999999999"),
        "set": {1},
        "fraction": Fraction(1, 3),
        "objects": [Object()] * 6,
    }
    with pytest.raises(TemplateError) as caught:
        render(body, values)
    assert why in str(caught.value)
    assert caught.value.advice


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ("{% for x in [1, 2] %}{{ x }}{% else %}-{% endfor %}", "12"),
        ("{% for x in t recursive %}{{ x.n }}{{ loop(x.c) }}{% endfor %}", "123"),
        ("{% for a, b in {'x': 1}.items() %}{{ a }}{{ b }}{{ loop.last }}{% endfor %}", "x1True"),
        ("{{ loop is defined }}{% for x in e %}{% if loop.index == 3 %}{{ x }}{% endif %}{% endfor %}", None),
        ("{{ [3, 1, 2]|sort|join('-') }} {{ ['a', 'b']|map('upper')|join }}", "1-2-3 AB"),
        ("{{ t|join('+', attribute='n') }} {{ t|sum('n') }} {{ [1]|sum(start=2) }}", "1 1 3"),
        (
            "{{ 'a' ~ 1 ~ none }} {{ 'a' + 'b' }} {{ [1] + [2] }} {{ 2 * 'ab' }} {{ 'ab' * -1 }}|",
            "a1None ab [1, 2] abab |",
        ),
        (
            "{{ 2 ** 10 }} {{ 7 % 4 }} {{ 1.5 * 2 }} {{ 3 * 4 }} {{ d * d }} {{ d ** 2 }} {{ 2.0 ** 3 }}",
            "1024 3 3.0 12 2.25 2.25 8.0",
        ),
        (
            "{{ 7 // 2 }} {{ 7 / 2 }} {{ 7 - 2 }} {{ d - 1 }} {{ q * 3 + q ** 2 }} {{ d|int }}",
            "3 3.5 5 0.5 10/9 1",
        ),
        (
            "{{ '7f'|int(0, 16) }} {{ 'x'|int(5) }} {{ 2.9|int }}",
            "127 5 2",
        ),
        (
            "{{ '%5d|' % 7 }}{{ '%-5s|' % 'a' }}{{ '%(x)s' % {'x': 1} }}{{ '%s-%s'|format(1, 2) }}",
            "    7|a    |11-2",
        ),
        (
            "{{ 'a'.ljust(3) }}|{{ 'a'.upper() }}|{{ ','.join(['a', 'b']) }}|{{ 'aa'.replace('a', 'b') }}",
            "a  |A|a,b|bb",
        ),
        (
            "{{ '{:>4}'.format(1) }}|{{ '{{{a}}}'.format(a=2) }}|{{ '{a}'.format_map({'a': 3}) }}|{{ 'x'.format() }}",
            "   1|{2}|3|x",
        ),
        (
            "{{ now.strftime('%Y') }} {{ [1, 1].count(1) }} {{ b.upper().decode is defined }} {{ 'a\\tb'.expandtabs(2) }}",
            "2026 2 True a b",
        ),
        (
            "{{ {'a': [1]}|tojson }} {{ 'a\\nb'|indent(2) }} {{ 'a b'|wordwrap(1) }} {{ 'a\\nb'|indent('>') }}",
            '{"a": [1]} a\n  b a\nb a\n>b',
        ),
        ("{{ 1 in [1, x] }} {{ 'a' not in 'b' }} {{ 1 < 2 }} {{ x == 'x' }}", "True True True True"),
        (
            "{% set n = namespace(a=1) %}{{ n.a }}{{ n }} {{ dict(a=1).a }} {% set a, b = 1, x %}{{ b }}",
            "1namespace 1 x",
        ),
        (
            "{% macro m(a) %}{{ a }}{{ varargs|length }}{{ caller() }}{% endmacro %}{% call m(1, 2) %}c{% endcall %}",
            "11c",
        ),
        ("{% filter upper %}a{{ x }}{% endfilter %}{{ x|default('y') }}{{ none|default(x, true) }}", "AXxx"),
        (
            "{{ range(3)|list }} {{ 'y' in range(3) }} {{ 'k' in {'k': x}.keys() }} {{ 'aaaa bb'|wordwrap(2) }}",
            "[0, 1, 2] False True aa\naa\nbb",
        ),
        ("{{ f(2) }} {{ f(x=3) }} {{ o.m() }} {{ o.p }} {{ cycler(1, 2).next() }}", "2 3 m p 1"),
        (
            "{{ 'ab'.upper().hex is defined }}{{ [1, 2]|first }}{{ {'b': 1}|dictsort }}{{ 'x'|string|upper }}",
            "False1[('b', 1)]X",
        ),
        (
            "{{ 'a,b'|replace(',', ';') }}{{ 'abc'|truncate(3) }}{{ 1.25|round(1) }}{{ [1, 2, 3]|batch(2)|list }}",
            "a;babc1.2[[1, 2], [3]]",
        ),
        (
            "{% macro m(l) %}{{ l }}{% endmacro %}{{ m([1, x]) }} {{ 1 in range(3) }} {{ s * 2 }} {{ s % 2 }}",
            "[1, 'x'] True m %",
        ),
        ("{{ [1, [2, {'a': x}]]|string }} {{ ('a', x)|join }} {{ s + s }}", "[1, [2, {'a': 'x'}]] ax s"),
    ],
)
def test_honest_templates_are_not_disturbed(body, made):
    """Whatever is small gives what Jinja gives."""

    class Own:
        p = "p"

        def m(self):
            return "m"

    class Sum:
        def __add__(self, other):
            return "s"

        def __mul__(self, other):
            return "m"

        def __mod__(self, other):
            return "%"

    values = {
        "t": [{"n": 1, "c": [{"n": 2, "c": []}, {"n": 3, "c": []}]}],
        "e": iter("abc"),
        "d": Decimal("1.5"),
        "q": Fraction(1, 3),
        "x": "x",
        "b": b"b",
        "f": lambda x: x,
        "o": Own(),
        "s": Sum(),
    }
    assert render(body, values) == ("Falsec" if made is None else made)


def test_limits_are_for_each_mail_anew():
    """What one mail used up is not taken from the next, and a mail within a mail has its own."""
    body = "{% for x in range(90000) %}{% endfor %}{{ inner() if inner else '' }}"
    assert [render(body, {"inner": None}) for _ in range(2)] == ["", ""]
    assert render(body, {"inner": lambda: render(body, {"inner": None}) + "ok"}) == "ok"
