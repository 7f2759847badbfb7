"""Ball position <-> Gaussian heatmap."""

import torch
import torch.nn.functional as F

from tracknet.types import ABSENT, UNLABELLED


class GaussianCodec:
    """Encodes positions as Gaussians, decodes peaks as local weighted centroids.

    Args:
        sigma: Of the Gaussian, in heatmap pixels.
        candidates: How many peaks of a map are decoded.
        radius: Half width of the window round a peak over which the centroid is taken, in heatmap
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
        """Logits (..., h, w) -> candidates (..., K, 3): x, y in heatmap pixels, score, best first."""
        return self.decode_probability(logits.float().sigmoid())

    def decode_probability(self, heatmap: torch.Tensor) -> torch.Tensor:
        """Probabilities (..., h, w) -> candidates (..., K, 3); the score is the peak's height."""
        lead, (h, w) = heatmap.shape[:-2], heatmap.shape[-2:]
        maps = heatmap.reshape(-1, 1, h, w)
        side = 2 * self.radius + 1
        peaks = maps * (maps == F.max_pool2d(maps, side, 1, self.radius))
        score, index = peaks.flatten(1).topk(min(self.candidates, h * w))
        row, column = index // w, index % w

        padded = F.pad(maps[:, 0], (self.radius,) * 4)
        offset = torch.arange(side, device=maps.device)
        batch = torch.arange(len(maps), device=maps.device)[:, None, None, None]
        window = padded[
            batch,
            (row[..., None] + offset)[..., :, None],
            (column[..., None] + offset)[..., None, :],
        ]
        mass = window.sum((-2, -1)).clamp_min(1e-12)
        shift = (offset - self.radius).float()
        x = column + (window.sum(-2) * shift).sum(-1) / mass
        y = row + (window.sum(-1) * shift).sum(-1) / mass
        return torch.stack([x, y, score], -1).reshape(*lead, -1, 3)
