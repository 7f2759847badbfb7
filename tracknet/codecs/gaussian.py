"""Ball position <-> Gaussian heatmap."""

import torch
import torch.nn.functional as F

from tracknet.types import ABSENT, UNLABELLED


class GaussianCodec:
    """Encodes positions as Gaussians, decodes peaks as local weighted centroids.

    Args:
        sigma: Of the Gaussian, in heatmap pixels.
        candidates: How many peaks of a map are decoded.
        radius: Half width of the window round a ball over which the centroid is taken, in heatmap
            pixels; also the distance that two peaks keep.
    """

    def __init__(self, sigma: float = 1.0, candidates: int = 5, radius: int = 2) -> None:
        self.sigma = sigma
        self.candidates = candidates
        self.radius = radius

    def encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: tuple[int, int]
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Renders targets on the device of `xy`.

        A position outside the map counts as no ball in it.

        Args:
            xy: (..., 2) heatmap pixels; ignored where no ball is visible (NaN is fine there).
            visibility: (...) -1 unlabelled, 0 no ball, above 0 a ball.
            size: (h, w) of the maps.

        Returns:
            Heatmaps (..., h, w) in 0..1, the nearest pixel of a ball exactly 1, and the weights
            (...) of the maps in the loss: 0 where unlabelled, else 1.
        """
        h, w = size
        xy = torch.nan_to_num(xy.float(), nan=-1e4)
        x, y = xy[..., 0, None], xy[..., 1, None]
        columns = torch.arange(w, device=xy.device, dtype=torch.float32)
        rows = torch.arange(h, device=xy.device, dtype=torch.float32)
        # Separable; each axis is at most 1, and 1 at the nearest pixel after the division.
        gx = torch.exp(((x - x.round()) ** 2 - (columns - x) ** 2) / (2 * self.sigma**2))
        gy = torch.exp(((y - y.round()) ** 2 - (rows - y) ** 2) / (2 * self.sigma**2))
        x, y = x.round()[..., 0], y.round()[..., 0]
        inside = (x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1) & (visibility > ABSENT)
        gy = gy * inside[..., None]
        heatmap = gy[..., :, None] * gx[..., None, :]
        return heatmap, (visibility != UNLABELLED).float()

    def decode(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits (..., h, w) -> candidates (..., K, 3): heatmap x, y and score, best first."""
        return self.decode_probability(logits.float().sigmoid())

    def decode_probability(self, heatmap: torch.Tensor) -> torch.Tensor:
        """Probabilities (..., h, w) -> candidates (..., K, 3); the score is the peak's height."""
        lead, (h, w) = heatmap.shape[:-2], heatmap.shape[-2:]
        maps = heatmap.reshape(-1, 1, h, w)
        side = 2 * self.radius + 1
        # Which pixel is the highest round each, the first of equals: one peak for a plateau.
        # Along rows, then along columns: 2 n comparisons instead of n^2.
        top, place = F.max_pool2d(maps, (1, side), 1, (0, self.radius), return_indices=True)
        _, line = F.max_pool2d(top, (side, 1), 1, (self.radius, 0), return_indices=True)
        highest = place.flatten(2).gather(2, line.flatten(2)).view_as(maps)
        peaks = maps * (highest == torch.arange(h * w, device=maps.device).view(h, w))
        score, index = peaks.flatten(1).topk(min(self.candidates, h * w))
        row, column = index // w, index % w

        reach = self.radius + 1
        padded = F.pad(maps[:, 0], (reach,) * 4)
        offset = torch.arange(2 * reach + 1, device=maps.device)
        batch = torch.arange(len(maps), device=maps.device)[:, None, None, None]
        window = padded[
            batch,
            (row[..., None] + offset)[..., :, None],
            (column[..., None] + offset)[..., None, :],
        ]
        shift = (offset - reach).float()
        dx = dy = torch.zeros_like(score)
        # A window round the peak cuts off more of the ball on one side, which pulls the centroid to
        # the pixel's centre; so the window follows, its border pixels counted by their share.
        for _ in range(3):
            share_x = (reach - (shift - dx[..., None]).abs()).clamp(0, 1)
            share_y = (reach - (shift - dy[..., None]).abs()).clamp(0, 1)
            share = window * share_y[..., :, None] * share_x[..., None, :]
            mass = share.sum((-2, -1)).clamp_min(1e-12)
            dx = (share.sum(-2) * shift).sum(-1) / mass
            dy = (share.sum(-1) * shift).sum(-1) / mass
        found = torch.stack([column + dx, row + dy, score], -1)
        return found.reshape(*lead, *found.shape[1:])
