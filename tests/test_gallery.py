"""The gallery on a small picture: the piece is found, the page is written, and not if a result is wrong."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from convolver import demo, gallery
from convolver.demo import Photo
from convolver.plan import lower
from convolver.sim import golden


class Device:
    """Stands in for a twin: the golden model, with every result of one more if `wrong`."""

    def __init__(self, design: Any, wrong: bool = False) -> None:
        self.design, self.wrong, self.clocks = design, wrong, 0

    def __call__(self, samples: Any) -> Any:
        self.clocks += 1
        return golden.run(self.design, samples) + self.wrong

    def status(self) -> dict[str, int]:
        return {"clocks": self.clocks, "clocks_a_second": 1}

    def close(self) -> None:
        pass


def photo() -> Photo:
    pixels = np.random.default_rng(7).integers(0, 256, (40, 50, 3)).astype(np.uint8)
    return Photo("noise", pixels)


@pytest.mark.parametrize("place", [(0, 0), (25, 35), (11, 3)])
def test_a_piece_is_found_where_it_was_taken(place: tuple[int, int]) -> None:
    grey = photo().grey
    search = gallery.template(grey, place)
    assert sum(search.weights) == 0
    found = gallery.Found(
        place, demo.open_twins([search], lambda _: None)[0](grey) if place == (11, 3) else golden.run(search, grey)
    )
    assert found.peak == place
    assert found.lead > 1


def test_the_piece_of_the_demos_photo_is_found_and_stands_out() -> None:
    grey = demo.load_photo(None).grey
    found = gallery.Found(gallery.PATCH, golden.run(gallery.template(grey, gallery.PATCH), grey))
    assert found.peak == gallery.PATCH
    page = Path(__file__).parent.parent.joinpath("docs", "gallery.md").read_text(encoding="utf-8")
    assert f"{found.lead:.2f} times any" in page


def test_the_page_promises_what_todays_plans_do() -> None:
    page = Path(__file__).parent.parent.joinpath("docs", "gallery.md").read_text(encoding="utf-8")
    for name, (design, _) in gallery.FILTERS.items():
        planes = 1 if name in gallery.GREY else 3
        for size in ((600, 512), (1080, 1920)):
            clocks = planes * lower(design).timing.frame_clocks(*size)
            assert f"| {name}, {size[0]} rows of {size[1]} | {planes * size[0] * size[1]} | {clocks} | {clocks} |" in page


@pytest.mark.parametrize("wrong", [None, *range(len(gallery.FILTERS) + 1)])
def test_the_page_is_written_if_every_result_is_right(
    wrong: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        gallery, "open_twins", lambda designs, _: [Device(design, number == wrong) for number, design in enumerate(designs)]
    )
    page = tmp_path / "gallery.md"
    whole = tmp_path / "build" / "gallery"
    assert gallery.make(photo(), (11, 3), (60, 90), page, whole, lambda *_: None) == (wrong is None)
    if wrong is not None:
        assert not page.exists()
        assert not whole.exists()
        return
    assert sorted(path.stem for path in whole.iterdir()) == sorted(["before", *gallery.FILTERS])
    for path in whole.iterdir():
        with Image.open(path) as image:
            assert image.size == (90, 60)
    text = page.read_text(encoding="utf-8")
    assert "stands at row 11,\ncolumn 3, and is " in text
    assert "| edges, 60 rows of 90 | 5400 | 1 |" in text
    shown = [line.split("(")[1].strip(")") for line in text.splitlines() if line.startswith("![")]
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == sorted(Path(name).name for name in shown)
    for name in shown:
        with Image.open(tmp_path / name) as image:
            assert min(image.size) >= 40
    with Image.open(tmp_path / "pictures" / "gallery-patch.png") as image:
        red = np.argwhere((np.asarray(image.convert("RGB")) == (255, 0, 0)).all(axis=-1))
    assert red.min(axis=0).tolist() == [3, 1]  # the frames' upper left, around the piece and around the peak
