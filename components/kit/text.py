"""Words and numbers as people read them, and the one place where users' own text is made safe to show on a page."""

import re
import time
from datetime import datetime

from transfer_core import words
from transfer_core.types import Remark

JOINER = "\u2060"  # has no width and breaks no line; it keeps patterns from matching

PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
# What Streamlit replaces in text that Markdown has already parsed, where a backslash no longer helps: shortcodes and
# icons (":smile:"), links ("http://x", "www.x", "a@b.c") and arrows ("->").
REPLACED = re.compile(r"(?<=:)(?=\S)|(?<=@)(?=\S)|(?<=www)(?=\.)|(?<=[-<>~])(?=[-=>])", re.IGNORECASE)

plain, html, figure, short = words.plain, words.safe, words.in_figure, words.short
count, percent, between, signed, rate = words.count, words.percent, words.between, words.signed, words.rate
duration, remaining, size = words.duration, words.remaining, words.size
cell, NARROW = words.cell, words.NARROW


def escape(text: str) -> str:
    """For Markdown: `st.markdown`, captions, and the labels and options of buttons, pills, tabs and toasts."""
    return PUNCTUATION.sub(r"\\\1", REPLACED.sub(JOINER, plain(text)))


def tags(remark: Remark) -> str:
    """ "#paper #baseline" for Markdown; '' where there are none."""
    return escape(" ".join(f"#{tag}" for tag in remark.tags))


def file_stem(name: str) -> str:
    """ "my-photos": letters, digits and dashes of a name, for a file that carries it."""
    return re.sub(r"[^\w]+", "-", plain(name)).strip("-_")[:60]


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
