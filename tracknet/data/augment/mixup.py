"""Two windows laid over each other: faint balls before a restless ground."""

import torch

from tracknet.types import ABSENT


def mix(
    pictures: torch.Tensor, xy: torch.Tensor, visibility: torch.Tensor, amounts: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Lays another window of the batch over some of its windows.

    Both pictures stay strong enough for both balls to be seen, so both are wanted.

    Args:
        pictures: (B,P,3,h,w).
        xy: (B,T,2) pixels of `pictures`.
        visibility: (B,T).
        amounts: (B,2) share of the other window, 0 for none, and which one, as a share of the
            batch: the sampler's order decides it, and so it is the same at every run.

    Returns:
        Pictures, and the second balls' xy (B,T,2) and visibility (B,T): no ball where nothing
        was laid over.
    """
    count = len(pictures)
    mixed = amounts[:, 0] > 0
    step = 1 + (amounts[:, 1] * (count - 1)).long()
    partner = (torch.arange(count, device=pictures.device) + step) % count
    chosen = mixed.nonzero()[:, 0]
    if len(chosen):
        share = amounts[chosen, 0].view(-1, 1, 1, 1, 1)
        # Read before anything is written: a partner may be mixed itself.
        pictures[chosen] = torch.lerp(pictures[chosen], pictures[partner[chosen]], share)
    other = visibility[partner]
    return pictures, xy[partner], torch.where(mixed[:, None], other, torch.full_like(other, ABSENT))
