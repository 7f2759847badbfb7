from itertools import pairwise

import pytest
import torch

from tracknet.training.schedule import warmup_cosine


def rates(total, lr=0.1, **options):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr)
    scheduler = warmup_cosine(optimizer, total, **options)
    out = []
    for _ in range(total):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out, optimizer.param_groups[0]["lr"]


def test_warm_up_then_cosine():
    used, end = rates(100, warmup=0.1, final=0.01)
    assert used[:10] == pytest.approx([0.01 * (i + 1) for i in range(10)])
    assert used[10] == pytest.approx(0.1)
    assert used[55] == pytest.approx(0.1 * (1 + 0.01) / 2)
    assert end == pytest.approx(0.001)
    assert all(a > b for a, b in pairwise(used[10:]))


@pytest.mark.parametrize("total", [1, 2, 3, 30])
@pytest.mark.parametrize("warmup", [0.0, 0.03, 1.0])
def test_short_runs_start_at_something_and_never_exceed_the_rate(total, warmup):
    used, end = rates(total, warmup=warmup)
    assert all(0 < rate <= 0.1 + 1e-12 for rate in used)
    assert 0 < end <= 0.1 + 1e-12


def test_steps_beyond_the_end_keep_the_last_rate():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = warmup_cosine(optimizer, 5)
    optimizer.step()
    for _ in range(9):
        scheduler.step()
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.001)


def test_the_state_can_be_restored():
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    scheduler = warmup_cosine(optimizer, 50)
    optimizer.step()
    for _ in range(20):
        scheduler.step()
    again = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], 0.1)
    restored = warmup_cosine(again, 50)
    restored.load_state_dict(scheduler.state_dict())
    again.load_state_dict(optimizer.state_dict())
    for s, o in ((scheduler, optimizer), (restored, again)):
        o.step()
        s.step()
    assert again.param_groups[0]["lr"] == optimizer.param_groups[0]["lr"]
