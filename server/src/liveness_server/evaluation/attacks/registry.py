"""The one list of species."""

from __future__ import annotations

from typing import Final

from .lights import LIGHTS
from .prints import PRINTS
from .puppets import PUPPETS
from .screens import SCREENS
from .species import Species
from .streams import STREAMS
from .swaps import SWAPS

SPECIES: Final[dict[str, Species]] = {
    species.name: species for species in (*PRINTS, *SCREENS, *LIGHTS, *PUPPETS, *SWAPS, *STREAMS)
}
"""Name -> species, presentation attacks first."""
