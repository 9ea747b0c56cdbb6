"""The rendered presenter: a portrait in the public domain that turns, blinks and listens to challenges.

It is a test instrument and by nature a reenactment attack (a puppet): use it to exercise the server, never as evidence
that a live person passes.
"""

from .behaviour import Answer, Behaviour
from .motion import MOVES
from .portraits import PORTRAITS, portrait
from .presenter import Presenter

__all__ = ["MOVES", "PORTRAITS", "Answer", "Behaviour", "Presenter", "portrait"]
