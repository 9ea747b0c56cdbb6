"""From samples at capture times to a regular grid. Frames are never counted: an index is not a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .valid import Array, valid_signal, valid_times


def regular(t: ArrayLike, x: ArrayLike, *, fs: float) -> tuple[Array, Array]:
    """Interpolate linearly onto a regular grid.

    Parameters
    ----------
    t : array_like, shape (n,)
        Capture times, seconds, strictly increasing.
    x : array_like, shape (n, ...)
        Samples at these times; any unit.
    fs : float
        Rate of the grid, Hz.

    Returns
    -------
    grid : shape (m,)
        Times from `t[0]` to at most `t[-1]`, seconds.
    y : shape (m, ...)
        Samples on the grid, unit of `x`.

    Notes
    -----
    Linear interpolation of a 30 Hz stream passes 3.5 Hz with -0.4 dB. A gap becomes a straight line, which has no pulse
    in it: split at long ones with `runs` first.

    Examples
    --------
    >>> grid, y = regular([0.0, 0.3, 1.0], [0.0, 3.0, 10.0], fs=4.0)
    >>> y.round(3).tolist()
    [0.0, 2.5, 5.0, 7.5, 10.0]
    """
    times = valid_times(t)
    signal = valid_signal(x)
    if signal.shape[0] != times.shape[0]:
        raise ValueError("t and x must have the same length")
    grid = times[0] + np.arange(int((times[-1] - times[0]) * fs + 1e-6) + 1) / fs
    columns = signal.reshape(len(times), -1)
    y = np.stack([np.interp(grid, times, column) for column in columns.T], axis=1)
    return grid, y.reshape(len(grid), *signal.shape[1:])


def runs(t: ArrayLike, *, max_gap: float) -> list[slice]:
    """Split samples where neighbours are more than `max_gap` seconds apart.

    Examples
    --------
    >>> runs([0.0, 0.1, 0.2, 2.0, 2.1], max_gap=0.5)
    [slice(0, 3, None), slice(3, 5, None)]
    """
    times = valid_times(t)
    cuts = np.flatnonzero(np.diff(times) > max_gap) + 1
    return [slice(int(a), int(b)) for a, b in zip([0, *cuts], [*cuts, len(times)], strict=True)]
