"""The pictures of the built-in examples, six images of each. `python -m tools.example_pictures` writes them anew."""

import tempfile
from pathlib import Path

from PIL import Image

from transfer_core.data.examples import EXAMPLES, Example, draw_wallpaper

FOLDER = Path(__file__).parents[1] / "components" / "kit" / "examples"
COLUMNS, ROWS, TILE_PX, GAP_PX = 3, 2, 128, 10


def picture(example: Example) -> Image.Image:
    """The first image of classes that lie evenly over all of them, in tiles with nothing between them."""
    sheet = Image.new("RGBA", (COLUMNS * (TILE_PX + GAP_PX) - GAP_PX, ROWS * (TILE_PX + GAP_PX) - GAP_PX))
    with tempfile.TemporaryDirectory() as made:
        for _ in draw_wallpaper(Path(made), 0, 1) if example.name == "wallpaper" else example.draw(Path(made), 0):
            pass
        folders = sorted(Path(made).iterdir())
        for place in range(COLUMNS * ROWS):
            folder = folders[place * len(folders) // (COLUMNS * ROWS)]
            row, column = divmod(place, COLUMNS)
            with Image.open(min(folder.iterdir())) as tile:
                sheet.paste(tile, (column * (TILE_PX + GAP_PX), row * (TILE_PX + GAP_PX)))
    return sheet


def main() -> None:
    for example in EXAMPLES:
        picture(example).save(FOLDER / f"{example.name}.webp", quality=75, method=6)


if __name__ == "__main__":
    main()
