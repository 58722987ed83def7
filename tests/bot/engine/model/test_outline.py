from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.engine.model import outline
from bot.engine.model.outline import Catch, Guarded, Maybe, Needs, Outline

names = st.text("abc._", min_size=1, max_size=5)
needs = st.builds(Needs, names, st.none() | st.lists(names, max_size=3).map(tuple), st.integers(0, 3), st.integers(1, 99))
failures = st.frozensets(st.sampled_from(["module", "import", "syntax"]))


def several(steps: st.SearchStrategy) -> st.SearchStrategy:
    return st.lists(steps, max_size=3).map(tuple)


steps = st.recursive(
    needs,
    lambda inner: (
        st.builds(Maybe, several(inner))
        | st.builds(Guarded, several(inner), several(st.builds(Catch, failures, st.booleans(), several(inner))), several(inner))
    ),
    max_leaves=8,
)
outlines = st.builds(
    Outline,
    st.frozensets(names),
    st.lists(st.tuples(names, st.integers(0, 3)), max_size=2).map(tuple),
    st.booleans(),
    st.booleans(),
    several(steps),
)


@given(outlines)
def test_an_outline_survives_json(written: Outline):
    assert outline.load(json.loads(json.dumps(outline.dump(written)))) == written


@pytest.mark.parametrize("data", [None, [], {}, "x", [[], [], 0, [["a", 1]]], [[], [], 0, [[[], 3, []]]], [[], [], 0, [7]]])
def test_anything_else_is_refused(data: object):
    with pytest.raises((ValueError, TypeError, IndexError)):
        outline.load(data)
