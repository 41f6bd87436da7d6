"""HTML fragments; everything that is not `Markup` is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

import streamlit as st
from markupsafe import Markup, escape


def escape_label(words: str) -> str:
    """Escape text for the label of a widget: labels are Markdown.

    A backslash does not keep Streamlit from `:material/home:` and `:smile:`: a word joiner, which
    is not visible, breaks them up.  `accessible_labels` removes all of that where a label is read aloud.
    """
    return _SHORTCODE.sub(":\u2060", _MARKS.sub(r"\\\g<0>", words))


_MARKS = re.compile(r"[\\`*_~\[\]<>:$&#]")
_SHORTCODE = re.compile(r":(?=[A-Za-z+-])")


def tag(name: str, content: object, css: str = "", **attributes: str | bool | None) -> Markup:
    """An element with escaped content and attributes.

    `css` is its class.  An underscore in an attribute's name stands for a hyphen; True is an
    attribute without a value; None and False leave it out.
    """
    named = {"class": css or None, **attributes}
    return Markup(f"<{name}{''.join(map(_attribute, named.items()))}>{escape(content)}</{name}>")


def _attribute(pair: tuple[str, str | bool | None]) -> str:
    name, value = pair
    if value is None or value is False:
        return ""
    name = name.replace("_", "-")
    return f" {name}" if value is True else f' {name}="{escape(value)}"'


def joined(parts: Iterable[object], separator: str = "") -> Markup:
    return escape(separator).join(map(escape, parts))


def show(content: Markup) -> None:
    """Show markup on the page, unless it is empty."""
    if content:
        st.html(content)


def badge(words: str, tone: str = "quiet") -> Markup:
    """A status as a coloured label."""
    return tag("span", words, f"cs-badge {tone}")


def facts(rows: Iterable[tuple[str, object]]) -> Markup:
    """A definition list of names and values."""
    return tag("dl", joined(tag("dt", name) + tag("dd", value) for name, value in rows), "cs-facts")


def link(address: str, content: object, css: str = "cs-link", **attributes: str | bool | None) -> Markup:
    """A link within the dashboard; the router follows it without reloading."""
    return tag("a", content, css, href=address, target="_self", **attributes)


def figures(rows: Iterable[tuple[str, str]]) -> Markup:
    """Large numbers, each above its label."""
    shown = (tag("div", tag("div", value, "cs-figure") + tag("div", name, "cs-sub")) for name, value in rows)
    return tag("div", joined(shown), "cs-figures")


def card_title(words: str) -> Markup:
    """The heading of a part of a page."""
    return tag("h2", words, "cs-card-title")


def quiet(words: object) -> Markup:
    """Secondary text."""
    return tag("span", words, "cs-quiet")


def bullet_list(items: Iterable[object], css: str = "cs-list") -> Markup:
    """Items below each other."""
    return tag("ul", joined(tag("li", item) for item in items), css)


def menu(links: Iterable[tuple[str, str]], *, label: str, current: str) -> Markup:
    """Links side by side, by address and text; `current` is the address of the marked one."""
    items = (
        link(address, text, "", aria_current="page" if address == current else None)
        for address, text in links
    )
    return tag("nav", joined(items), "cs-menu", aria_label=label)


def scrollable(name: str, content: object, label: str, css: str = "") -> Markup:
    """An element that scrolls when it is full: the keyboard reaches it, and `label` is read aloud."""
    return tag(name, content, css, tabindex="0", role="region", aria_label=label)


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], *, faded: Sequence[bool] = ()) -> Markup:
    """A small table; the last column holds numbers."""
    last = len(headings) - 1

    def line(cell: str, row: Sequence[object]) -> Markup:
        return joined(tag(cell, content, "n" if index == last else "") for index, content in enumerate(row))

    body = joined(
        tag("tr", line("td", row), "gone" if number < len(faded) and faded[number] else "")
        for number, row in enumerate(rows)
    )
    return tag("table", tag("thead", tag("tr", line("th", headings))) + tag("tbody", body), "cs-rows")


def page_title(words: object, about: object = "") -> Markup:
    """The page's first-level heading, with a line below."""
    return tag("h1", words, "cs-title") + (tag("div", about, "cs-sub") if about else "")


def empty_state(title: str, advice: object, *, whole: Literal["page", "part"] = "part") -> None:
    """An empty state with advice; `whole` is what it replaces."""
    heading = "h1" if whole == "page" else "h2"
    show(tag("div", tag(heading, title) + tag("div", advice), "cs-empty"))
