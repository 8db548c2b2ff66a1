"""Words and numbers as people read them, and where users' own text is made safe for HTML, on pages and in reports."""

import html
import re
from collections.abc import Sequence

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet runs a cell that begins so
NARROW = "\u202f"  # no-break space, thin: between a number and its unit
BLANKS = re.compile(r"[^\S\u00a0\u202f]+")  # no-break spaces stay
UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
# What cannot be shown, and what turns the reading direction: "gpj.exe" for "exe.jpg".
UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb\u202a-\u202e\u2066-\u2069]")


def plain(text: str) -> str:
    """One line of visible characters, for places that show text as it is: select boxes, data frames, JSON for drawings.

    White space becomes single spaces; invisible characters go; those that reverse the reading direction or cannot be
    shown become U+FFFD, so that a disguised name looks odd instead of innocent.
    """
    return UNSHOWABLE.sub("\ufffd", BLANKS.sub(" ", UNSEEN.sub("", text)).strip())


def safe(text: str) -> str:
    """For HTML, between tags or inside a quoted attribute."""
    return html.escape(plain(text), quote=True)


def in_figure(text: str) -> str:
    """For anything Plotly draws, which reads a little HTML, `$LaTeX$` and, in hovers, `%{...}`."""
    return safe(text).replace("$", "&#36;").replace("%{", "%&#123;")


def short(text: str, most: int = 28) -> str:
    """At most `most` characters, the middle left out: the end of a name often tells it from the next. Not escaped."""
    line = plain(text)
    if len(line) <= most:
        return line
    tail = (most - 1) // 3
    return f"{line[: most - 1 - tail].rstrip()}…{line[-tail:].lstrip()}"


def count(number: float) -> str:
    return f"{number:,.0f}"


def some(number: int, what: str) -> str:
    """ "1 image", "1,020 images" """
    return f"{number:,} {what}" + ("" if number == 1 else "s")


def listed(words: Sequence[str]) -> str:
    """ "a, b and c" """
    return " and ".join([", ".join(words[:-1])] * (len(words) > 1) + [*words[-1:]])


def percent(share: float | None, digits: int = 1, *, gap: str = NARROW) -> str:
    """ "75.5 %"; `gap`: what stands before the sign."""
    return "" if share is None else f"{100 * share:.{digits}f}{gap}%"


def between(low: float, high: float) -> str:
    """The 95 % interval of a share: "75.5 to 83.6 %" """
    return f"{100 * low:.1f} to {100 * high:.1f}{NARROW}%"


def cell(text: str) -> str:
    """For a table that a spreadsheet opens: what would be a formula there begins with an apostrophe."""
    return f"'{text}" if text.startswith(FORMULA) else text


def from_cell(text: str) -> str:
    """What `cell` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text


def signed(value: float, digits: int = 1) -> str:
    """With its sign, a true minus: −0.5, 0.0, +1,200.0"""
    rounded = round(value, digits)
    return f"{'−' if rounded < 0 else '+' if rounded > 0 else ''}{abs(rounded):,.{digits}f}"


def rate(value: float) -> str:
    """A learning rate, two digits: "0.03", "0.0013", "5e-05" """
    return f"{value:.2g}"


def chance(p: float) -> str:
    """A p value: "0.041", "< 0.001" """
    return f"{p:.3f}" if p >= 0.001 else f"<{NARROW}0.001"


def duration(seconds: float) -> str:
    """0.84 s, 12 s, 3 min 20 s, 1 h 05 min"""
    if seconds < 0.005:
        return f"0{NARROW}s"
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s" if seconds >= 0.95 else f"{seconds:.2f}{NARROW}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NARROW}s"
    if whole < 3_600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{NARROW}min" + (f" {rest}{NARROW}s" if rest and minutes < 10 else "")
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours}{NARROW}h" + (f" {minutes:02d}{NARROW}min" if minutes else "")


def remaining(seconds: float) -> str:
    """What is still to wait, which is a guess: "8 s left", "3 min 20 s left"; never less than a second."""
    whole = max(1, round(seconds))
    return f"{whole}{NARROW}s left" if whole < 10 else f"{duration(whole)} left"


def size(number_of_bytes: float) -> str:
    """512 kB, 34 MB, 1.2 GB: powers of 1,000"""
    kilo, mega = number_of_bytes / 1e3, number_of_bytes / 1e6
    if mega < 0.9995:
        return f"{kilo:.0f}{NARROW}kB"
    if mega < 999.5:
        return f"{mega:.1f}{NARROW}MB" if mega < 9.95 else f"{mega:.0f}{NARROW}MB"
    return f"{mega / 1e3:.1f}{NARROW}GB"
