"""Mappings that are part of a value."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Mapping
from types import MappingProxyType

import pytest

from mailsend.model.frozen import FrozenDict

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
