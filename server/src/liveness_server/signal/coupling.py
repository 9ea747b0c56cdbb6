"""Does a trace of colour follow the light that was shown? One lag, and a probability instead of a level.

A screen that changes its colour changes what falls on a face before it. Traces are compared in two chroma signals,
log R - log G and log B - log G: what moves all channels alike (a turn of the head, exposure, a lamp's flicker)
cancels, and so does the tone of the skin. What is left is compared with the sequence shown at every lag in question,
and the best lag counts. The same is done with many other sequences that could have been shown: the share of them that
fit as well is the probability that a picture which knows nothing of the sequence does. As the sequence was drawn after
the same law, that holds for any such picture exactly, whatever its noise, drift and movement.

References
----------
.. [1] D. Tang, Z. Zhou, Y. Zhang, K. Zhang, "Face Flashing: a Secure Liveness Detection Protocol based on Light
   Reflections", NDSS 2018. The idea of a random screen light that must come back from the face; none of its method.
.. [2] B. Phipson, G. K. Smyth, "Permutation P-values Should Never Be Zero", Statistical Applications in Genetics and
   Molecular Biology 9(1), 2010.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from .valid import Array, valid_rgb, valid_times

FS: Final = 30.0
"""Hz of the grid that everything is resampled to; the usual camera's rate."""
DRIFT_ORDER: Final = 2
"""Degree of the polynomial in time that is taken off traces and light alike: white balance drifts over seconds, and the
sequence's shortest step is half a second."""
BESIDE_S: Final = 0.3
"""Seconds beside its peak at which the correlation's fall is read: half a step."""


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """What was shown, on the clock it was shown by."""

    colours: Array
    """Shape (s, 3): in proportion of light, 0..1 (`palette.linear_light`)."""
    starts: Array
    """Shape (s,): when the fade to each colour began, seconds, increasing."""
    ramps: Array
    """Shape (s,): how long it took, seconds."""
    end: float
    """When the last colour was over, seconds."""

    def shares(self, t: ArrayLike) -> Array:
        """Return how much of each colour was on the screen at `t`, shape (n, s); what came before the first is not."""
        times = np.asarray(t, np.float64)[:, None]
        risen = np.clip((times - self.starts) / np.maximum(self.ramps, 1e-9), 0.0, 1.0)
        return risen - np.append(risen[:, 1:], np.zeros_like(risen[:, :1]), axis=1)

    def light(self, t: ArrayLike) -> Array:
        """Return the light of the screen at `t`, shape (n, 3), 0..1."""
        return np.asarray(self.shares(t) @ self.colours)


@dataclass(frozen=True, slots=True)
class Coupling:
    """How a trace follows the light, at its best lag."""

    lag_s: float
    """Seconds from light to trace."""
    correlation: float
    """Mean of both chroma signals' correlation with the light's, -1..1."""
    p: float
    """Probability of as high a correlation, at any lag, with a sequence that was not shown; never 0 [2]_."""
    sharpness: float
    """Fall of the correlation 0.3 s beside its peak, as a fraction of it."""
    gain: float
    """Relative change of a channel against green, by the full range of the screen's; mean of both chroma signals."""
    noise: float
    """Standard deviation of the gain for sequences that were not shown, at the same lag."""
    half_lags_s: tuple[float, float]
    """Best lag of the first and of the second half alone, seconds."""


def couple(t: ArrayLike, rgb: ArrayLike, shown: Shown, others: ArrayLike, *, lags: tuple[float, float]) -> Coupling:
    """Find how a trace of colour follows the light.

    Parameters
    ----------
    t : array_like, shape (n,)
        Capture times, seconds, strictly increasing; from `shown.starts[0] + shown.ramps[0] + lags[0]` at the latest to
        `shown.end + lags[1]` at least.
    rgb : array_like, shape (n, 3)
        Mean colour of a region, 0..255.
    shown : Shown
        The light, on any clock that runs as fast as `t`.
    others : array_like, shape (m, s, 3)
        Colours of sequences that could have been shown instead, drawn after the same law.
    lags : (float, float)
        Lowest and highest lag to look at, seconds.

    Raises
    ------
    ValueError
        When the trace does not span the light at all lags.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> draws = rng.random((201, 8, 3))
    >>> shown = Shown(draws[0], 0.6 * np.arange(8), np.full(8, 0.1), 4.8)
    >>> t = np.arange(210) / 30
    >>> skin = (150.0, 110.0, 90.0) * (1 + 0.1 * shown.light(t - 0.3)) + rng.normal(0, 0.5, (210, 3))
    >>> found = couple(t, skin, shown, draws[1:], lags=(-0.1, 1.2))
    >>> bool(abs(found.lag_s - 0.3) < 0.04), found.p < 0.01, bool(abs(found.gain - 0.1) < 0.03)
    (True, True, True)
    """
    template = _Template.of(shown)
    steps = np.arange(round(lags[0] * FS), round(lags[1] * FS) + 1) / FS
    traces = _chroma_at(t, rgb, template.grid[:, None] + steps)
    every = _chroma_of(np.concatenate([shown.colours[None], np.asarray(others, np.float64)]))
    fits = _correlations(template, traces, every)  # (lags, 1 + m)
    best = int(fits[:, 0].argmax())
    gains = _gains(template, traces[:, best], every)
    return Coupling(
        lag_s=float(steps[best]),
        correlation=float(fits[best, 0]),
        p=float(np.mean(fits.max(axis=0) >= fits[best, 0] - 1e-12)),
        sharpness=_sharpness(fits[:, 0], best),
        gain=float(gains[0]),
        noise=float(gains[1:].std()),
        half_lags_s=_half_lags(template, traces, every[..., :1], steps),
    )


