"""Small drawings that say what the flowchart's answers mean: two for each question, in a field of 96 by 48."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Picture:
    alt: str
    svg: str  # what goes inside a <g>; classes ink, soft, faint and paper take the theme's colours


def _photo(x: float, y: float, side: float) -> str:
    """A photo's sign: a frame with a sun and a hill."""
    return (
        f'<g transform="translate({x} {y}) scale({side / 20})"><rect width="20" height="20" rx="3" class="faint"/>'
        '<circle cx="6" cy="6.5" r="2.2" class="soft"/><path d="M2 17 8 9.5 12 14l2.5-2.5L18 17z" class="soft"/></g>'
    )


FEW = "".join(_photo(4 + 31 * column, 11, 26) for column in range(3))
WALL = "".join(_photo(1 + 9.5 * column, 0.5 + 9.5 * row, 8.5) for row in range(5) for column in range(10))

DOG = (
    '<g><rect width="46" height="46" rx="6" fill="#cfe6ee"/><rect y="34" width="46" height="12" fill="#9cc08a"/>'
    '<path d="M10 12C5 15 4 27 9 31c5 0 6-8 6-15zM36 12c5 3 6 15 1 19-5 0-6-8-6-15z" fill="#74441d"/>'
    '<ellipse cx="23" cy="22" rx="12" ry="13.5" fill="#bd7d43"/>'
    '<ellipse cx="23" cy="29" rx="7.5" ry="7" fill="#f0dcc0"/>'
    '<circle cx="18" cy="19" r="1.9" fill="#23160d"/><circle cx="28" cy="19" r="1.9" fill="#23160d"/>'
    '<path d="M20 25.5h6l-3 3.4z" fill="#23160d"/>'
    '<path d="M23 29v2.5m0 0q-2.5 2.5-4.5.4m4.5-.4q2.5 2.5 4.5.4" fill="none" stroke="#23160d"/></g>'
)
CUP = (
    '<g transform="translate(50)"><rect width="46" height="46" rx="6" fill="#f1e5d2"/>'
    '<path d="M0 32h46v8a6 6 0 0 1-6 6H6a6 6 0 0 1-6-6z" fill="#b98552"/>'
    '<path d="M32 20c8-2 9 11-1 11" fill="none" stroke="#35708a" stroke-width="3"/>'
    '<path d="M11 17h22v11q0 8-8 8h-6q-8 0-8-8z" fill="#3f86a3"/>'
    '<ellipse cx="22" cy="17" rx="11" ry="3" fill="#58331a"/>'
    '<path d="M18 11q-3-3 0-6m8 6q-3-3 0-6" fill="none" stroke="#b3a48c" stroke-width="1.6"/></g>'
)
SCAN = (
    '<g><rect width="46" height="46" rx="6" fill="#0a0d0f" stroke="#3a4245"/>'
    '<ellipse cx="23" cy="23" rx="15.5" ry="19" fill="#d5dadb"/>'
    '<ellipse cx="23" cy="23" rx="13.5" ry="17" fill="#4d5658"/>'
    '<path d="M23 7v32" stroke="#15191b" stroke-width="1.4"/>'
    '<g fill="none" stroke="#8d979a" stroke-width="1.8" stroke-linecap="round"><path d="M19 9q-5 1-6 6m5-1q-5 3-7 8'
    'm3 1q-4 4-1 9m3 3q2 2 5 2"/><path d="M27 9q5 1 6 6m-5-1q5 3 7 8m-3 1q4 4 1 9m-3 3q-2 2-5 2"/></g>'
    '<path d="M21 18q-4 4-1 10 2-5 1-10zM25 18q4 4 1 10-2-5-1-10z" fill="#101416"/>'
    '<circle cx="30.5" cy="29" r="3" fill="#f4f6f6"/></g>'
)
PATTERN = (
    '<g transform="translate(50)"><rect width="46" height="46" rx="6" fill="#f3eee0"/>'
    '<g fill="none" stroke="#5a3f86" stroke-width="3.2">'
    + "".join(f'<path d="M2 {y}l7-6 7 6 7-6 7 6 7-6 7 6"/>' for y in (10, 20, 30, 40))
    + '</g><g fill="#c4621f">'
    + "".join(f'<circle cx="{x}" cy="{y}" r="1.7"/>' for y in (14.5, 24.5, 34.5) for x in (9, 23, 37))
    + "</g></g>"
)
LAPTOP = (
    '<rect x="25" y="6" width="46" height="30" rx="3" class="soft"/>'
    '<rect x="28" y="9" width="40" height="24" class="paper"/>'
    '<path d="M34 27l7-7 6 4 12-10" class="stroke"/><path d="M18 42 24 36h48l6 6q0 2-3 2H21q-3 0-3-2z" class="soft"/>'
)
RACK = "".join(
    f'<g transform="translate({4 + 31 * column} 0)"><rect width="26" height="47" rx="2.5" class="soft"/>'
    + "".join(
        f'<rect x="2.5" y="{2.5 + 10.8 * row}" width="21" height="9" rx="1.5" class="paper"/>'
        f'<circle cx="8" cy="{7 + 10.8 * row}" r="3" class="faint"/>'
        f'<circle cx="16" cy="{7 + 10.8 * row}" r="3" class="faint"/>'
        f'<circle cx="21.3" cy="{7 + 10.8 * row}" r="1.1" class="ink"/>'
        for row in range(4)
    )
    + "</g>"
    for column in range(3)
)

PICTURES: dict[str, Picture] = {  # by the option that each explains
    "size-small": Picture(alt="Drawing: three photos", svg=FEW),
    "size-large": Picture(alt="Drawing: a wall of fifty photos", svg=WALL),
    "similarity-similar": Picture(alt="Drawing: photos of a dog and of a cup", svg=DOG + CUP),
    "similarity-different": Picture(alt="Drawing: a brain scan and a woven pattern", svg=SCAN + PATTERN),
    "budget-limited": Picture(alt="Drawing: a laptop", svg=LAPTOP),
    "budget-ample": Picture(alt="Drawing: racks of graphics processors", svg=RACK),
}
