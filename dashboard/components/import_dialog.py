"""The place of import beside the list: what is to come, and what works today."""

from __future__ import annotations

from dashboard.components.text import Html, card_title, joined, link, show, tag


def importing() -> None:
    """What an import will do, and the ways in that there are now."""
    _missing(
        "The form for importing is not built yet",
        "Here you will choose which column goes where, and see the first rows as they would be stored.",
    )
    _today(
        Html(
            "On the server, <code>sheets import FILE</code> takes CSV and Excel files as other tools write "
            "them; <code>--dry-run</code> says beforehand what would become of each row. How far it is, what "
            "was refused and the way back are under <b>History</b>."
        ),
        Html("<b>New contact</b> makes one at a time."),
        Html(
            "The shop's server sends any number: <code>POST /v1/batch</code> with a secret key "
            f"({link('?page=settings&section=keys', 'Settings, Keys')}) and one <code>identify</code> for "
            "each contact."
        ),
    )


def _missing(title: str, words: str) -> None:
    show(Html(f'<div class="cs-empty">{tag("h2", title)}{tag("span", words)}</div>'))


def _today(*ways: Html) -> None:
    lines = joined(tag("li", way) for way in ways)
    show(joined([card_title("What works today"), Html(f'<ul class="cs-list">{lines}</ul>')]))
