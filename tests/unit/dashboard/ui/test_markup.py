"""What a visitor wrote stays text, in markup and in labels."""

from pathlib import Path

import pytest

import dashboard
from dashboard.ui.markup import escape_label, scrollable, tag


@pytest.mark.parametrize("words", ["[x](javascript:a)", "**b**", "<b>", "$x$", "`c`", "# h", "a_b_", "~~c~~"])
def test_no_mark_of_markdown_is_one_in_a_label(words):
    said = escape_label(words)

    assert said.replace("\\", "").replace("\u2060", "") == words
    assert said.startswith("\\") or said[1] == "\\"


@pytest.mark.parametrize("words", [":material/home:", ":smile:", ":red[x]", ":+1:"])
def test_no_shortcode_is_one_in_a_label(words):
    assert words[:3] not in escape_label(words)
    assert ":\u2060" in escape_label(words)


def test_a_clock_in_a_label_stays_as_it_is_read():
    assert escape_label("Every day at 12:30") == "Every day at 12\\:30"


def test_markup_is_escaped():
    assert tag("b", "<script>'\"&") == "<b>&lt;script&gt;&#39;&#34;&amp;</b>"


def test_what_scrolls_is_reached_by_keyboard():
    region = '<pre class="cs-pre" tabindex="0" role="region" aria-label="Event">{}</pre>'

    assert scrollable("pre", "{}", "Event", "cs-pre") == region


def test_raw_text_is_always_shown_so_that_the_keyboard_reaches_it():
    pages = Path(dashboard.__file__).parent.rglob("*.py")

    assert not [page for page in pages if 'tag("pre"' in page.read_text()]
