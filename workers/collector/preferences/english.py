"""The page in English."""

from workers.collector.preferences.texts import Texts

ENGLISH = Texts(
    language="en",
    version="en 1",
    title="Your preferences",
    intro="Choose what {shop} sends to {address}.",
    intro_without_address="Choose what {shop} sends you.",
    choose="I would like to receive",
    newsletter="Newsletter",
    newsletter_about="News and offers by email.",
    sms="Text messages (SMS)",
    sms_about="News and offers to your mobile phone.",
    subscribed_since="Subscribed since {day}",
    unsubscribed_since="Unsubscribed on {day}",
    waiting_since="Waiting for your confirmation since {day}",
    save="Save preferences",
    all_heading="Prefer to receive nothing?",
    all_about="{shop} will not send you any newsletters or offers.",
    all_button="Unsubscribe from everything",
    pause_heading="Take a break?",
    pause_about="You get no emails at all for {days} days; afterwards all is as it is now.",
    pause_button="Pause emails for {days} days",
    paused_heading="Your emails are paused",
    paused_until="You get no emails until {day}.",
    resume_button="Get emails again",
    saved="Saved.",
    unchanged="Nothing was changed.",
    receives="You receive: {list}.",
    receives_nothing="You do not receive any newsletters or offers.",
    old_link=(
        "This link is from an old message. You can unsubscribe with it; to subscribe again, use the link in"
        " a newer message."
    ),
    stale_form="This page was open for too long, and nothing was saved. Here is what holds now.",
    confirm_title="Confirm your subscription",
    confirm_about=(
        "{address} was entered at {shop} to receive: {list}. If that was you, please confirm. If not, close"
        " this page: you will receive nothing."
    ),
    confirm_button="Yes, subscribe me",
    confirmed_title="You are subscribed",
    confirmed_about="Thank you. From now on {shop} sends you: {list}.",
    refused_since_title="You have unsubscribed",
    refused_since_about=(
        "You unsubscribed after this message was sent, and that holds. If you want to subscribe again, use "
        "your preferences."
    ),
    to_preferences="Change your preferences",
    invalid_title="This link does not work",
    invalid_about="It is incomplete or was changed. Open it from the message once more, or copy all of it.",
    expired_title="This link has expired",
    expired_about="It worked for a few days only. If you are not subscribed yet, please sign up once more.",
    gone_title="You are not in our list",
    gone_about="{shop} no longer has your data, so you do not receive any newsletters or offers.",
    too_many_title="Please wait a moment",
    too_many_about="There were too many requests. Try again in a minute; nothing was changed.",
    unavailable_title="This does not work right now",
    unavailable_about="Your change could not be saved. Please try again in a few minutes.",
    unreadable_title="This request could not be read",
    unreadable_about="Nothing was changed. Open the link from the message once more.",
    contact="Contact",
    privacy="Privacy policy",
    list_and="and",
)
