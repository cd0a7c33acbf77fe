"""The lessons and the page's words, in every language; the signals and pictures that lessons begin with."""

import json
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["LANGUAGES", "lessons", "pictures", "signals", "words"]

LANGUAGES = ("en", "zh")


@cache
def _read(name: str) -> Any:
    return json.loads((files(__package__) / name).read_text(encoding="utf-8"))


def lessons() -> list[dict[str, Any]]:
    """In their order: `id`; `lab`, which panel shows it; `title` and `text` by language; `set`, what the panel begins with."""
    found: list[dict[str, Any]] = _read("lessons.json")
    return found


def words() -> dict[str, dict[str, str]]:
    """The words of the page by language, and by a key."""
    found: dict[str, dict[str, str]] = _read("words.json")
    return found


def signals() -> dict[str, Any]:
    """Signals that a visitor may pick, s8 but for the heart's; and a sound's samples a second."""
    time = np.arange(14)
    noise = np.random.default_rng(5).integers(-14, 15, 14)
    return {
        "impulse": _impulse(14, 0, 16),
        "two strokes": _impulse(14, 1, 32) + _impulse(14, 4, 32),
        "step": np.where(time < 5, 0, 40),
        "noisy step": np.where(time < 7, -20, 20) + noise,
        "wave": np.round(40 * np.sin(2 * np.pi * time / 8)).astype(int),
        "outdoor": np.round(12 - 10 * np.cos(2 * np.pi * (time - 3) / 14)).astype(int),
        "ramp": time * 4,
        "heart": heart(),
    }


def _impulse(size: int, place: int, height: int) -> npt.NDArray[np.int64]:
    found = np.zeros(size, np.int64)
    found[place] = height
    return found


def heart(samples: int = 512) -> npt.NDArray[np.int64]:
    """An electrocardiogram, 16 bits: PyWavelets', with mains hum added, at 360 samples a second."""
    import pywt.data

    clean = np.asarray(pywt.data.ecg()[:samples], np.int64)
    hum = 60 * np.sin(2 * np.pi * 60 * np.arange(samples) / 360)
    return clean + np.asarray(np.round(hum), np.int64)


def pictures(side: int) -> dict[str, Any]:
    """Pictures of 8 bits: a part of the demo's photo, an edge, a letter, and dots."""
    edge = np.full((side, side), 40)
    edge[:, side // 2 :] = 200
    edge[: side // 3, :] = 120
    letter = np.full((side, side), 30)
    for row, text in enumerate(("#######", "#......", "#......", "#####..", "#......", "#......", "#......")):
        for column, mark in enumerate(text):
            if mark == "#":
                letter[2 + 4 * row : 6 + 4 * row, 2 + 4 * column : 6 + 4 * column] = 220
    dots = np.zeros((side, side), np.int64)
    dots[side // 4, side // 4] = 255
    dots[side // 2, -4] = 160
    dots[-5, side // 3] = 200
    return {"photo": photo(side), "letter": letter, "edge": edge, "dots": dots}


def photo(side: int) -> npt.NDArray[np.int64]:
    """The face in the demo's photo, `side` pixels wide and high."""
    from ..demo import load_photo

    grey = np.asarray(load_photo(None).grey, np.float64)
    part = grey[30:382, 90:442]
    block = part.shape[0] // side
    means = part[: block * side, : block * side].reshape(side, block, side, block).mean(axis=(1, 3))
    return np.asarray(np.round(means), np.int64)
