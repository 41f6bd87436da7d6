"""`sheets doctor`: what is wrong with this installation, and what to do about each finding."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal

from pymongo.errors import PyMongoError

from engine.db import Db, indexes
from engine.db.connection import utc_now
from engine.domain.webhook_secrets import unusable
from engine.notices import mailbox_states
from engine.operations import collections, pulses
from engine.pipeline import failed_activities, lanes, new_contacts, outages, outbox
from engine.rules import versions
from engine.rules.ruleset import compile_published
from engine.segments import agreement
from engine.settings import Instance
from engine.shops import shops

Verdict = Literal["ok", "warning", "broken"]

OLDEST_MONGODB = (6, 0)
CLOCK_TOLERANCE = timedelta(seconds=5)
LOW_DISK = 2_000_000_000
"""Bytes; below, MongoDB may soon refuse writes."""

LISTED = 1_000
"""Contacts that are counted for a finding; beyond them it says "over"."""

LONG_WAIT = timedelta(minutes=1)


@dataclass(frozen=True)
class Finding:
    """One thing looked at; `advice` says what to do unless it is ok."""

    check: str
    verdict: Verdict
    found: str
    advice: str = ""


def _finding(check: str, problem: str, advice: str, *, ok: str, verdict: Verdict = "warning") -> Finding:
    """A problem with its advice; without one, what is `ok`."""
    return Finding(check, verdict, problem, advice) if problem else Finding(check, "ok", ok)


def examine(db: Db, instance: Instance, environment: Mapping[str, str]) -> Iterator[Finding]:
    """Run all checks; an unreachable server ends them.

    `environment` is looked at for the secrets of webhooks if no worker reports on its own.
    """
    try:
        yield _version(db)
    except PyMongoError as error:
        yield Finding(
            "MongoDB", "broken", str(error)[:200],
            "start it, or correct MONGODB_URI; events are refused with 503 until it is back",
        )  # fmt: skip
        return
    for check in (
        _replica_set,
        _indexes,
        _clock,
        _failed,
        _processes,
        _lanes,
        _rules,
        _segments,
        _sendings,
        _new_contacts,
        _mailboxes,
        _shops,
        _orders,
    ):
        yield check(db)
    yield _webhooks(db, environment)
    yield _broker(instance.broker_url)
    yield _disk(instance.data_dir or Path())


def _version(db: Db) -> Finding:
    info = db.client.server_info()
    version = tuple(info["versionArray"][:2])
    old = info["version"] if version < OLDEST_MONGODB else ""
    return _finding("MongoDB", old, "use MongoDB 6.0 or newer", ok=info["version"], verdict="broken")


def _replica_set(db: Db) -> Finding:
    hello = db.client.admin.command("hello")
    alone = "setName" not in hello and hello.get("msg") != "isdbgrid"
    return _finding(
        "replica set",
        "a single server" if alone else "",
        "run it as a replica set: there are no transactions otherwise",
        ok=str(hello.get("setName", "sharded")),
        verdict="broken",
    )


def _indexes(db: Db) -> Finding:
    missing = "; ".join(indexes.missing(db, collections.ALL))
    found = f"missing: {missing}" if missing else ""
    return _finding("indexes", found, "run `sheets doctor --prepare`", ok="complete", verdict="broken")


def _clock(db: Db) -> Finding:
    theirs = db.client.admin.command("hello")["localTime"].replace(tzinfo=None)
    skew = abs(utc_now().replace(tzinfo=None) - theirs)
    words = f"{skew.total_seconds():.1f} s apart from MongoDB's"
    advice = "synchronise both machines' clocks (NTP)"
    return _finding("clock", words if skew > CLOCK_TOLERANCE else "", advice, ok=words)


def _failed(db: Db) -> Finding:
    found = failed_activities.newest(db, limit=100)
    words = f"{len(found)}, the latest: {found[0].reason[:120]}" if found else ""
    advice = "see `sheets failed list`; `sheets failed retry` runs them again"
    return _finding("failed activities", words, advice, ok="none")


def _processes(db: Db) -> Finding:
    kinds = [pulse.kind for pulse in pulses.alive(db, utc_now())]
    missing = [kind for kind in ("worker", "scheduler", "collector") if kind not in kinds]
    return _finding(
        "processes",
        " and ".join(f"no {kind}" for kind in missing),
        "start `sheets up`, or each by its own command",
        ok=", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))),
        verdict="broken",
    )


def _lanes(db: Db) -> Finding:
    now = utc_now()
    waiting = [lane for lane in lanes.backlog(db, now) if lane.oldest_received_at is not None]
    late = [lane for lane in waiting if lane.oldest_received_at and now - lane.oldest_received_at > LONG_WAIT]
    words = f"{sum(lane.waiting for lane in late)} activities wait for over a minute" if late else ""
    advice = "start more workers (`sheets worker`), and see their logs"
    return _finding("lanes", words, advice, ok=f"{sum(lane.waiting for lane in waiting)} activities wait")


def _rules(db: Db) -> Finding:
    version = versions.stored_version(db, versions.current_number(db))
    _, problems = compile_published(version.texts, version.standing())
    if problems:
        found = f"version {version.number}: {len(problems)} problems, the first: {problems[0]}"
        advice = "no check found them when it was published: fix them under Rules and publish"
        return Finding("rules", "warning", found[:300], advice)
    return Finding("rules", "ok", f"version {version.number}")


def _segments(db: Db) -> Finding:
    wrong = agreement.differences(db, now=utc_now())
    names = ", ".join(f"{segment}: {', '.join(contacts[:3])}" for segment, contacts in wrong.items())
    advice = "publish the rules with --recompute to fold these contacts again, and report it as a bug"
    return _finding("segments", names, advice, ok="all memberships match their conditions")


def _sendings(db: Db) -> Finding:
    listed = "; ".join(
        f"{d.failed:,} of {d.attempts:,} failed of {d.channel} {d.name!r}" for d in outages.undecided(db)[:5]
    )
    found = f"{listed}: these bounces do not count" if listed else ""
    advice = "ask your provider; if the addresses are invalid, run `sheets sendings count ID`"
    return _finding("sendings", found, advice, ok="no suspected outages")


def _new_contacts(db: Db) -> Finding:
    reached = new_contacts.reached(db, now=utc_now())
    listed = "; ".join(f"key {key.label!r} has reached its {key.ceiling:,} of today" for key in reached)
    found = f"{listed}: events of further ones are refused" if listed else ""
    advice = "see *Refused events* in the settings; `sheets keys change --new-contacts-per-day` raises it"
    return _finding("new contacts", found, advice, ok="no key has reached its daily limit")


def _shops(db: Db) -> Finding:
    """The connected shops whose last delivery was refused, or that cannot be asked."""
    found = shops.all_shops(db)
    troubled = [shop for shop in found if shop.problem or shop.is_refused]
    return _finding(
        "shops",
        "; ".join(f"{shop.name}: {shop.problem or shop.refused_reason}" for shop in troubled),
        "see Settings, Shops, or `sheets shops show ID`",
        ok=f"{len(found)} connected" if found else "none",
    )


def _mailboxes(db: Db) -> Finding:
    watched = mailbox_states.watched(db)
    failing = "; ".join(f"{mailbox.id}: {mailbox.error}" for mailbox in watched if mailbox.error is not None)
    advice = "correct `bounce_mailboxes` in settings.yaml, or the mailbox; it is tried again by itself"
    return _finding("mailboxes", failing, advice, ok=f"{len(watched)} watched")


def _orders(db: Db) -> Finding:
    unclear = {"facets.unclear_orders": True}
    number = db.contacts.count_documents(unclear, limit=LISTED + 1)
    some = ", ".join(row["_id"] for row in db.contacts.find(unclear, {"_id": 1}).limit(3))
    many = f"over {LISTED:,}" if number > LISTED else f"{number:,}"
    found = f"contacts with an unreadable amount: {many} ({some})" if number else ""
    advice = "see the orders on their sheets; send *Order Updated* with the right total"
    return _finding("orders", found, advice, ok="every amount is readable")


def _webhooks(db: Db, environment: Mapping[str, str]) -> Finding:
    counts = outbox.counts(db)
    unsigned = [*_unsigned(db, environment)]
    if unsigned:
        return Finding(
            "webhooks", "broken", "; ".join(unsigned)[:500],
            "set the secrets where the workers run and restart them: then the calls are sent, none is lost",
        )  # fmt: skip
    if counts["failed"]:
        return Finding(
            "webhooks", "warning", f"{counts['failed']} calls failed permanently",
            "look at `error` in the collection `outbox`; `sheets webhooks retry` sends them again",
        )  # fmt: skip
    return Finding("webhooks", "ok", f"{counts['sent']} sent, {counts['waiting']} waiting")


def _unsigned(db: Db, environment: Mapping[str, str]) -> Iterator[str]:
    """Webhooks that cannot be signed: held calls, and secrets missing at workers.

    If no worker reports what it lacks, this environment is taken for theirs.
    """
    held = outbox.held(db)
    for calls in held:
        yield f"{calls.webhook}: {calls.calls:,} held: {calls.reason}"
    workers = [pulse for pulse in pulses.alive(db, utc_now()) if pulse.unset is not None]
    for worker in workers:
        if worker.unset:
            names = ", ".join(f"${name}" for name in worker.unset)
            yield f"the worker on {worker.host} (process {worker.pid}) lacks {names}"
    if not workers and not held:
        reasons = unusable(versions.current(db).webhooks.values(), environment)
        yield from (f"{webhook}: {reason}" for webhook, reason in reasons.items())


def _broker(url: str) -> Finding:
    from workers.tasks.broker import make_broker

    advice = "start it, or correct BROKER_URL; until then only the scheduler finds waiting work"
    if not url:
        return Finding("broker", "warning", "none is set", advice)
    try:
        _ping(make_broker(url))
    except Exception as error:  # noqa: BLE001  whatever is wrong with it is the finding
        return Finding("broker", "warning", str(error)[:200], advice)
    return Finding("broker", "ok", url.split("@")[-1])


def _ping(broker: Any) -> None:
    client = getattr(broker, "client", None)
    ping: Callable[[], Any] | None = getattr(client, "ping", None)
    if ping is not None:
        ping()
    else:
        broker.connection.process_data_events()


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    words = f"{free / 1e9:.1f} GB free"
    advice = "make room: MongoDB stops taking writes on a full disk"
    return _finding("disk", words if free < LOW_DISK else "", advice, ok=words)
