"""The broker carries hints: "lane 3 has work".  It may lose all of them."""

from __future__ import annotations

import dramatiq
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AgeLimit, Retries, ShutdownNotifications, TimeLimit

from engine.settings import InvalidSettings, variable

QUEUE = "lanes"

HINT_AGE_MS = 60_000
"""After a minute a hint tells nothing: the scheduler has seen the lane long since."""


def make_broker(url: str) -> dramatiq.Broker:
    """Make the broker for `redis://` (Valkey, Redis), `amqp://` (RabbitMQ) or `stub://` (tests).

    Raises InvalidSettings for another URL, or none.
    """
    middleware = [AgeLimit(max_age=HINT_AGE_MS), TimeLimit(), ShutdownNotifications(), Retries(max_retries=0)]
    if url.startswith(("amqp://", "amqps://")):
        from dramatiq.brokers.rabbitmq import RabbitmqBroker

        return RabbitmqBroker(url=url, middleware=middleware)
    if url.startswith(("redis://", "rediss://", "unix://")):
        from workers.tasks.waiting_broker import WaitingBroker

        return WaitingBroker(url=url, middleware=middleware, maintenance_chance=10_000)  # type: ignore[no-untyped-call]
    if url.startswith("stub://"):
        return StubBroker(middleware=middleware)
    if not url:
        raise InvalidSettings(
            f"{variable('broker_url')} is not set: the address of a Valkey, Redis or RabbitMQ"
        )
    raise InvalidSettings(f"{variable('broker_url')} must begin with redis://, rediss://, unix:// or amqp://")
