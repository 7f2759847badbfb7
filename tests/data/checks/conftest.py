"""Rallies rendered in memory: a ball on its path, a player who walks, noise of the camera."""

from functools import lru_cache

import cv2
import numpy as np
import pytest

SIZE = (144, 256)


@pytest.fixture(scope="session")
def rally():
    """Makes frames (N,H,W,3) uint8 and the ball's positions (N,2), by a seed."""

    @lru_cache(maxsize=2)
    def make(seed: int = 0, count: int = 150, speed: float = 5.0) -> tuple[np.ndarray, np.ndarray]:
        rng, (h, w) = np.random.default_rng(seed), SIZE
        # The same hall in every rally: only what moves is another.
        ground = cv2.resize(np.random.default_rng(99).integers(60, 160, (18, 32), np.uint8), (w, h))
        t = np.arange(count)
        turn = rng.uniform(0, 7, 4)
        xy = np.stack(
            [
                w / 2 + 0.4 * w * np.sin(speed * t / (0.4 * w) + turn[0]),
                h / 2 + 0.4 * h * np.sin(1.3 * speed * t / (0.4 * w) + turn[1]),
            ],
            1,
        )
        walk = np.cumsum(rng.normal(0, 2, (count, 2)), 0)
        frames = []
        for ball, player in zip(xy, walk, strict=True):
            picture = ground.copy()
            x, y = (np.array([w * 0.3, h * 0.6]) + player).astype(int)
            cv2.rectangle(picture, (x, y), (x + 20, y + 45), 200, -1)
            centre = tuple(np.rint(ball * 16).astype(int).tolist())
            cv2.circle(picture, centre, 2 * 16, 255, -1, cv2.LINE_AA, 4)
            noisy = picture + rng.normal(0, 2, picture.shape)
            frames.append(np.repeat(noisy.clip(0, 255).astype(np.uint8)[..., None], 3, 2))
        return np.array(frames), xy.astype(np.float32)

    return make
