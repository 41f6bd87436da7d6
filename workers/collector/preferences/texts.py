"""The words of the page: one set a language, each in a module of its own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Texts:
    """All words of the page in one language; `{shop}`, `{email}`, … stand for values.

    `version` is evidence of what a contact read: it changes with the words on subscriptions.
    """

    language: str
    version: str
    title: str
    intro: str
    intro_without_address: str
    choose: str
    newsletter: str
    newsletter_about: str
    sms: str
    sms_about: str
    subscribed_since: str
    unsubscribed_since: str
    waiting_since: str
    save: str
    all_heading: str
    all_about: str
    all_button: str
    pause_heading: str
    pause_about: str
    pause_button: str
    paused_heading: str
    paused_until: str
    resume_button: str
    saved: str
    unchanged: str
    receives: str
    receives_nothing: str
    old_link: str
    stale_form: str
    confirm_title: str
    confirm_about: str
    confirm_button: str
    confirmed_title: str
    confirmed_about: str
    refused_since_title: str
    refused_since_about: str
    to_preferences: str
    invalid_title: str
    invalid_about: str
    expired_title: str
    expired_about: str
    gone_title: str
    gone_about: str
    too_many_title: str
    too_many_about: str
    unavailable_title: str
    unavailable_about: str
    unreadable_title: str
    unreadable_about: str
    contact: str
    privacy: str
    list_and: str
