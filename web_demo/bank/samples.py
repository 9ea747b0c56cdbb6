"""Sample documents for development: portraits in the public domain, on a card that says it is none.

Nothing is kept in the repository: the portraits come with packages the server's presenter uses anyway.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from liveness_server.evaluation.presenter import portrait

SAMPLES: Final = {"hopper": "Grace Hopper", "astronaut": "Eileen Collins"}
"""Portrait and name."""

SIZE: Final = (1280, 808)
"""Pixels; ISO/IEC 7810 ID-1, 85.6 to 54.0."""
PHOTO: Final = (70, 190, 510, 750)
"""Place of the photograph on the card, pixels."""
CROPS: Final = {"hopper": (60, 40, 452, 539), "astronaut": (95, 5, 355, 336)}
"""Part of each portrait that shows head and shoulders, in its own pixels."""
PAPER, BAND, INK, FAINT = "#e6efe9", "#0b5d4e", "#16302a", "#5b746c"


def document(name: str) -> bytes:
    """The sample document of a portrait, as JPEG. Raises `KeyError` for one that is not offered."""
    card = Image.new("RGB", SIZE, PAPER)
    draw = ImageDraw.Draw(card)
    _background(draw)
    left, top, right, bottom = PHOTO
    photo = Image.fromarray(portrait(name)).crop(CROPS[name])
    card.paste(photo.resize((right - left, bottom - top), Image.Resampling.LANCZOS), (left, top))
    _lines(draw, SAMPLES[name])
    data = io.BytesIO()
    card.save(data, "JPEG", quality=92)
    return data.getvalue()


def _background(draw: ImageDraw.ImageDraw) -> None:
    width, height = SIZE
    for shift in range(-height, width, 26):
        draw.line((shift, height, shift + height, 0), fill="#dbe8e1", width=3)
    draw.rectangle((0, 0, width, 130), fill=BAND)


def _lines(draw: ImageDraw.ImageDraw, name: str) -> None:
    given, family = name.split()
    draw.text((70, 42), "SPECIMEN · IDENTITY CARD", fill="#ffffff", font=ImageFont.load_default(48))
    rows = (("Surname", family), ("Given name", given), ("Document", "NOT A DOCUMENT"), ("Issued by", "Meridian demo"))
    for number, (label, value) in enumerate(rows):
        y = 195 + number * 140
        draw.text((570, y), label, fill=FAINT, font=ImageFont.load_default(32))
        draw.text((570, y + 42), value, fill=INK, font=ImageFont.load_default(54))
