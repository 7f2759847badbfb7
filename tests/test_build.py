"""A part is what its settings say, or the sentence says which of them it cannot be made of."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import pytest
import torch

from tracknet.build import build, build_all, check_parts
from tracknet.errors import InputError
from tracknet.types import FeatureInfo
from tracknet.values import Count, Share


@runtime_checkable
class Named(Protocol):
    name: str


@dataclass
class Leaf:
    """The innermost part."""

    name: str
    share: Share = 0.5

    def __post_init__(self) -> None:
        if self.name == "bad":
            raise ValueError("no leaf is bad")


@dataclass
class Tree:
    """A part of parts."""

    leaves: Sequence[Named]
    size: tuple[int, int] = (1, 2)
    root: str | Path = "."
    top: Leaf | None = None
    tensor: torch.Tensor | float = 1.0


def tree(features: FeatureInfo, count: Count = 1):
    return features, count


HERE = f"{__name__}."
LEAF = {"_target_": f"{HERE}Leaf", "name": "a"}
TREE = {"_target_": f"{HERE}Tree", "leaves": [LEAF, {**LEAF, "share": 1}], "size": [3, 4]}


def test_parts_within_a_part_are_built_first():
    made = build({"outer": {"tree": TREE}}, "outer.tree")
    assert made == Tree([Leaf("a"), Leaf("a", 1)], [3, 4])


def test_what_is_left_out_is_none():
    assert build({}, "tree") is build({"tree": None}, "tree") is build({"tree": {}}, "tree") is None
    assert build({}, "outer.tree") is build({"outer": None}, "outer.tree") is None
    assert build_all({"all": {"a": None, "b": LEAF}}, "all") == [Leaf("a")]
    assert build_all({}, "all") == []


def test_what_the_code_gives_arrives_as_it_is():
    features = FeatureInfo("tokens", (8,), (16,))
    config = {"_target_": f"{HERE}tree", "count": 3}
    assert build({"part": config}, "part", features=features) == (features, 3)
    assert build({"part": config}, "part", features)[0] is features
    assert build({"part": {**config, "_partial_": True}}, "part")(features) == (features, 3)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"size": [1]}, "part.size=[1]: expected a list of 2, each a whole number"),
        ({"size": [1, True]}, "part.size=[1, true]: expected a list of 2, each a whole number"),
        ({"root": 7}, "part.root=7: expected text; put it in quotes: part.root=\"'7'\""),
        ({"top": {"name": "a"}}, 'part.top={"name": "a"}: expected a part, Leaf, or null'),
        ({"tensor": "a"}, "part.tensor=a: expected a number"),
        ({"leaves": 7}, "part.leaves=7: expected a list, each a part, Named"),
        ({"top": {**LEAF, "share": 2}}, "part.top.share=2: expected a number from 0 to 1"),
        ({"leaves": [{**LEAF, "share": "a"}]}, "part.leaves.0.share=a: expected a number from 0 to "
            "1"),
        ({"top": {**LEAF, "nam": "b"}}, "part.top.nam: Leaf has no such setting, but name, share; "
            "did you mean name?"),
        ({"top": {"_target_": f"{HERE}Leaf"}}, "part.top.name: missing; add part.top.name=<value>"),
        ({"top": {**LEAF, "name": "bad"}}, "part.top: no leaf is bad"),
        ({"_target_": "torch.nn.Banana"}, "part._target_=torch.nn.Banana: no class or function of "
            "that name can be used"),
        ({"_partial_": "yes"}, "part._partial_=yes: expected true or false"),
        ({"size": 1, "root": None}, "part.size=1: expected a list of 2, each a whole number; "
            "part.root=null: expected text"),
    ],
)  # fmt: skip
def test_the_sentence_names_the_key(changed, said):
    with pytest.raises(InputError) as refused:
        build({"part": {**TREE, **changed}}, "part")
    assert str(refused.value) == said


def test_what_the_code_gives_cannot_be_set():
    with pytest.raises(InputError, match=r"part\.count: is given by the code"):
        build({"part": {"_target_": f"{HERE}tree", "count": 3}}, "part", count=1, features=None)


def test_all_parts_are_checked_without_building_one():
    leaf = {"_target_": f"{HERE}Leaf", "name": "bad"}  # which it would refuse itself
    check_parts({"a": {"b": [leaf]}, "part": {"_target_": f"{HERE}tree"}})
    with pytest.raises(InputError, match=r"a\.b\.0\.share=2: expected"):
        check_parts({"a": {"b": [{**leaf, "share": 2}]}})
    check_parts({"a": {"b": [{**leaf, "share": 2}]}}, known=["a.b.0.share"])
