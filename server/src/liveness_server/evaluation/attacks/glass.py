"""Coloured light on a screen that is itself the instrument: it shines on its own, and its glass reflects a little.

A model, not a measurement. What a screen shows does not grow with the light that falls on it, as paper and skin do; the
glass adds a veil of the light's own colour, the same over the whole screen. A page that mirrors itself in the glass
would be a brighter patch where the angles are right: `VEIL` is for a hand that turns it away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from ...vision.landmarks import Picture
from ..presenter.light import GAMMA, Glow, Grey, Reflection, Step

VEIL: Final = 0.005
"""Light that the glass throws back of a full channel, over the instrument's own white. 72 lux (`Reflection.skin`) on
glass that scatters 2 % give 0.5 cd/m2, and a phone's white has 400: 0.001. A mirror image of a page of 300 cd/m2 in
glass of 4 %, or 1 % where it is coated, gives 0.03 or 0.008 where it is seen. Chosen between the two."""


class GlassGlow(Glow):
    """The light falls on the room as ever; over the screen, `near`, it is a veil."""

    def __init__(self, steps: Sequence[Step], t: float, *, veil: float = VEIL) -> None:
        super().__init__(steps, t, Reflection(skin=0.0))
        self._veil = veil

    def fall_on(self, rgb: Picture, skin: NDArray[np.float32] | None, t: float) -> Grey:
        """The lit scene in grey levels; `skin` is a weight map of any size of where the screen is."""
        lit = super().fall_on(rgb, skin, t)
        if skin is None:
            return lit
        near = cv2.resize(skin, rgb.shape[1::-1], interpolation=cv2.INTER_LINEAR)[..., None]
        veil = (self._veil * near * self._shown.light([t])[0]).astype(np.float32)
        return np.asarray(255 * ((lit / 255) ** GAMMA + veil) ** (1 / GAMMA), dtype=np.float32)