def gain_at(t: ArrayLike, rgb: ArrayLike, shown: Shown, *, lag_s: float) -> float:
    """Return the gain (`Coupling.gain`) of a trace at a known lag; arguments as in `couple`."""
    template = _Template.of(shown)
    trace = _chroma_at(t, rgb, template.grid[:, None] + lag_s)[:, 0]
    return float(_gains(template, trace, _chroma_of(shown.colours[None]))[0])


@dataclass(frozen=True, slots=True, eq=False)
class _Template:
    """The light's side of the comparison: what each step contributes, on the grid, without drift."""

    grid: Array
    """(n,) seconds."""
    shares: Array
    """(n, s)"""

    @classmethod
    def of(cls, shown: Shown) -> _Template:
        # The first fade is left out: nobody knows what was on the screen before it.
        first = float(shown.starts[0] + shown.ramps[0])
        grid = first + np.arange(int((shown.end - first) * FS + 1e-6)) / FS
        return cls(grid, _without_drift(shown.shares(grid)))

    def half(self, part: slice) -> _Template:
        return _Template(self.grid[part], _without_drift(self.shares[part]))


def _chroma_at(t: ArrayLike, rgb: ArrayLike, at: Array) -> Array:
    """Interpolate both chroma signals at times (n, lags); return (n, lags, 2)."""
    times, trace = valid_times(t), valid_rgb(rgb)
    if times[0] > at.min() + 1e-6 or times[-1] < at.max() - 1e-6:
        raise ValueError("the trace must span the light at all lags")
    levels = np.log(np.maximum(trace, 1.0))
    return np.stack([np.interp(at, times, levels[:, k] - levels[:, 1]) for k in (0, 2)], axis=-1)


def _chroma_of(colours: Array) -> Array:
    """Red and blue of sequences against their green: (m, s, 3) to (2, s, m)."""
    return np.asarray((colours[..., (0, 2)] - colours[..., 1:2]).T)


def _without_drift(x: Array) -> Array:
    """Take the best polynomial in time off, along the first axis."""
    basis, _ = np.linalg.qr(np.vander(np.linspace(-1, 1, len(x)), DRIFT_ORDER + 1))
    return np.asarray(x - np.tensordot(basis, np.tensordot(basis.T, x, 1), 1))


def _correlations(template: _Template, traces: Array, chroma: Array) -> Array:
    """Correlation at every lag with every sequence: traces (n, lags, 2), chroma (2, s, m) to (lags, m)."""
    flat = _without_drift(traces)
    unit = flat / np.maximum(np.linalg.norm(flat, axis=0), 1e-12)
    return np.asarray((_products(template, unit, chroma) / _lengths(template, chroma)).mean(axis=0))


def _gains(template: _Template, trace: Array, chroma: Array) -> Array:
    """Least-squares gain for every sequence: trace (n, 2), chroma (2, s, m) to (m,)."""
    products = _products(template, _without_drift(trace[:, None]), chroma)
    return np.asarray((products / _lengths(template, chroma) ** 2).mean(axis=0)[0])


def _products(template: _Template, traces: Array, chroma: Array) -> Array:
    """Inner products of traces (n, lags, 2) with every sequence, (2, lags, m); first with each step, for speed."""
    with_steps = np.moveaxis(np.tensordot(traces, template.shares, (0, 0)), 1, 0)  # (2, lags, s)
    # Not `@`: matrices this small are done before the threads of a BLAS have started.
    return np.asarray(np.einsum("kls,ksm->klm", with_steps, chroma))


def _lengths(template: _Template, chroma: Array) -> Array:
    """Norm of each sequence's chroma on the grid, (2, 1, m)."""
    gram = template.shares.T @ template.shares
    return np.asarray(np.sqrt(np.maximum((chroma * (gram @ chroma)).sum(axis=1, keepdims=True), 1e-12)))


def _sharpness(fit: Array, best: int) -> float:
    """Mean fall on both sides of the peak; of one side where the other is out of reach."""
    beside = [i for i in (best - round(BESIDE_S * FS), best + round(BESIDE_S * FS)) if 0 <= i < len(fit)]
    return float(1 - np.mean(fit[beside]) / max(fit[best], 1e-12))


def _half_lags(template: _Template, traces: Array, chroma: Array, steps: Array) -> tuple[float, float]:
    middle = len(template.grid) // 2
    fits = [_correlations(template.half(s), traces[s], chroma) for s in np.s_[:middle, middle:]]
    return float(steps[fits[0].argmax()]), float(steps[fits[1].argmax()])
