"""SMS and web push of the made-up shop."""

from __future__ import annotations

from datetime import datetime, timedelta

from workers.demo.diary import Diary, Event
from workers.demo.goods import SITE
from workers.demo.people import Device

DEAD_NUMBERS = 9
"""One mobile number in so many is no longer in service."""


def subscribe_to_sms(diary: Diary, at: datetime) -> None:
    diary.serve(at, "sms_subscribed", {"phone": diary.person.phone, "source": "account"})


def unsubscribe_from_sms(diary: Diary, at: datetime) -> None:
    diary.serve(at, "sms_unsubscribed", {"phone": diary.person.phone, "reason": "STOP"})


def send_sms(diary: Diary, at: datetime, *, campaign: str) -> None:
    """Send one SMS to who has given a number, and write down what becomes of it."""
    person, chance = diary.person, diary.chance
    if person.phone is None or not diary.has_account(at):
        return
    sms: Event = {
        "message_id": f"{diary.prefix}-sms-{len(diary.events)}",
        "phone": person.phone,
        "campaign": campaign,
        "provider": "made-up SMS",
    }
    diary.serve(at, "sms_sent", sms)
    at += timedelta(seconds=chance.randrange(2, 30))
    if person.number % DEAD_NUMBERS == 0:
        bounce = {"bounce": "permanent", "code": "absent", "reason": "number not in service"}
        diary.serve(at, "sms_bounced", {**sms, **bounce})
        return
    diary.serve(at, "sms_delivered", sms)
    if chance.random() < 0.25:
        at += timedelta(seconds=chance.randrange(20, 3_600))
        diary.serve(at, "sms_clicked", {**sms, "link_url": f"{SITE}/parcel"})


def announce_parcel(diary: Diary, at: datetime) -> None:
    """The message that an order is on its way."""
    if diary.chance.random() < 0.5:
        send_sms(diary, at, campaign="Your parcel is on its way")


def turn_push_on(diary: Diary, at: datetime, device: Device) -> None:
    diary.track(at, device, "push_subscribed", {"device_id": device.tracker, "endpoint": "made-up push"})


def turn_push_off(diary: Diary, at: datetime, device: Device) -> None:
    diary.track(at, device, "push_unsubscribed", {"device_id": device.tracker, "endpoint": "made-up push"})


def send_push(diary: Diary, at: datetime, device: Device, *, title: str) -> None:
    """Send a web push; now and then it is clicked."""
    push = {"message_id": f"{diary.prefix}-push-{len(diary.events)}", "title": title}
    diary.serve(at, "push_sent", push)
    if diary.chance.random() < 0.2:
        at += timedelta(minutes=diary.chance.randrange(1, 240))
        diary.track(at, device, "push_clicked", push)
