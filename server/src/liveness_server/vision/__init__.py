"""Pixels to numbers: a frame becomes a `FaceObservation` here and is dropped."""
