"""HTML from us, with text from anywhere: whatever a visitor wrote is escaped here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Literal

import streamlit as st


class Html(str):
    """Markup that we wrote ourselves; every other text is escaped before it is shown."""

    __slots__ = ()


def safe(value: object) -> Html:
    """Escape a value unless it is markup of ours."""
    return value if isinstance(value, Html) else Html(escape(str(value), quote=True))


def escape_label(words: str) -> str:
    """Words as the label of a widget: labels are Markdown, in which these would be marks.

    A backslash does not keep Streamlit from `:material/home:` and `:smile:`: a joiner that nobody
    sees stands in them.  Where a label is read aloud, `labels` takes all of that out again.
    """
    return _SHORTCODE.sub(":\u2060", _MARKS.sub(r"\\\g<0>", words))


_MARKS = re.compile(r"[\\`*_~\[\]<>:$&#]")
_SHORTCODE = re.compile(r":(?=[A-Za-z+-])")


def tag(name: str, content: object, css: str = "") -> Html:
    """An element with escaped content."""
    attribute = f' class="{escape(css, quote=True)}"' if css else ""
    return Html(f"<{name}{attribute}>{safe(content)}</{name}>")


def joined(parts: Iterable[object], separator: str = "") -> Html:
    return Html(separator.join(safe(part) for part in parts))


def show(content: Html) -> None:
    """Put markup on the page; nothing for none."""
    if content:
        st.html(content)


def badge(words: str, tone: str = "quiet") -> Html:
    """A status in a word."""
    return tag("span", words, f"cs-badge {tone}")


def facts(rows: Iterable[tuple[str, object]]) -> Html:
    """Names and values, side by side."""
    pairs = "".join(tag("dt", name) + tag("dd", value) for name, value in rows)
    return Html(f'<dl class="cs-facts">{pairs}</dl>')


def link(address: str, content: object) -> Html:
    """A way to another page of ours."""
    return Html(f'<a class="cs-link" href="{escape(address, quote=True)}" target="_self">{safe(content)}</a>')


def figures(rows: Iterable[tuple[str, str]]) -> Html:
    """Large numbers, each with what it counts below."""
    shown = "".join(
        f"<div>{tag('div', value, 'cs-figure')}{tag('div', name, 'cs-sub')}</div>" for name, value in rows
    )
    return Html(f'<div class="cs-figures">{shown}</div>')


def card_title(words: str) -> Html:
    """The heading of a part of a page."""
    return tag("h2", words, "cs-card-title")


def quiet(words: object) -> Html:
    """Words in the background."""
    return tag("span", words, "cs-quiet")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, faded: Sequence[bool] = ()) -> Html:
    """A small table; the last column holds numbers."""
    last = len(headings) - 1
    head = "".join(tag("th", name, "n" if index == last else "") for index, name in enumerate(headings))
    body = []
    for number, row in enumerate(rows):
        cells = "".join(tag("td", cell, "n" if index == last else "") for index, cell in enumerate(row))
        gone = number < len(faded) and faded[number]
        body.append(f'<tr class="gone">{cells}</tr>' if gone else f"<tr>{cells}</tr>")
    return Html(
        f'<table class="cs-rows"><thead><tr>{head}</tr></thead><tbody>{"".join(body)}</tbody></table>'
    )


def page_title(words: object, about: object = "") -> Html:
    """The page's one heading of the first level, with what to know of it in a line below."""
    below = tag("div", about, "cs-sub") if about else Html("")
    return joined([tag("h1", words, "cs-title"), below])


def empty_state(title: str, advice: object, *, whole: Literal["page", "part"] = "part") -> None:
    """What stands where there is nothing, and what to do about it; `whole` is what it stands for."""
    heading = "h1" if whole == "page" else "h2"
    show(Html(f'<div class="cs-empty">{tag(heading, title)}<div>{safe(advice)}</div></div>'))
