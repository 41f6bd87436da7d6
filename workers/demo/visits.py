"""A visit to the made-up shop: looking around, putting things into the cart, signing up."""

from __future__ import annotations

from datetime import datetime, timedelta

from workers.demo.diary import Diary, Event
from workers.demo.goods import PRODUCTS, PROMOTIONS, SEARCHES, SITE, Product
from workers.demo.orders import Basket, buy, can_buy
from workers.demo.people import Device, Kind

REFERRERS = ("", "", "", "https://www.google.com/", "https://duckduckgo.com/", "https://www.instagram.com/")


def visit(diary: Diary, at: datetime, device: Device) -> None:
    """Come, look around, and perhaps shop; who has an account often signs in first."""
    chance, habit = diary.chance, diary.person.habit
    diary.page(at, device, path="/", title="Home", referrer=chance.choice(REFERRERS))
    at = _sign_in(diary, at, device)
    at = _promotion(diary, at, device)
    at, seen = _look_around(diary, at, device)
    if seen and chance.random() < habit.tempted:
        _shop(diary, at, device, seen)


def arrive_from_mail(diary: Diary, at: datetime, device: Device, *, campaign: str) -> None:
    """A visit from a link in a mail: a few page views."""
    diary.page(at, device, path="/new", title=campaign, referrer=f"{SITE}/mail")
    _look_around(diary, at, device)


def register(diary: Diary, at: datetime, device: Device) -> None:
    """Open an account: the moment in which an anonymous visitor gets a name."""
    diary.account_since = at
    diary.identify(at, device, _traits(diary))
    diary.track(_later(diary, at, 1, 3), device, "Signed Up", {"method": "email"})


def subscribe(diary: Diary, at: datetime, device: Device, *, source: str) -> None:
    """Subscribe to the newsletter; without an account, the address alone says who it is."""
    diary.subscribed = True
    properties = {"email": diary.person.email, "source": source}
    diary.track(at, device, "newsletter_subscribed", properties)


def ask(diary: Diary, at: datetime, device: Device) -> None:
    """Send the form that asks for advice."""
    person = diary.person
    name = f"{person.first_name} {person.last_name}"
    diary.track(at, device, "form_submitted", {"form": "Which size?", "name": name, "email": person.email})


def visit_store(diary: Diary, at: datetime, tablet: Device) -> None:
    """Search, and sign in or up, on the shared tablet in the store."""
    diary.page(at, tablet, path="/", title="Home")
    at = _later(diary, at, 20, 90)
    diary.track(at, tablet, "Product Viewed", diary.chance.choice(PRODUCTS).line())
    at = _later(diary, at, 20, 90)
    if diary.has_account(at):
        diary.signed_in[tablet.tracker] = at
        diary.track(at, tablet, "Signed In", {"method": "store tablet"})
    else:
        register(diary, at, tablet)
    # The next customer in the queue finds a signed-out device.
    del diary.signed_in[tablet.tracker]


def _sign_in(diary: Diary, at: datetime, device: Device) -> datetime:
    if not diary.has_account(at) or diary.is_signed_in(device, at) or diary.chance.random() < 0.4:
        return at
    at = _later(diary, at, 4, 30)
    diary.signed_in[device.tracker] = at
    diary.track(at, device, "Signed In", {"method": "password"})
    return at


def _promotion(diary: Diary, at: datetime, device: Device) -> datetime:
    chance = diary.chance
    if diary.person.kind is Kind.ROBOT or chance.random() > 0.12:
        return at
    number = chance.randrange(len(PROMOTIONS))
    shown = {"content_id": f"promotion-{number}", "name": PROMOTIONS[number]}
    at = _later(diary, at, 1, 2)
    diary.track(at, device, "Promotion Viewed", shown)
    if chance.random() < 0.3:
        at = _later(diary, at, 3, 20)
        diary.track(at, device, "Promotion Clicked", shown)
    return at


def _look_around(diary: Diary, at: datetime, device: Device) -> tuple[datetime, list[Product]]:
    """Search or open a shelf, then look at products of it; returns when, and which."""
    chance = diary.chance
    shelf = chance.choice(PRODUCTS).category
    if chance.random() < 0.25:
        at = _later(diary, at, 5, 40)
        diary.track(at, device, "Products Searched", {"query": chance.choice(SEARCHES)})
    elif chance.random() < 0.5:
        at = _later(diary, at, 5, 40)
        diary.track(at, device, "Product List Viewed", {"category": shelf})
    of_shelf = [product for product in PRODUCTS if product.category == shelf]
    choices = of_shelf if chance.random() < 0.7 else list(PRODUCTS)
    seen = chance.sample(choices, min(len(choices), chance.randrange(1, diary.person.habit.products + 1)))
    for product in seen:
        at = _later(diary, at, 12, 150)
        diary.track(at, device, "Product Viewed", {**product.line(), "url": product.url})
    return at, seen


def _shop(diary: Diary, at: datetime, device: Device, seen: list[Product]) -> None:
    """Fill the cart; buy it, or leave it where it is."""
    chance, basket = diary.chance, Basket()
    for product in chance.sample(seen, min(len(seen), chance.choice((1, 1, 2, 2, 3)))):
        quantity = chance.choice((1, 1, 1, 1, 2))
        at = _later(diary, at, 5, 60)
        diary.track(at, device, "Product Added", product.line(quantity))
        basket = basket.with_(product, quantity)
    if len(basket.lines) > 1 and chance.random() < 0.2:
        at = _later(diary, at, 10, 90)
        product, quantity = basket.lines[-1]
        diary.track(at, device, "Product Removed", product.line(quantity))
        basket = Basket(basket.lines[:-1])
    if chance.random() < 0.5:
        at = _later(diary, at, 5, 60)
        diary.track(at, device, "Cart Viewed", {"products": basket.products})
    if can_buy(diary, at) and chance.random() < diary.person.habit.buys:
        buy(diary, _later(diary, at, 20, 200), device, basket)


def _traits(diary: Diary) -> Event:
    person, chance = diary.person, diary.chance
    traits: Event = {
        "email": person.email,
        "firstName": person.first_name,
        "lastName": person.last_name,
        "language": person.country.language,
        "city": person.city,
        "country": person.country.code,
    }
    if person.phone is not None:
        traits["phone"] = person.phone
    if chance.random() < 0.5:
        traits["birthday"] = person.birth_date.isoformat()
    if chance.random() < 0.6:
        traits["shoe_size"] = chance.randrange(36, 47)
    return traits


def _later(diary: Diary, at: datetime, least: float, most: float) -> datetime:
    return at + timedelta(seconds=round(diary.chance.uniform(least, most), 3))
