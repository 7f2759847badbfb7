"""Several datasets as one: whose clip is whose stays known."""

import pytest

from tracknet.build import build
from tracknet.data.formats.base import LabelError
from tracknet.data.mixed import Mixed
from tracknet.pipelines.evaluate import evaluate
from tracknet.pipelines.train import train

PARTS = ["data=mixed", "+data@data.parts.first=synthetic", "+data@data.parts.second=synthetic"]


@pytest.fixture
def settings(tiny_data, tiny_network, tmp_path):
    """Two rendered datasets of different seeds, as one."""
    shared = [o for o in tiny_data if not o.startswith("data.")]
    sizes = [
        f"data.parts.{part}.{key}"
        for part in ("first", "second")
        for key in ("frames=12", "clips={train: 2, val: 1, test: 1}")
    ]
    return [*shared, *tiny_network, *PARTS, *sizes, "data.parts.second.seed=1"]


def test_clips_carry_the_name_of_their_part(compose, settings):
    dataset = build(compose("train", settings).data)
    clips = dataset.clips("train")
    assert [clip.name for clip in clips] == [
        f"{part}/train/match1/r0000{i}" for part in ("first", "second") for i in (1, 2)
    ]
    assert {clip.match.split("/")[0] for clip in clips} == {"first", "second"}
    assert len({clip.source for clip in clips}) == 4


def test_one_network_learns_from_both(compose, settings, tmp_path):
    run = tmp_path / "run"
    own = ["sampling=datasets", "+sampling.weights.first=2", "trainer.max_epochs=1"]
    train(compose("train", [*settings, *own, f"paths.output={run}"]))
    scored = [o for o in settings if o.startswith(("paths.", "data", "+data"))]
    evaluate(compose("evaluate", [*scored, f"ckpt={run}", f"paths.output={tmp_path / 'test'}"]))
    rows = (tmp_path / "test" / "predictions.csv").read_text().splitlines()[1:]
    assert {row.split("/")[0] for row in rows} == {"first", "second"}


def test_without_parts():
    with pytest.raises(LabelError, match=r"has no parts.*\+data@data.parts"):
        Mixed({}).clips("train")
