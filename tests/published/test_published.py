"""Published networks, filled by a formula and imported, say what their own code says."""

import copy

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tests.published.goldens import GOLDENS, HEIGHT, WIDTH, drawn, write
from tracknet.checkpoint import load
from tracknet.network import build_model, freeze_unreached
from tracknet.pipelines.import_checkpoint import import_checkpoint
from tracknet.published import KINDS
from tracknet.training.parameters import no_decay


def composition(resolved, kind, told=None, *further):
    """The network of an experiment, at 64x128, with what a file says of it."""
    own = [f"experiment={kind}", f"image_size=[{HEIGHT},{WIDTH}]"]
    own += ["backbone.unused=true"] if kind == "wasb" else []
    if told:
        background = str(told["bg_mode"] == "concat").lower()
        own += [f"frames={told['seq_len']}", f"inputs.background={background}"]
    return resolved("train", [*own, *further])


def published_state(config, kind):
    """What a file of that kind holds, by its own names."""
    with torch.device("meta"):
        own = build_model(config).state_dict()
    named = KINDS[kind].to_published(own)
    return {key: drawn(key, value) for key, value in named.items()}


def said(model, pictures):
    """What a model says of its normalised pictures (B,P*3,H,W), in float64."""
    pictures = pictures.double().unflatten(1, (-1, 3))
    pictures = pictures * model.inputs.std + model.inputs.mean
    still = int(model.background)
    with torch.no_grad():
        return model(pictures[:, still:], pictures[:, 0] if still else None)


def normal(pictures):
    generator = torch.Generator().manual_seed(0)
    return torch.randn(1, 3 * pictures, HEIGHT, WIDTH, generator=generator)


def check(output, expected, atol):
    found = output.flatten()[list(expected)]
    torch.testing.assert_close(
        found, torch.tensor([*expected.values()], dtype=torch.float64), atol=atol, rtol=0
    )


@pytest.fixture(scope="module", params=GOLDENS)
def imported(request, compose, resolved, tmp_path_factory):
    """A network that was imported, its golden, and the state in the file."""
    golden, folder = GOLDENS[request.param], tmp_path_factory.mktemp("imported")
    state = published_state(composition(resolved, golden.kind, golden.told), golden.kind)
    file = write(folder / "published.pt", golden, state)
    settings = [f"experiment={golden.kind}", f"kind={golden.kind}", f"source={file}"]
    run = import_checkpoint(
        compose("import_checkpoint", [*settings, f"paths.output={folder / 'run'}"])
    )
    predictor = load(run, device="cpu")
    assert predictor.threshold == 0.5
    return predictor.network.model.double(), golden, state


def test_every_key_is_accounted_for(imported):
    model, golden, state = imported
    assert sum(p.numel() for p in model.parameters()) == golden.parameters
    assert len(state) == golden.entries
    weights = [value.double() for value in state.values() if value.is_floating_point()]
    assert sum(w.sum() for w in weights).item() == pytest.approx(golden.sums[0], abs=1e-3)
    assert sum(w.abs().sum() for w in weights).item() == pytest.approx(golden.sums[1], rel=1e-7)
    own = model.state_dict()
    published = KINDS[golden.kind]
    assert published.to_ours(published.to_published(own)).keys() == own.keys()
    assert published.to_published(own).keys() == state.keys()


def test_it_says_what_their_code_says(imported):
    model, golden, _ = imported
    seen = normal(model.frames + model.background)
    output = said(model.eval(), seen)
    published = torch.sigmoid if golden.told else lambda logits: logits
    check(published(output), golden.output, 1e-6)
    before = {key: value.clone() for key, value in model.state_dict().items()}
    check(published(said(model.train(), seen)), golden.trained, 1e-6)
    after = KINDS[golden.kind].to_published(model.state_dict())
    for key, expected in golden.statistics.items():
        check(after[key], dict(enumerate(expected)), 1e-6)
    model.load_state_dict(before)


def test_it_costs_what_theirs_does(imported):
    model, golden, _ = imported
    with torch.device("meta"), FlopCounterMode(display=False) as counter, torch.inference_mode():
        frames = torch.zeros(1, model.frames, 3, 288, 512, dtype=torch.float64)
        copy.deepcopy(model).to("meta")(frames, frames[:, 0] if model.background else None)
    assert counter.get_total_flops() / 1e9 == pytest.approx(golden.gflop, rel=0.01)
    assert model.heatmap_stride == 1


def test_what_cannot_influence_the_output_never_learns(resolved):
    whole, needed = (
        build_model(composition(resolved, "wasb", None, f"backbone.unused={unused}"))
        for unused in ("true", "false")
    )
    sizes = [sum(p.numel() for p in model.parameters()) for model in (whole, needed)]
    assert sizes[0] - sizes[1] == 193_248
    freeze_unreached(whole)
    learning = [p for group in no_decay(whole) for p in group["params"]]
    assert sum(p.numel() for p in learning) == sizes[1]
    assert whole.state_dict().keys() > needed.state_dict().keys()
    needed.load_state_dict({k: whole.state_dict()[k] for k in needed.state_dict()})
    seen = normal(3)
    assert said(whole.double().eval(), seen).equal(said(needed.double().eval(), seen))


class OfColumns(nn.Module):
    """TrackNetV4's own norm, whose channels are the picture's columns."""

    def __init__(self, columns: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(columns, eps=1e-3, momentum=0.01)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.norm(x.transpose(1, 3)).transpose(1, 3)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("A", {0: 0.56326926, 9594: 0.51683503, 25390: 0.64449811, 49151: 0.50192916}),
        ("B", {0: 0.50426829, 9594: 0.51407635, 25390: 0.53123158, 49151: 0.50192916}),
    ],
)
def test_tracknetv4_but_for_its_norms_is_theirs(resolved, kind, expected):
    model = build_model(composition(resolved, "tracknetv4", None, f"attention.kind={kind}"))
    widths = [WIDTH >> level for level in (0, 0, 1, 1, 2, 2, 2, 3, 3, 3, 2, 2, 2, 1, 1, 0, 0)]
    units = [m for m in model.modules() if isinstance(getattr(m, "2", None), nn.BatchNorm2d)]
    for unit, width in zip(units, widths, strict=True):
        unit[2] = OfColumns(width)
    convs = [m for m in model.modules() if isinstance(m, nn.Conv2d)]
    for part, modules in {"conv": convs, "bn": [unit[2].norm for unit in units]}.items():
        for i, module in enumerate(modules):
            own = {k: drawn(f"{part}{i}.{k}", v) for k, v in module.state_dict().items()}
            module.load_state_dict(own)
    model.attention.load_state_dict({"a": torch.tensor(-0.7), "b": torch.tensor(0.35)})
    seen = torch.rand(2, 9, HEIGHT, WIDTH, generator=torch.Generator().manual_seed(0))
    output = said(model.double().eval(), seen)
    check(output.sigmoid(), expected, 1e-5)
