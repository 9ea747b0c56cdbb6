"""What a usable picture of a face is: shared by the guidance before the challenges and the quality check after."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import Face


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """Limits of one face's picture."""

    min_luma: float = 50.0
    """Mean luma of the face, 0..255. A choice: no dark recordings were at hand to find where measures break."""
    max_luma: float = 215.0
    """Mean luma of the face, 0..255. A choice, as above."""
    max_clipped: float = 0.35
    """Fraction of face pixels under 16 or over 239: glare or back light. A choice, as above."""
    min_sharpness: float = 8.0
    """Variance of the Laplacian on the face chip, grey levels squared. Softest live clip 16 (5th percentile), others 64
    and more; see server/docs/measurements.md."""

    def problem(self, face: Face) -> str | None:
        """Name what is wrong with this picture, if anything: too_dark, too_bright or blurred."""
        if face.luma < self.min_luma:
            return "too_dark"
        if face.luma > self.max_luma or face.clipped > self.max_clipped:
            return "too_bright"
        return "blurred" if face.sharpness < self.min_sharpness else None
