"""The declarations behind the preference page: how it looks, what signs its links, and double opt-in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

COLOUR = "#2f5d50"
"""The colour of the preference page where the account declares none."""


@dataclass(frozen=True)
class Preferences:
    """The preference page of the account.

    Parameters:
      url(str): The public address of the collector, without a slash at its end.
      secrets(tuple): Environment variables with what signs links: the first signs, all are accepted.
      colour(str): Of buttons and headings, as `#rrggbb`.
      logo(str): The address of an image; empty for none.
      contact(str): An email address or a page where the shop can be reached; empty for none.
      privacy(str): The address of the privacy policy; empty for none.
    """

    url: str
    secrets: tuple[str, ...]
    colour: str = COLOUR
    logo: str = ""
    contact: str = ""
    privacy: str = ""


@dataclass(frozen=True)
class DoubleOptIn:
    """The confirmation of subscriptions that a browser reports.

    Parameters:
      webhook(str): The webhook that mails the link, one of settings.yaml.
      expires(timedelta): After how long an unconfirmed request ends, and its link with it.
      remind_after(timedelta): The time between the request and the first reminder, and between reminders.
      reminders(int): How many reminders go out.
    """

    webhook: str
    expires: timedelta = timedelta(days=7)
    remind_after: timedelta = timedelta(days=2)
    reminders: int = 1


def text_colour(background: str) -> str:
    """Return black or white, whichever reads better on a colour given as `#rrggbb`.

    Source: WCAG 2.2, relative luminance and contrast ratio.
    """
    red, green, blue = (_linear(int(background[at : at + 2], 16) / 255) for at in (1, 3, 5))
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else float(((channel + 0.055) / 1.055) ** 2.4)
