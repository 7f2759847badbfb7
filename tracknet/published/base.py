"""What is known of a published network."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

Value = TypeVar("Value")


@dataclass(frozen=True)
class Published:
    """A published network, as the experiment of its name builds it.

    Attributes:
        entry: Of a checkpoint's entries the one with the weights.
        modules: Every module that has weights, by its published name -> by ours.
        network: What a checkpoint's weights need beside the experiment, as dotted settings.
        settings: A checkpoint's other entries -> further ones; raises `InputError` where they are
            of a network that is not built here.
    """

    entry: str
    modules: Mapping[str, str]
    network: Mapping[str, Any] = field(default_factory=dict)
    settings: Callable[[Mapping[str, Any]], Mapping[str, Any]] = lambda _: {}

    def to_ours(self, state: Mapping[str, Value]) -> dict[str, Value]:
        """A published state with our names; a key that has none keeps its own."""
        return _renamed(state, self.modules)

    def to_published(self, state: Mapping[str, Value]) -> dict[str, Value]:
        """A state of ours with the published names."""
        return _renamed(state, {ours: theirs for theirs, ours in self.modules.items()})


def blocks(
    blocks: Iterable[tuple[str, str, int]],
    conv: Callable[[int], str],
    norm: Callable[[int], str],
    ours: tuple[int, int],
) -> Iterator[tuple[str, str]]:
    """The modules of blocks of convolutions and norms.

    Args:
        blocks: Published name, our name, and how many units of a convolution and a norm it has.
        conv: Number of a unit, from 0 -> published name of its convolution within the block.
        norm: The same of its norm.
        ours: The places of convolution and norm in a unit of ours.
    """
    for theirs, own, count in blocks:
        for unit in range(count):
            for name, place in zip((conv(unit), norm(unit)), ours, strict=True):
                yield f"{theirs}.{name}", f"{own}.{unit}.{place}"


def _renamed(state: Mapping[str, Value], modules: Mapping[str, str]) -> dict[str, Value]:
    split = ((key.rpartition("."), value) for key, value in state.items())
    return {f"{modules.get(m, m)}.{leaf}": value for (m, _, leaf), value in split}
