"""The attack lab: rendered attacks on one's own system, one registry of species.

Rendered, not recorded: what they show is what their authors thought of. Every species says what it cannot show.
"""

from .performer import Performer
from .registry import SPECIES
from .source import Source, Still
from .sources import ClipSource, PortraitSource
from .species import Family, Frames, Species, Timing

__all__ = [
    "SPECIES",
    "ClipSource",
    "Family",
    "Frames",
    "Performer",
    "PortraitSource",
    "Source",
    "Species",
    "Still",
    "Timing",
]
