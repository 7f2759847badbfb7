import torch

from tracknet.losses import BCELoss, FocalLoss, PixelLoss, WBCELoss


class Itself(PixelLoss):
    """Of each pixel, its logit."""

    def pixels(self, z, y):
        return z


def test_sums_per_map_and_divides_by_the_number_of_maps():
    loss = torch.arange(2 * 3 * 4 * 5.0).view(2, 3, 4, 5)
    weight = torch.tensor([[1.0, 0, 1], [0, 0, 1]])
    expected = (loss[0, 0].sum() + loss[0, 2].sum() + loss[1, 2].sum()) / 6
    torch.testing.assert_close(Itself()(loss, loss, weight), expected)


def test_two_devices_give_what_one_gives():
    torch.manual_seed(0)
    logits, weight = torch.randn(4, 3, 6, 8), torch.ones(4, 3)
    target = torch.zeros(4, 3, 6, 8)
    target[0, 0, 2, 3] = 1  # all balls are on the first device
    weight[0, 1] = 0
    for loss in (FocalLoss(), BCELoss(), WBCELoss()):
        halves = [loss(logits[i], target[i], weight[i]) for i in (slice(2), slice(2, 4))]
        torch.testing.assert_close(sum(halves) / 2, loss(logits, target, weight))
