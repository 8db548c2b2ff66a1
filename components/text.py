"""Words and numbers as people read them, and the one place where users' own text is made safe to show."""

import html as _html
import re
import time
from datetime import datetime

NARROW = "\u202f"  # no-break space, thin: between thousands, and between a number and its unit
JOINER = "\u2060"  # has no width and breaks no line; it keeps patterns from matching
BLANKS = re.compile(r"[^\S\u00a0\u202f]+")  # no-break spaces stay
UNSEEN = re.compile("[\u00ad\u061c\u200b-\u200f\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
OVERRIDES = re.compile("[\u202a-\u202e\u2066-\u2069]")  # turn the reading direction: "gpj.exe" for "exe.jpg"
UNSHOWABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufff9-\ufffb]")

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What Streamlit replaces in text that Markdown has already parsed, where a backslash no longer helps: shortcodes and
# icons (":smile:"), links ("http://x", "www.x", "a@b.c") and arrows ("->").
REPLACED = re.compile(r"(?<=:)(?=\S)|(?<=@)(?=\S)|(?<=www)(?=\.)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)


def plain(text: str) -> str:
    """One line of visible characters, for places that show text as it is: select boxes, data frames, JSON for drawings.

    White space becomes single spaces; invisible characters go; those that reverse the reading direction or cannot be
    shown become U+FFFD, so that a disguised name looks odd instead of innocent.
    """
    line = BLANKS.sub(" ", UNSEEN.sub("", text)).strip()
    return UNSHOWABLE.sub("\ufffd", OVERRIDES.sub("\ufffd", line))


def escape(text: str) -> str:
    """For Markdown: `st.markdown`, captions, and the labels and options of buttons, pills, tabs and toasts."""
    return PUNCTUATION.sub(r"\\\1", REPLACED.sub(JOINER, plain(text)))


def html(text: str) -> str:
    """For HTML, between tags or inside a quoted attribute."""
    return _html.escape(plain(text), quote=True)


def figure(text: str) -> str:
    """For anything Plotly draws, which reads a little HTML (`<b>`, `<a href>`), `$LaTeX$` and, in hovers, `%{...}`."""
    return html(text).replace("$", "&#36;").replace("%{", "%&#123;")


def short(text: str, most: int = 28) -> str:
    """At most `most` characters, the middle left out: the end of a name often tells it from the next. Not escaped."""
    line = plain(text)
    if len(line) <= most:
        return line
    tail = (most - 1) // 3
    return f"{line[: most - 1 - tail].rstrip()}…{line[-tail:].lstrip()}"


def percent(fraction: float) -> str:
    """0.8571 -> 85.7 %"""
    return f"{100 * fraction:.1f}{NARROW}%"


def count(number: int) -> str:
    """12345 -> 12,345"""
    return f"{number:,}"


def duration(seconds: float) -> str:
    """0.84 s, 12 s, 3 min 20 s, 1 h 05 min"""
    if seconds < 9.95:
        return f"{seconds:.1f}{NARROW}s" if seconds >= 0.95 else f"{max(seconds, 0.0):.2f}{NARROW}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}{NARROW}s"
    if whole < 3_600:
        minutes, rest = divmod(whole, 60)
        return f"{minutes}{NARROW}min" + (f" {rest}{NARROW}s" if rest and minutes < 10 else "")
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours}{NARROW}h" + (f" {minutes:02d}{NARROW}min" if minutes else "")


def moment(seconds: float) -> str:
    """A round time on an axis: 0.5 s, 20 s, 5 min, 2 h"""
    unit, length = next((u, n) for u, n in (("h", 3_600), ("min", 60), ("s", 0)) if seconds >= n)
    return f"{seconds / (length or 1):g}{NARROW}{unit}"


def size(number_of_bytes: float) -> str:
    """512 kB, 34 MB, 1.2 GB: powers of 1,000"""
    kilo, mega = number_of_bytes / 1e3, number_of_bytes / 1e6
    if mega < 0.9995:
        return f"{kilo:.0f}{NARROW}kB"
    if mega < 999.5:
        return f"{mega:.1f}{NARROW}MB" if mega < 9.95 else f"{mega:.0f}{NARROW}MB"
    return f"{mega / 1e3:.1f}{NARROW}GB"


def ago(then: float, now: float | None = None) -> str:
    """How long ago a moment was: just now, 5 min ago, 3 h ago, yesterday, 4 May, 4 May 2024. Seconds since 1970."""
    moment = time.time() if now is None else now
    passed = moment - then
    day, today = datetime.fromtimestamp(then), datetime.fromtimestamp(moment)
    if passed < 60:
        return "just now"
    if passed < 3_600:
        return f"{int(passed // 60)}{NARROW}min ago"
    days = (today.date() - day.date()).days
    if days == 0 or passed < 6 * 3_600:
        return f"{int(passed // 3_600)}{NARROW}h ago"
    if days == 1:
        return "yesterday"
    if days < 7:
        return f"{days} days ago"
    return f"{day.day} {day:%B}" + (f" {day.year}" if day.year != today.year else "")
