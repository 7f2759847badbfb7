"""How far a figure would move with other clips: the percentile bootstrap."""

from collections.abc import Callable, Sequence

import numpy as np


def interval(
    statistic: Callable[[np.ndarray], np.ndarray],
    clips: Sequence[Sequence[int]],
    resamples: int = 1000,
    seed: int = 0,
) -> tuple[float, float] | None:
    """95 % interval of a statistic of summed counts, from clips drawn with replacement.

    Frames of one clip resemble each other, so clips are drawn, not frames. Source: Efron and
    Tibshirani, An Introduction to the Bootstrap (1993), chapter 13, percentile interval.

    Args:
        statistic: Sums of counts (resamples, K) -> the figure of each row (resamples,).
        clips: K counts of each clip.
        resamples: How many sets of clips are drawn.
        seed: Of the draw; equal seeds give equal intervals.

    Returns:
        2.5th and 97.5th percentile; None for fewer than two clips, which do not say how much
        clips differ.
    """
    n = len(clips)
    if n < 2:
        return None
    times_drawn = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    low, high = np.percentile(statistic(times_drawn @ np.asarray(clips)), [2.5, 97.5])
    return float(low), float(high)


def median_error(clips: Sequence[np.ndarray], resamples: int = 200, seed: int = 0) -> float | None:
    """Standard error of the median of all clips' values: its deviation over clips drawn anew.

    As in `interval` clips are drawn, not values. Source: Efron and Tibshirani, chapter 6.

    Args:
        clips: The values of each clip.
        resamples: How many sets of clips are drawn.
        seed: Of the draw.

    Returns:
        In the values' units; None where fewer than two clips have any.
    """
    clips = [values for values in clips if len(values)]
    if (n := len(clips)) < 2:
        return None
    values, own = np.concatenate(clips), np.repeat(np.arange(n), list(map(len, clips)))
    order = np.argsort(values, kind="stable")
    values, own = values[order], own[order]
    draws = np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=resamples)
    below = (np.cumsum(times_drawn[own]) for times_drawn in draws)
    medians = [values[np.searchsorted(count, count[-1] / 2)] for count in below]
    return float(np.std(medians, ddof=1))
