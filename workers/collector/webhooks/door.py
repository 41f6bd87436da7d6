"""From a verified webhook to activities: what the collector does with the notices of a sending service."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import msgspec
import structlog
from starlette.requests import Request

from engine.domain.rulebook import Ruleset, SendingService
from engine.errors import InvalidActivity, InvalidIdentity, NotFound, Unavailable
from engine.notices import not_understood
from engine.notices.raw_notices import Media
from engine.notices.taken import TakenNotices
from engine.tracking.translate import MAX_ID, Sender, translate
from workers.collector.webhooks import ses
from workers.collector.webhooks.notices import Forged, Notice, NotUnderstood, Payload, Reading
from workers.collector.webhooks.registry import Provider

log = structlog.get_logger()


class ServiceNotDeclared(NotFound):
    """The rules do not name the service: its webhooks are not received."""

    field = "path"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is not declared: an admin adds it to `sending_services` of settings.yaml")


class SecretNotSet(Unavailable):
    """The environment has no secret to check the service's requests with: it sends them again later."""

    def __init__(self, name: str, variables: Sequence[str]) -> None:
        super().__init__(f"the collector's environment has no ${variables[0]}, the secret of {name}")


def declared(ruleset: Ruleset, name: str) -> SendingService:
    """The service as the rules declare it.  Raises ServiceNotDeclared."""
    if name not in ruleset.services:
        raise ServiceNotDeclared(name)
    return ruleset.services[name]


def secrets_of(service: SendingService, name: str, environment: Mapping[str, str]) -> list[str]:
    """The secrets of a service from the environment.  Raises SecretNotSet."""
    found = [secret for variable in service.secrets if (secret := environment.get(variable, ""))]
    if not found:
        raise SecretNotSet(name, service.secrets)
    return found


def payload_of(request: Request, body: bytes, service: SendingService, received_at: datetime) -> Payload:
    """The request as it came, under the address that its service knows."""
    return Payload(body, dict(request.headers), service.url or str(request.url), received_at)


def verify(provider: Provider, payload: Payload, secrets: Sequence[str], now: datetime) -> None:
    """Check a payload with each secret; raise Forged if none fits."""
    for secret in secrets[:-1]:
        try:
            provider.verify(payload, secret, now)
        except Forged:
            continue
        return
    provider.verify(payload, secrets[-1], now)


def confirm(name: str, payload: Payload) -> None:
    """Confirm the subscription of a topic of Amazon SNS that has been verified."""
    url = ses.confirmation(payload) if name == "ses" else None
    if url is not None:
        ses.fetch(url)
        log.info("subscription to a topic of Amazon SNS confirmed")


def sender_of(name: str) -> Sender:
    """The sender of a service's notices: it knows what became of a message."""
    return Sender(key=f"webhook:{name}", trusted=True)


def take(readings: Iterable[Reading], name: str, ruleset: Ruleset, *, received_at: datetime) -> TakenNotices:
    """The activities of a payload with their evidence, and the events that are not understood, each whole."""
    taken = TakenNotices()
    for reading in readings:
        if isinstance(reading, NotUnderstood):
            taken.unclear.append(unclear(reading.item, name, reading.reason, received_at=received_at))
        elif isinstance(reading, Notice):
            sender = replace(sender_of(name), prefetching=reading.machine)
            try:
                activity = translate(_event(reading, name), sender, ruleset, received_at=received_at)
            except (InvalidActivity, InvalidIdentity) as error:
                reason = f"{error.field} {error.reason}"
                taken.unclear.append(unclear(reading.item, name, reason, received_at=received_at))
                continue
            taken.add(activity, msgspec.json.encode(reading.item), JSON, [reading.to])
    return taken


def unclear(item: Any, name: str, reason: str, *, received_at: datetime) -> not_understood.NotUnderstood:
    """An event, or a whole body, to be kept and run again."""
    raw = item if isinstance(item, bytes) else msgspec.json.encode(item)
    source = sender_of(name).key
    return not_understood.payload(raw, source=source, reason=reason, received_at=received_at, media=JSON)


JSON: Media = "application/json"


def _event(notice: Notice, name: str) -> dict[str, Any]:
    """A notice as an event of the tracking API; the service's id of it makes it count once."""
    id_ = f"{name}:{notice.id}"
    if len(id_) > MAX_ID:
        id_ = f"{name}:{hashlib.blake2b(notice.id.encode(), digest_size=16).hexdigest()}"
    address = {"phone" if notice.is_sms else "email": notice.to}
    return {
        "type": "track",
        "event": notice.type,
        "messageId": id_,
        "timestamp": notice.at.isoformat(),
        "properties": {**notice.properties, **address, "provider": name},
        "context": {"userAgent": notice.user_agent} if notice.user_agent else {},
    }
