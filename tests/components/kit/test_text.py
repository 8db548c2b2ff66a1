"""Users' text must be shown as it is and never be read as Markdown, HTML, or what Streamlit and Plotly make of it."""

import datetime
import html as html_module
import re

import pytest

from components.kit import text
from components.kit.text import JOINER, NARROW
from tests.sweeping import sweep

HOSTILE = (
    "![x](http://evil.test/a.png)",
    "[x](http://evil.test)",
    "<script>alert(1)</script>",
    "<img src=x onerror='alert(1)'>",
    "$x^2$ and $$y$$",
    ":red[x] :red-background[y]",
    ":material/home: :material_home: :streamlit: :smile:",
    "http://evil.test www.evil.test a@evil.test",
    "`code` **b** _i_ ~~s~~",
    "# head",
    "- item",
    "1. one",
    "> quote",
    "| a | b |",
    "&amp; &#33;",
    "a -> b <- c -- d >= e <= f ~= g <-> h",
    "\\",
    "50 % %{x}",
)
# What Streamlit's Markdown still replaces in text after backslashes are gone.
REPLACED = re.compile(
    r":[\w+-]+:|:material[/_]\w+:|https?://|www\.|[-.\w+]+@[-\w]+\.|(^|\s)(<->|->|<-|--|>=|<=|~=)(\s|$)", re.IGNORECASE
)


def check_markdown(name: str) -> None:
    escaped = text.escape(name)
    unescaped = re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", escaped)
    assert unescaped.replace(JOINER, "") == name
    assert not REPLACED.search(unescaped)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", escaped)
    assert not re.search(r"[!-/:-@\[-`{-~]", bare), "every character with a meaning stands behind a backslash"


def test_escaped_markdown_shows_the_text_and_nothing_else() -> None:
    sweep(check_markdown, [(name,) for name in HOSTILE])


def check_html(name: str) -> None:
    for escaped in (text.html(name), text.figure(name)):
        assert html_module.unescape(escaped) == name
        assert not set(escaped) & set("<>\"'")
    assert "$" not in text.figure(name)
    assert "%{" not in text.figure(name)


def test_html_and_figures_give_the_text_back() -> None:
    sweep(check_html, [(name,) for name in HOSTILE])


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("a\nb\t c", "a b c"),
        ("  four", "four"),
        ("exe\u202egpj.txt", "exe\ufffdgpj.txt"),
        ("a\u2066b\u2069", "a\ufffdb\ufffd"),
        ("nul\x00\x1b[0m", "nul\ufffd\ufffd[0m"),
        ("zero\u200bwidth\ufeff", "zerowidth"),
        ("\udc80bad", "\ufffdbad"),
        ("résumé 猫 مرحبا", "résumé 猫 مرحبا"),
        (f"83.2{NARROW}%", f"83.2{NARROW}%"),
        ("", ""),
    ],
)
def test_plain_is_one_visible_line(given: str, shown: str) -> None:
    assert text.plain(given) == shown


def test_short_keeps_both_ends() -> None:
    assert text.short("short.jpg", 12) == "short.jpg"
    cut = text.short("a_very_long_file_name_0017.jpeg", 20)
    assert len(cut) <= 20
    assert cut.startswith("a_very")
    assert cut.endswith(".jpeg")


def test_numbers_as_people_read_them() -> None:
    said = (
        (text.percent(0.8571), "85.7 %"),
        (text.percent(1.0), "100.0 %"),
        (text.count(816), "816"),
        (text.count(3_781), "3,781"),
        (text.count(1_234_567), "1,234,567"),
        (text.duration(-1), "0 s"),
        (text.duration(0.04), "0.04 s"),
        (text.duration(3.21), "3.2 s"),
        (text.duration(9.96), "10 s"),
        (text.duration(59.6), "1 min"),
        (text.duration(200), "3 min 20 s"),
        (text.duration(1_234), "20 min"),
        (text.duration(3_599.6), "1 h"),
        (text.duration(3_900), "1 h 05 min"),
        (text.duration(7_199), "2 h"),
        (text.remaining(0.0), "1 s left"),
        (text.remaining(9.4), "9 s left"),
        (text.remaining(140.2), "2 min 20 s left"),
        (text.size(512_000), "512 kB"),
        (text.size(1_500_000), "1.5 MB"),
        (text.size(34_200_000), "34 MB"),
        (text.size(999_600_000), "1.0 GB"),
        (text.size(139e9), "139.0 GB"),
    )
    assert [shown.replace(NARROW, " ") for shown, _ in said] == [words for _, words in said]


@pytest.mark.parametrize(
    ("then", "words"),
    [
        ((2026, 5, 4, 11, 59, 30), "just now"),
        ((2026, 5, 4, 11, 55), "5 min ago"),
        ((2026, 5, 4, 9, 0), "3 h ago"),
        ((2026, 5, 3, 9, 0), "yesterday"),
        ((2026, 5, 1, 9, 0), "3 days ago"),
        ((2026, 4, 2, 9, 0), "2 April"),
        ((2024, 4, 2, 9, 0), "2 April 2024"),
        ((2026, 5, 4, 12, 0, 5), "just now"),
    ],
)
def test_moments_are_told_from_now(then: tuple[int, ...], words: str) -> None:
    now = datetime.datetime(2026, 5, 4, 12).timestamp()
    assert text.ago(datetime.datetime(*then).timestamp(), now).replace(NARROW, " ") == words
