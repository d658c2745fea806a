"""Mappings that are part of a value, and values that are made soon."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace
from inspect import signature
from types import MappingProxyType

import pytest

from mailsend.model.frozen import FrozenDict, by_slots

ONE = FrozenDict({"a": 1, "b": [2]})


def _or_in_place(one):
    one |= {"c": 3}


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one.__setitem__("a", 2),
        lambda one: one.__delitem__("a"),
        lambda one: one.pop("a"),
        lambda one: one.popitem(),
        lambda one: one.setdefault("c", 3),
        lambda one: one.update(c=3),
        lambda one: one.clear(),
        _or_in_place,
    ],
)
def test_nothing_changes_it(change):
    """Each way to change a dict raises TypeError and leaves it as it was."""
    with pytest.raises(TypeError, match="cannot be changed"):
        change(ONE)
    assert ONE == {"a": 1, "b": [2]}


def test_it_is_a_mapping_like_others():
    """It equals mappings with the same items, looks like a dict and can be written as JSON."""
    assert isinstance(ONE, Mapping)
    assert MappingProxyType({"a": 1, "b": [2]}) == ONE
    assert ONE != {"a": 1}
    assert (repr(ONE), json.dumps(ONE)) == ("{'a': 1, 'b': [2]}", '{"a": 1, "b": [2]}')
    assert ONE | {"c": 3} == {"a": 1, "b": [2], "c": 3}


@pytest.mark.parametrize(
    "travel",
    [lambda one: pickle.loads(pickle.dumps(one)), copy.copy, copy.deepcopy],
    ids=["pickle", "copy", "deep"],
)
def test_it_travels(travel):
    """Pickled and copied it is equal and as frozen as before."""
    arrived = travel(ONE)

    assert (arrived, type(arrived)) == (ONE, FrozenDict)


@dataclass(frozen=True, slots=True)
class Written:
    """As ``dataclass`` makes it."""

    first: int
    also: list[int] = field(default_factory=list, kw_only=True)
    third: int = field(default=3, kw_only=True)
    second: str = "two"
    reckoned: int = field(init=False, repr=False)

    def __post_init__(self):
        object.__setattr__(self, "reckoned", self.first + self.third)


@by_slots
@dataclass(frozen=True, slots=True)
class Filled(Written):
    """The same, made the other way, with a field more."""

    last: int = field(kw_only=True, default=0)


@pytest.mark.parametrize(
    ("places", "names"),
    [
        ((1,), {}),
        ((1, "b"), {"third": 5}),
        ((), {"first": 1, "also": [4], "second": "c"}),
    ],
)
def test_a_value_made_by_its_slots_is_the_one_that_dataclass_makes(places, names):
    """Every field has the value given, its default, or what its factory and __post_init__ make."""
    made, known = Filled(*places, **names, last=9), Written(*places, **names)

    assert [getattr(made, one) for one in Written.__slots__] == [
        getattr(known, one) for one in Written.__slots__
    ]
    assert made.last == 9
    assert made == replace(made)
    assert copy.deepcopy(made) == made
    assert pickle.loads(pickle.dumps(made)) == made


def test_each_value_made_by_its_slots_has_a_mutable_default_of_its_own():
    """A factory is asked for each value anew."""
    assert Filled(1).also is not Filled(1).also


@pytest.mark.parametrize(("places", "names"), [((), {}), ((1, "b", 3), {}), ((1,), {"fourth": 4})])
def test_what_a_value_made_by_its_slots_does_not_take_is_refused(places, names):
    """Too few, too many and unknown arguments raise TypeError."""
    with pytest.raises(TypeError, match="argument"):
        Filled(*places, **names)


def test_a_value_made_by_its_slots_is_frozen_and_tells_what_it_takes():
    """No field can be set, and the signature names all fields, with those by name alone behind."""
    with pytest.raises(FrozenInstanceError):
        Filled(1).first = 2
    taken = signature(Filled).parameters

    assert list(taken) == ["first", "second", "also", "third", "last"]
    assert [one.kind.name for one in taken.values()] == ["POSITIONAL_OR_KEYWORD"] * 2 + ["KEYWORD_ONLY"] * 3
    assert taken["second"].default == "two"
    assert taken["first"].annotation == "int"
