"""How image files become 8-bit pictures."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """One rule for all files of a dataset, and for what its networks see later.

    `integers`, `floats`, `colours`: the values of deep grey integers, of floats, and of deep colour that become black
    and white; (): each file's own bit depth tells.
    """

    rules: int = 1  # 1: of datasets from before there were rules; 2: colour profiles and deep colour count too
    integers: tuple[float, ...] = ()
    floats: tuple[float, ...] = ()
    colours: tuple[float, ...] = ()
    bands: tuple[int, ...] = (1, 2, 3)  # of files with more than three: which are red, green and blue, from 1
    ground: int = 255  # the grey beneath what is transparent


FIRST_RULES, NEWEST = Rendering(), Rendering(rules=2)
