"""WASB's network (Tarashima et al. 2023), three frames in and out, github.com/nttcom/WASB-SBDT."""

from collections.abc import Iterator

from tracknet.published.base import Published

BRANCHES = 4


def _modules() -> Iterator[tuple[str, str]]:
    for i in (1, 2):
        yield from _pair(f"conv{i}", f"bn{i}", f"backbone.stem.{i - 1}", 0)
    for i in range(3):
        yield from _pair(*_numbered("layer1.0", i + 1), "backbone.bottleneck.body", 3 * i)
    shortcut = "layer1.0.downsample"
    yield from _pair(f"{shortcut}.0", f"{shortcut}.1", "backbone.bottleneck.shortcut", 0)
    yield from _list("transition1.0", "backbone.begin.0")
    for i in range(1, BRANCHES):
        yield from _list(f"transition{i}.{i}.0", f"backbone.begin.{i}")
    for count in range(2, BRANCHES + 1):
        yield from _stage(f"stage{count}.0", f"backbone.stages.{count - 2}", count)
    yield "final_layers.0", "head.logits"


def _stage(theirs: str, ours: str, count: int) -> Iterator[tuple[str, str]]:
    """The modules of an exchange unit of that many branches."""
    for branch in range(count):
        for block in range(2):
            there, here = (f"{unit}.branches.{branch}.{block}" for unit in (theirs, ours))
            yield from _pair(*_numbered(there, 1), f"{here}.body.0", 0)
            yield from _pair(*_numbered(there, 2), f"{here}.body", 1)
    for target in range(count):
        for source in range(count):
            there, here = (
                f"{theirs}.fuse_layers.{target}.{source}",
                f"{ours}.fuse.{target}.{source}",
            )
            if source > target:
                yield from _list(there, here)
            for step in range(target - source):  # each has a ReLU but the last one
                yield from _pair(f"{there}.{step}.0", f"{there}.{step}.1", here, 3 * step)


def _numbered(block: str, number: int) -> tuple[str, str]:
    return f"{block}.conv{number}", f"{block}.bn{number}"


def _list(theirs: str, ours: str) -> Iterator[tuple[str, str]]:
    return _pair(f"{theirs}.0", f"{theirs}.1", ours, 0)


def _pair(conv: str, norm: str, ours: str, place: int) -> Iterator[tuple[str, str]]:
    """A convolution and the norm behind it, in a list of ours from that place on."""
    yield conv, f"{ours}.{place}"
    yield norm, f"{ours}.{place + 1}"


WASB = Published(
    entry="model_state_dict", modules=dict(_modules()), network={"backbone.unused": True}
)
