"""Orders of the made-up shop, and what comes after them: refunds, cancellations, reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from workers.demo.diary import Diary, Event
from workers.demo.goods import CURRENCY, FREE_FROM, REVIEWS, SHIPPING, Product, euros
from workers.demo.mail import send_mail
from workers.demo.people import Device, Kind
from workers.demo.texting import announce_parcel


@dataclass(frozen=True)
class Basket:
    """Products and how many of each."""

    lines: tuple[tuple[Product, int], ...] = ()

    def with_(self, product: Product, quantity: int) -> Basket:
        return Basket((*self.lines, (product, quantity)))

    @property
    def cents(self) -> int:
        return sum(product.cents * quantity for product, quantity in self.lines)

    @property
    def products(self) -> list[Event]:
        return [product.line(quantity) for product, quantity in self.lines]


def can_buy(diary: Diary, at: datetime) -> bool:
    """Customers with an account, and guests, who enter an address at the checkout."""
    return diary.has_account(at) or diary.person.kind is Kind.GUEST


def buy(diary: Diary, at: datetime, device: Device, basket: Basket) -> None:
    """Go through the checkout; a few give up there."""
    chance, person = diary.chance, diary.person
    shipping = 0 if basket.cents >= FREE_FROM else SHIPPING
    order: Event = {"order_id": diary.next_order(), "currency": CURRENCY}
    began = {**order, "value": euros(basket.cents), "products": basket.products}
    diary.track(at, device, "Checkout Started", began)
    if chance.random() < 0.12:
        return
    if not diary.has_account(at):
        names = {"firstName": person.first_name, "lastName": person.last_name}
        at += timedelta(seconds=40)
        diary.identify(at, device, {"email": person.email, **names})
    at += timedelta(seconds=chance.randrange(40, 200))
    cents = basket.cents + shipping
    paid = {"total": euros(cents), "subtotal": euros(basket.cents), "shipping": euros(shipping)}
    diary.serve(at, "Order Completed", {**order, **paid, "products": basket.products})
    send_mail(diary, at + timedelta(seconds=20), subject="Thank you for your order", name="order")
    _afterwards(diary, at, device, basket, order=order, cents=cents)


def _afterwards(
    diary: Diary, at: datetime, device: Device, basket: Basket, *, order: Event, cents: int
) -> None:
    """Most orders are simply sent; some are cancelled, sent back or reviewed."""
    chance = diary.chance
    fate = chance.random()
    if fate < 0.04:
        cancelled = {**order, "total": euros(cents), "reason": chance.choice(("too late", "ordered twice"))}
        diary.serve(at + timedelta(minutes=chance.randrange(10, 300)), "Order Cancelled", cancelled)
        return
    announce_parcel(diary, at + timedelta(hours=chance.randrange(20, 50)))
    product, quantity = basket.lines[0]
    if fate < 0.11:
        refund = {**order, "refund_id": f"{order['order_id']}-r1", "products": [product.line(quantity)]}
        refunded = {**refund, "total": euros(product.cents * quantity)}
        diary.serve(at + timedelta(days=chance.randrange(4, 14), minutes=5), "Order Refunded", refunded)
    elif fate < 0.3 and diary.is_signed_in(device, at):
        rating, text = chance.choice((2, 3, 4, 4, 5, 5, 5)), chance.choice(REVIEWS)
        review = {"product_id": product.id, "rating": rating, "review_body": text}
        reviewed_at = at + timedelta(days=chance.randrange(5, 20), minutes=90)
        diary.track(reviewed_at, device, "Product Reviewed", review)
