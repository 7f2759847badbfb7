import pytest
import torch

from tracknet.devices import pick_device, supports_bfloat16


def test_a_device_by_name():
    assert pick_device("cpu") == torch.device("cpu")
    assert pick_device("cuda:1") == torch.device("cuda", 1)


def test_auto_takes_the_first_that_is_there(monkeypatch):
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert pick_device("auto").type == expected


@pytest.mark.parametrize("kind", ["cpu", "mps"])
def test_bfloat16_is_asked_for_nowhere_in_vain(monkeypatch, kind):
    assert isinstance(supports_bfloat16(torch.device(kind)), bool)
    # Builds without oneDNN, such as those for macOS, do not have the question either.
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not supports_bfloat16(torch.device(kind))
