"""Ball positions <-> heatmaps, encode and decode in one object."""

from dataclasses import dataclass
from typing import Annotated, ClassVar, Protocol

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from pydantic import Field

from tracknet.geometry import Size, scale_points
from tracknet.types import ABSENT, UNLABELLED
from tracknet.values import Inside, Sigma


class Codec(Protocol):
    """What a codec owes; it keeps no state. Positions are network pixels.

    Attributes:
        maps: M, maps of a frame.
        radius: Heatmap pixels within which candidates of two windows are one ball.
    """

    maps: int
    radius: float

    def encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: Size, stride: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Targets of up to K balls a frame.

        Args:
            xy: (..., K, 2) network pixels; ignored where no ball is visible (NaN is fine there).
            visibility: (..., K) -1 unlabelled, 0 no ball, above 0 a ball.
            size: (h, w) of the maps.
            stride: Network pixels per pixel of a map.

        Returns:
            What the loss takes for targets, in 0..1 (..., h, w) if M is 1, and the weight of each
            frame (...) in it.
        """
        ...

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        """Logits (B,T*M,h,w) as float32 maps, which may be averaged over windows.

        Returns:
            (B,T,h,w) in 0..1 if M is 1, else (B,T,M,h,w).
        """
        ...

    def heatmap(self, maps: torch.Tensor) -> torch.Tensor:
        """Of such maps those that show where a ball is, (B,T,h,w) in 0..1."""
        ...

    def decode(self, maps: torch.Tensor, stride: int) -> torch.Tensor:
        """Maps of frames (..., h, w) or (..., M, h, w) -> candidates (..., N, 3).

        They are x, y and score, best first.
        """
        ...


@dataclass
class GaussianCodec:
    """Encodes positions as Gaussians, decodes peaks as local weighted centroids.

    Attributes:
        sigma: Of the Gaussian, in heatmap pixels.
        candidates: How many peaks of a map are decoded.
        radius: Half width of the window round a ball over which the centroid is taken, in heatmap
            pixels; also the distance that two peaks keep.
    """

    maps: ClassVar[int] = 1

    sigma: Sigma = 1.0
    candidates: Annotated[int, Field(ge=1, le=1000)] = 5
    radius: Annotated[int, Field(ge=1, le=100)] = 2

    def encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: Size, stride: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Renders targets on the device of `xy`, each pixel the highest of the balls' Gaussians.

        The pixel nearest to a ball is exactly 1; a position outside the map counts as no ball in
        it. The weight is 0 where a ball is unlabelled, else 1.
        """
        h, w = size
        xy = scale_points(torch.nan_to_num(xy.float(), nan=-1e6), 1 / stride)
        x, y = xy[..., 0, None], xy[..., 1, None]
        columns = torch.arange(w, device=xy.device, dtype=torch.float32)
        rows = torch.arange(h, device=xy.device, dtype=torch.float32)
        # Separable; each axis is at most 1, and 1 at the nearest pixel after the division.
        gx = torch.exp(((x - x.round()) ** 2 - (columns - x) ** 2) / (2 * self.sigma**2))
        gy = torch.exp(((y - y.round()) ** 2 - (rows - y) ** 2) / (2 * self.sigma**2))
        x, y = x.round()[..., 0], y.round()[..., 0]
        shown = (x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1) & (visibility > ABSENT)
        gy = gy * shown[..., None]
        heatmap = (gy[..., :, None] * gx[..., None, :]).amax(-3)
        return heatmap, (visibility != UNLABELLED).all(-1).float()

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.float().sigmoid()

    def heatmap(self, maps: torch.Tensor) -> torch.Tensor:
        return maps

    def decode(self, maps: torch.Tensor, stride: int) -> torch.Tensor:
        """The highest peaks of each map; the score is the peak's height."""
        lead, (h, w) = maps.shape[:-2], maps.shape[-2:]
        maps = maps.reshape(-1, h, w)
        row, column, score = self._peaks(maps)
        reach = self.radius + 1
        padded = F.pad(maps, (reach,) * 4)
        offset = torch.arange(2 * reach + 1, device=maps.device)
        batch = torch.arange(len(maps), device=maps.device)[:, None, None, None]
        rows, columns = row[..., None] + offset, column[..., None] + offset
        window = padded[batch, rows[..., :, None], columns[..., None, :]]
        shift = (offset - reach).float()
        # At the border it is as narrow on the inner side, too: half a ball has its centroid there.
        half_x, half_y = (
            torch.minimum(place, side - 1 - place).clamp(max=self.radius)[..., None] + 1
            for place, side in ((column, w), (row, h))
        )
        dx = dy = torch.zeros_like(score)
        # A window round the peak cuts off more of the ball on one side, which pulls the centroid to
        # the pixel's centre; so the window follows, its border pixels counted by their share.
        for _ in range(3):
            share_x = (half_x - (shift - dx[..., None]).abs()).clamp(0, 1)
            share_y = (half_y - (shift - dy[..., None]).abs()).clamp(0, 1)
            share = window * share_y[..., :, None] * share_x[..., None, :]
            mass = share.sum((-2, -1)).clamp_min(1e-12)
            dx = (share.sum(-2) * shift).sum(-1) / mass
            dy = (share.sum(-1) * shift).sum(-1) / mass
        xy = scale_points(torch.stack([column + dx, row + dy], -1), stride)
        found = torch.cat([xy, score[..., None]], -1)
        return found.reshape(*lead, *found.shape[1:])

    def _peaks(self, maps: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """Row, column and height (N,K) of the highest peaks of maps (N,h,w)."""
        peaks = torch.where(_is_peak(maps, self.radius), maps, 0)
        count, w = min(self.candidates, maps[0].numel()), maps.shape[-1]
        score, index = peaks.flatten(1).topk(count)
        return index // w, index % w, score


@dataclass
class DiscCodec:
    """Encodes positions as discs of ones, decodes connected plateaus.

    As TrackNetV2 and those after it. A centre is cut down to whole pixels, so that the ball lies
    half a pixel further than its disc on average, to the right and below: where it is decoded.

    Attributes:
        radius: Of the disc, in heatmap pixels; also the distance within which candidates of two
            windows are one ball.
        level: Probability above which pixels belong to a plateau.
        weighted: Whether a plateau's pixels count by their probability, as in WASB's code, or
            alike, as in TrackNetV2's.
        candidates: How many of a map are decoded.
    """

    maps: ClassVar[int] = 1

    radius: Sigma = 2.5
    level: Inside = 0.5
    weighted: bool = True
    candidates: Annotated[int, Field(ge=1, le=1000)] = 5

    def encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: Size, stride: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Renders targets on the device of `xy`: 1 within the radius of a centre, else 0.

        A centre outside the map counts as no ball in it. The weight is 0 where a ball is
        unlabelled, else 1.
        """
        h, w = size
        centre = scale_points(torch.nan_to_num(xy.float(), nan=-1e6), 1 / stride).trunc()
        x, y = centre[..., 0, None, None], centre[..., 1, None, None]
        columns = torch.arange(w, device=xy.device, dtype=torch.float32)
        rows = torch.arange(h, device=xy.device, dtype=torch.float32)[:, None]
        shown = (x >= 0) & (x <= w - 1) & (y >= 0) & (y <= h - 1)
        shown &= (visibility > ABSENT)[..., None, None]
        discs = ((columns - x) ** 2 + (rows - y) ** 2 <= self.radius**2) & shown
        return discs.any(-3).float(), (visibility != UNLABELLED).all(-1).float()

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        return logits.float().sigmoid()

    def heatmap(self, maps: torch.Tensor) -> torch.Tensor:
        return maps

    def decode(self, maps: torch.Tensor, stride: int) -> torch.Tensor:
        """The plateaus of each map, those first that weigh most, then the peaks below the level.

        A plateau's score is between the level and 1, which it has from the weight of a whole disc
        on: any of them exceeds a threshold that is the level. A peak's is its height.
        """
        peaks = GaussianCodec(candidates=self.candidates).decode(maps, stride)
        lead, (h, w) = maps.shape[:-2], maps.shape[-2:]
        found = peaks.reshape(-1, *peaks.shape[-2:]).cpu().numpy().copy()
        for rows, map_ in zip(found, maps.reshape(-1, h, w).cpu().numpy(), strict=True):
            if not (map_ > self.level).any():
                continue
            plateaus = self._plateaus(map_)
            plateaus[:, :2] = scale_points(plateaus[:, :2], stride)
            low = rows[rows[:, 2] <= self.level]
            kept = np.concatenate([plateaus, low])[: len(rows)]
            rows[:] = 0
            rows[: len(kept)] = kept
        return torch.from_numpy(found).to(maps.device).reshape(*lead, *found.shape[1:])

    def _plateaus(self, probability: np.ndarray) -> np.ndarray:
        """(N,3): x, y in heatmap pixels and score of a map's 8-connected plateaus, best first."""
        _, labels = cv2.connectedComponents((probability > self.level).astype(np.uint8))
        rows, columns = np.nonzero(labels)
        own = labels[rows, columns] - 1
        weight = probability[rows, columns] if self.weighted else np.ones(len(rows))
        mass, x, y = (np.bincount(own, weight * of) for of in (1, columns, rows))
        share = np.minimum(1, mass / self._area)
        score = self.level + (1 - self.level) * share
        best = np.argsort(-mass, kind="stable")
        return np.stack([x / mass + 0.5, y / mass + 0.5, score], 1)[best]

    @property
    def _area(self) -> int:
        """Pixels of a disc."""
        reach = np.arange(-int(self.radius), int(self.radius) + 1)
        return int((reach[:, None] ** 2 + reach**2 <= self.radius**2).sum())


@dataclass
class OffsetCodec(GaussianCodec):
    """Encodes how far the ball is from each pixel beside the Gaussian, and decodes peaks by that.

    As in "Objects as Points" (Zhou et al. 2019), section 3, but for every pixel near the ball. A
    network that regresses it gives the median of where the ball may be, a centroid is the middle of
    its doubts. It goes with `losses.OffsetLoss`.
    """

    maps: ClassVar[int] = 3

    def encode(
        self, xy: torch.Tensor, visibility: torch.Tensor, size: Size, stride: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """As `GaussianCodec.encode`, but (..., 3, h, w).

        The maps are the Gaussian, and x and y of the nearest ball less the pixel's own, in heatmap
        pixels; 0 where there is no ball.
        """
        heatmap, weight = super().encode(xy, visibility, size, stride)
        places = scale_points(torch.nan_to_num(xy.float(), nan=0.0), 1 / stride)
        rows, columns = (torch.arange(n, device=xy.device, dtype=torch.float32) for n in size)
        dx = (places[..., 0, None] - columns)[..., None, :].expand(*places.shape[:-1], *size)
        dy = (places[..., 1, None] - rows)[..., None].expand(*places.shape[:-1], *size)
        seen = (visibility > ABSENT)[..., None, None]
        nearest = torch.where(seen, dx**2 + dy**2, torch.inf).argmin(-3, keepdim=True)
        offsets = [torch.where(seen, way, 0).gather(-3, nearest).squeeze(-3) for way in (dx, dy)]
        return torch.stack([heatmap, *offsets], -3), weight

    def probability(self, logits: torch.Tensor) -> torch.Tensor:
        maps = logits.float().unflatten(1, (-1, self.maps))
        return torch.cat([maps[:, :, :1].sigmoid(), maps[:, :, 1:]], 2)

    def heatmap(self, maps: torch.Tensor) -> torch.Tensor:
        return maps[..., 0, :, :]

    def decode(self, maps: torch.Tensor, stride: int) -> torch.Tensor:
        """The highest peaks of each map, moved by what is regressed there."""
        lead, (h, w) = maps.shape[:-3], maps.shape[-2:]
        maps = maps.reshape(-1, self.maps, h, w)
        row, column, score = self._peaks(maps[:, 0])
        dx, dy = (
            maps[:, 1:]
            .flatten(2)
            .gather(2, (row * w + column)[:, None].expand(-1, 2, -1))
            .unbind(1)
        )
        xy = scale_points(torch.stack([column + dx, row + dy], -1), stride)
        found = torch.cat([xy, score[..., None]], -1)
        return found.reshape(*lead, *found.shape[1:])


def _is_peak(maps: torch.Tensor, radius: int) -> torch.Tensor:
    """Which pixels (N,h,w) are the highest within `radius` rows and columns.

    Of equals the first in reading order is: one peak for a plateau. Shifted copies of the maps are
    compared as wholes, several times as fast on a CPU as PyTorch's pooling.
    """
    w = maps.shape[-1]
    padded = F.pad(maps, (radius, radius), value=-torch.inf)
    columns = [padded[..., i : i + w] for i in range(2 * radius + 1)]
    # The highest of the pixels that are read earlier, and of those that are read later.
    before, after = columns[0].clone(), columns[-1].clone()
    for i in range(1, radius):
        torch.maximum(before, columns[i], out=before)
        torch.maximum(after, columns[-1 - i], out=after)
    rows = torch.maximum(torch.maximum(before, after), maps)
    for i in range(1, radius + 1):
        below, above = before[..., i:, :], after[..., :-i, :]
        torch.maximum(below, rows[..., :-i, :], out=below)
        torch.maximum(above, rows[..., i:, :], out=above)
    return (maps > before) & (maps >= after)
