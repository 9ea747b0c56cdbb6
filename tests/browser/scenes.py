"""What may be wrong with a picture of one person: what the camera sees is changed, not the person."""

from __future__ import annotations

import cv2
import numpy as np

from browser.feed import Picture


def too_far(picture: Picture) -> Picture:
    """The person at one and a half times the distance, in a room as blurred as it is large."""
    height, width = picture.shape[:2]
    room = cv2.GaussianBlur(picture[:, : width // 8], (0, 0), 15)
    room = cv2.resize(room, (width, height))
    h, w = round(height * 0.65), round(width * 0.65)
    top, left = (height - h) // 2, (width - w) // 2
    room[top : top + h, left : left + w] = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA)
    return room


def too_close(picture: Picture) -> Picture:
    height, width = picture.shape[:2]
    h, w = round(height / 1.9), round(width / 1.9)
    top, left = (height - h) // 2, (width - w) // 2
    return cv2.resize(picture[top : top + h, left : left + w], (width, height))


def too_dark(picture: Picture) -> Picture:
    return (picture * 0.12).astype(np.uint8)


def too_bright(picture: Picture) -> Picture:
    return np.clip(picture.astype(np.float32) * 2.2 + 90, 0, 255).astype(np.uint8)


def off_centre(picture: Picture) -> Picture:
    shift = round(picture.shape[1] * 0.27)
    moved = np.empty_like(picture)
    moved[:, shift:] = picture[:, :-shift]
    moved[:, :shift] = picture[:, :1]
    return moved


def several_faces(picture: Picture) -> Picture:
    """The same person twice, side by side."""
    width = picture.shape[1]
    half = picture[:, width // 4 : width * 3 // 4]
    return np.hstack([half, half[:, ::-1]])
