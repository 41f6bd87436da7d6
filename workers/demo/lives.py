"""A person's time with the made-up shop, from the first visit on."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta

from workers.demo import texting
from workers.demo.arrivals import Arrivals, at_hour, next_visit, some_time
from workers.demo.diary import Diary
from workers.demo.goods import PROMOTIONS
from workers.demo.mail import newsletters
from workers.demo.people import TABLET, Device, Person
from workers.demo.visits import arrive_from_mail, ask, register, subscribe, visit, visit_store

IN_THE_STORE = range(10, 18)
"""Of every hundred people, those who meet at the tablet in the store one morning: so
many that it shows as a shared device."""


def live(person: Person, *, days: int, store_day: date | None = None) -> Diary:
    """Write down what a person does within `days` of arriving.

    `store_day` is the morning on which they are at the tablet in the store.  All follows
    from who it is: asked again, the same is written with the same ids.
    """
    prefix = f"demo-{person.population}-{person.number}"
    end = at_hour(person.arrived + timedelta(days=days), 0)
    diary = Diary(person, prefix, random.Random(f"{prefix}/life"), until=end)
    times = _visit_times(diary)
    first_known = min(diary.chance.choice((0, 1, 1, 2)), len(times) - 1)
    in_store = None if store_day is None else _in_the_store(person, store_day)
    for index, at in enumerate(times):
        if in_store is not None and in_store < at:
            _visit_store_on(diary, in_store)
            in_store = None
        _visit_site(diary, at, index=index, shows_up=index == first_known)
    if in_store is not None:
        _visit_store_on(diary, in_store)
    return diary


def store_day_of(number: int, arrivals: Arrivals) -> date | None:
    """The morning on which all of a person's group have arrived and meet in the store."""
    if number % 100 not in IN_THE_STORE:
        return None
    return arrivals.day_of(number - number % 100 + IN_THE_STORE[-1]) + timedelta(days=1)


def _visit_site(diary: Diary, at: datetime, *, index: int, shows_up: bool) -> None:
    """Visit the shop; on one visit, the person may say who it is."""
    devices = diary.person.devices
    device = devices[index % len(devices)]
    if shows_up and diary.person.habit.signs_up and not diary.has_account(at):
        device = devices[0]
        register(diary, at - timedelta(seconds=40), device)
        _subscribe_to_everything(diary, at - timedelta(seconds=20), device)
    visit(diary, at, device)
    if shows_up and not diary.has_account(at):
        _leave_an_address(diary, at + timedelta(minutes=25), device)


def _visit_store_on(diary: Diary, at: datetime) -> None:
    tablet = Device(f"demo-{diary.person.population}-store-{diary.person.number // 100}", TABLET)
    is_new = not diary.has_account(at)
    visit_store(diary, at, tablet)
    if is_new and diary.chance.random() < 0.6:
        _take_newsletter(diary, at + timedelta(minutes=5), diary.person.devices[0], source="store")


def _subscribe_to_everything(diary: Diary, at: datetime, device: Device) -> None:
    """The subscriptions of a person with an account (newsletter, SMS, push), and the messages."""
    chance, person = diary.chance, diary.person
    if chance.random() < person.habit.subscribes:
        _take_newsletter(diary, at, device, source="registration")
    if person.phone is not None and chance.random() < 0.6:
        _take_sms(diary, at + timedelta(seconds=5))
    if chance.random() < 0.25:
        _take_push(diary, at + timedelta(seconds=10), device)


def _leave_an_address(diary: Diary, at: datetime, device: Device) -> None:
    """A person without an account may still give the shop an address."""
    chance, habit = diary.chance, diary.person.habit
    if chance.random() < habit.subscribes:
        _take_newsletter(diary, at, device, source="footer")
    elif habit.subscribes and chance.random() < 0.15:
        ask(diary, at, device)


def _take_newsletter(diary: Diary, at: datetime, device: Device, *, source: str) -> None:
    """Subscribe, unless it comes already, and read what comes; clicks lead back to the shop."""
    if diary.subscribed:
        return
    subscribe(diary, at, device, source=source)
    for clicked_at, subject in newsletters(diary, since=at):
        arrive_from_mail(diary, clicked_at + timedelta(seconds=3), device, campaign=subject)


def _take_sms(diary: Diary, at: datetime) -> None:
    chance = diary.chance
    texting.subscribe_to_sms(diary, at)
    for month in range(1, 4):
        noon = at_hour((at + timedelta(days=28 * month)).date(), 12, seconds=chance.uniform(0, 600))
        texting.send_sms(diary, noon, campaign=chance.choice(PROMOTIONS))
        if chance.random() < 0.15:
            texting.unsubscribe_from_sms(diary, noon + timedelta(minutes=4))
            return


def _take_push(diary: Diary, at: datetime, device: Device) -> None:
    chance = diary.chance
    texting.turn_push_on(diary, at, device)
    for fortnight in range(1, 7):
        evening = at_hour((at + timedelta(days=14 * fortnight)).date(), 18, seconds=chance.uniform(0, 60))
        texting.send_push(diary, evening, device, title=chance.choice(PROMOTIONS))
        if chance.random() < 0.1:
            texting.turn_push_off(diary, evening + timedelta(hours=5), device)
            return


def _visit_times(diary: Diary) -> list[datetime]:
    chance, habit = diary.chance, diary.person.habit
    day, times = diary.person.arrived, []
    for _ in range(chance.randint(*habit.visits)):
        at = some_time(day, chance)
        if at >= diary.until:
            break
        times.append(at)
        day = next_visit(day, chance, pause=habit.pause)
    return times


def _in_the_store(person: Person, day: date) -> datetime:
    return at_hour(day, 11, seconds=600 * (person.number % 100 - IN_THE_STORE[0]))
