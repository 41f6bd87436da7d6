"""The doors of the preference page: signed links in, pages and activities out.

A GET changes nothing, because mail scanners follow every link.  A POST changes what its form, or one
click in a mail program, asks for, and is answered once that is durable.
"""

from __future__ import annotations

import asyncio
import secrets as randomness
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from pymongo.errors import PyMongoError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from engine.accounts.client_address import client_address
from engine.contacts.contact_preferences import (
    ContactPreferences,
    Evidence,
    choice,
    contact_preferences,
    pause_emails,
)
from engine.db import Db
from engine.domain import signed_links
from engine.domain.activities import Activity, ActivityId
from engine.domain.preference_links import FULL_FOR, address_mark, preference_link
from engine.domain.preferences import Preferences
from engine.domain.rulebook import Account, Ruleset
from engine.domain.signed_links import ExpiredLink, InvalidLink, Purpose, Token
from engine.domain.subscriptions import SUBSCRIBED, UNSUBSCRIBED
from engine.errors import (
    ContactNotFound,
    Invalid,
    LimitExceeded,
    Misconfigured,
    Unavailable,
)
from workers.collector import answers
from workers.collector.bodies import read_body
from workers.collector.errors import RateLimited
from workers.collector.limits import AddressLimit, RateLimit
from workers.collector.metrics import Metrics
from workers.collector.preferences import page
from workers.collector.preferences.form import Form, is_one_click, read_form
from workers.collector.preferences.languages import texts_for
from workers.collector.preferences.page import Look
from workers.collector.preferences.texts import Texts

FORM_FOR = timedelta(hours=24)
"""For how long an open page can be saved."""

PER_SECOND, BURST = 0.5, 30
"""Requests that one link is good for: on and on, and at once.  Mail providers send one click for many
contacts from one address, so that addresses are only limited for invalid links."""

INVALID_PER_SECOND = 1.0

PAGE, ONE_CLICK, OPT_IN = "preference page", "one-click unsubscribe", "double opt-in"
"""The ways in which contacts choose, as evidence and in the metrics."""

Kept = Callable[[Sequence[Activity]], Awaitable[None]]

log = structlog.get_logger()


@dataclass(frozen=True)
class Visit:
    """A request with a valid link, and what it needs to be answered."""

    request: Request
    ruleset: Ruleset
    secrets: Sequence[str]
    token: Token
    chosen: ContactPreferences
    look: Look
    now: datetime
    address: str

    @property
    def only_off(self) -> bool:
        """Whether the link is so old that it can only unsubscribe."""
        return self.token.is_older(FULL_FOR, now=self.now)

    def evidence(self, source: str, **more: str) -> Evidence:
        """The circumstances of a choice that is made by this request."""
        path = "/" + self.request.url.path.strip("/").partition("/")[0]  # without the token
        return Evidence(source, path, self.look.texts.version, self.address, more)


class PreferenceDoor:
    """Answers requests with links to the preference page.

    Parameters:
      db(Database): Where contacts are.
      ruleset(callable): The rules in force.
      keep(callable): Keeps activities durably, exactly once by their ids.
      metrics(Metrics): Counts choices and invalid links.
      environment(Mapping): Has the secrets that sign links.
      proxies(int): Our own proxies before the collector.
      clock(callable): The present.
    """

    def __init__(
        self,
        db: Db,
        ruleset: Callable[[], Awaitable[Ruleset]],
        keep: Kept,
        metrics: Metrics,
        *,
        environment: Mapping[str, str],
        proxies: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._db = db
        self._read_ruleset = ruleset
        self._keep = keep
        self._metrics = metrics
        self._environment = environment
        self._proxies = proxies
        self._clock = clock
        self._links = RateLimit(per_second=PER_SECOND, burst=BURST)
        self._addresses = AddressLimit()
        self._account = Account(name="")
        self._preferences: Preferences | None = None

    async def preferences(self, request: Request) -> Response:
        """`/preferences/{token}`: the page, its form, and one-click unsubscription."""
        return await self._answer(request, Purpose.PREFERENCES, self._choose)

    async def confirm(self, request: Request) -> Response:
        """`/confirm/{token}`: the confirmation of a subscription."""
        return await self._answer(request, Purpose.CONFIRM, self._confirm)

    async def _answer(
        self, request: Request, purpose: Purpose, answer: Callable[[Visit], Awaitable[Response]]
    ) -> Response:
        """The answer to a request; every failure that is to be expected is a page, too."""
        try:
            return await answer(await self._visit(request, purpose))
        except InvalidLink:
            return self._invalid(request)
        except ExpiredLink:
            return self._message(request, 410, lambda t: (t.expired_title, t.expired_about))
        except ContactNotFound:
            return self._message(request, 410, lambda t: (t.gone_title, t.gone_about))
        except RateLimited as error:
            return self._limited(request, error.wait)
        except (Invalid, LimitExceeded) as error:
            status = answers.status_of(error)
            return self._message(request, status, lambda t: (t.unreadable_title, t.unreadable_about))
        except (PyMongoError, Unavailable, Misconfigured) as error:
            log.warning("preference page unavailable", error=type(error).__name__, reason=str(error)[:300])
            return self._message(request, 503, lambda t: (t.unavailable_title, t.unavailable_about))

    async def _visit(self, request: Request, purpose: Purpose) -> Visit:
        now, ruleset = self._clock(), await self._read_ruleset()
        self._account, self._preferences = ruleset.account, ruleset.preferences
        if ruleset.preferences is None:
            raise InvalidLink
        secrets = signed_links.secrets_of(ruleset.preferences.secrets, self._environment)
        token = signed_links.read(request.path_params["token"], secrets, purpose, now=now)
        if wait := self._links.wait_for(f"{token.contact} {token.subscription}", 1):
            raise RateLimited(wait)
        chosen = await asyncio.to_thread(contact_preferences, self._db, token.contact, ruleset, now=now)
        return Visit(
            request=request,
            ruleset=ruleset,
            secrets=secrets,
            token=token,
            chosen=chosen,
            look=self._look(request, chosen.language),
            now=now,
            address=self._address(request),
        )

    # The page

    async def _choose(self, visit: Visit) -> Response:
        if visit.request.method != "POST":
            return self._page(visit, visit.chosen)
        form = read_form(await read_body(visit.request), visit.request.headers.get("content-type", ""))
        if is_one_click(form):
            return await self._one_click(visit)
        if form.get(page.ACTION) == [page.ALL]:
            return await self._end_all(visit)
        try:
            token = _form_token(visit, form)
        except ExpiredLink:
            return self._page(visit, visit.chosen, visit.look.texts.stale_form, status=409)
        if form.get(page.ACTION) in ([page.PAUSE], [page.RESUME]):
            return await self._pause(visit, token, begin=form[page.ACTION] == [page.PAUSE])
        return await self._save(visit, token, form)

    async def _one_click(self, visit: Visit) -> Response:
        """End the subscription that the link names, without another question (RFC 8058)."""
        held = visit.chosen.held.get(visit.token.subscription)
        machines = [] if held is None else [visit.token.subscription]
        await self._end(visit, machines, ONE_CLICK)
        return PlainTextResponse("unsubscribed", headers={"Cache-Control": "no-store"})

    async def _end_all(self, visit: Visit) -> Response:
        await self._end(visit, visit.chosen.held, PAGE)
        return await self._saved(visit, changed=True)

    async def _end(self, visit: Visit, machines: Iterable[str], source: str) -> None:
        """Unsubscribe from what is not ended yet; the same request again ends nothing twice."""
        contact, ids = visit.chosen.contact, {}
        for machine in machines:
            held = visit.chosen.held[machine]
            if held.state != UNSUBSCRIBED:
                ids[machine] = f"unsubscribed:{contact}:{machine}:{_marked(held.since)}"
        await self._record(visit, dict.fromkeys(ids, UNSUBSCRIBED), ids, source)

    async def _pause(self, visit: Visit, form: Token, *, begin: bool) -> Response:
        """Pause all email for a while, or end the pause that the contact began."""
        pause = visit.chosen.pause
        if pause.offered if begin else pause.until is not None and not visit.only_off:
            activity = pause_emails(
                visit.chosen,
                form.issued_at + timedelta(days=page.PAUSE_DAYS) if begin else None,
                id_=ActivityId(f"preferences:{form.data[0]}:pause:{begin:d}"),
                evidence=visit.evidence(PAGE),
                ruleset=visit.ruleset,
                now=visit.now,
            )
            await self._keep([activity])
            self._metrics.choices.labels(PAGE).inc()
        return await self._saved(visit, changed=True)

    async def _save(self, visit: Visit, token: Token, form: Form) -> Response:
        """Change what differs from what the form showed: what was changed elsewhere meanwhile holds."""
        choices = _choices(token, form.get(page.RECEIVE, ()), only_off=visit.only_off)
        held = visit.chosen.held
        new = {
            machine: to for machine, to in choices.items() if machine in held and held[machine].state != to
        }
        ids = {machine: f"preferences:{token.data[0]}:{machine}:{to}" for machine, to in new.items()}
        await self._record(visit, new, ids, PAGE)
        return await self._saved(visit, changed=bool(choices))

    async def _record(
        self, visit: Visit, states: Mapping[str, str], ids: Mapping[str, str], source: str, **more: str
    ) -> None:
        """Keep choices, as states by machine, each under an id that makes it count once."""
        evidence = visit.evidence(source, **more)
        activities = [
            choice(
                visit.chosen,
                (subscription := visit.chosen.held[machine].subscription),
                to,
                id_=ActivityId(ids[machine]),
                text=visit.look.read(subscription) if to == SUBSCRIBED else "",
                evidence=evidence,
                ruleset=visit.ruleset,
                now=visit.now,
            )
            for machine, to in states.items()
        ]
        await self._keep(activities)
        self._metrics.choices.labels(source).inc(len(activities))

    async def _saved(self, visit: Visit, *, changed: bool) -> Response:
        """The page with what holds now, before any worker has applied it."""
        contact, ruleset, now = visit.chosen.contact, visit.ruleset, visit.now
        chosen = await asyncio.to_thread(contact_preferences, self._db, contact, ruleset, now=now)
        texts = visit.look.texts
        return self._page(visit, chosen, texts.saved if changed else texts.unchanged)

    def _page(
        self, visit: Visit, chosen: ContactPreferences, news: str = "", *, status: int = 200
    ) -> Response:
        shown = [f"{held.subscribed:d}{machine}" for machine, held in chosen.held.items()]
        form = Token(
            Purpose.FORM,
            visit.token.contact,
            int(visit.now.timestamp()),
            int((visit.now + FORM_FOR).timestamp()),
            data=(randomness.token_urlsafe(12), *shown),
        )
        return page.preference_page(
            visit.look,
            chosen,
            form=signed_links.sign(form, visit.secrets),
            news=news,
            only_off=visit.only_off,
            status=status,
        )

    # Confirmations

    async def _confirm(self, visit: Visit) -> Response:
        """Ask, and subscribe by the button: whoever unsubscribed since, or has another address, is not."""
        texts, machine = visit.look.texts, visit.token.subscription
        held = visit.chosen.held.get(machine)
        request, mark = visit.token.data
        if held is None:
            raise InvalidLink
        address = visit.chosen.addresses.get(held.subscription.channel)
        if address is None or address_mark(address) != mark:
            raise ExpiredLink(visit.token)
        if held.state == UNSUBSCRIBED:
            title, about = texts.refused_since_title, texts.refused_since_about
            return page.message_page(visit.look, title, about, status=409, link=self._to_page(visit))
        if not held.subscribed and visit.request.method != "POST":
            return page.confirmation_page(visit.look, visit.chosen, held.subscription)
        if not held.subscribed:
            ids = {machine: f"confirmed:{request}:{machine}"}
            asked_at = visit.token.issued_at.isoformat()
            await self._record(visit, {machine: SUBSCRIBED}, ids, OPT_IN, request=request, asked_at=asked_at)
        about = texts.confirmed_about.replace("{list}", visit.look.label(held.subscription))
        return page.message_page(visit.look, texts.confirmed_title, about, link=self._to_page(visit))

    def _to_page(self, visit: Visit) -> str:
        """The way from a confirmation to the preference page of the same contact."""
        if visit.ruleset.preferences is None:
            return ""
        return preference_link(
            visit.chosen.contact,
            visit.ruleset.preferences,
            self._environment,
            now=visit.now,
            subscription=visit.token.subscription,
        )

    # What cannot be answered as it was asked

    def _invalid(self, request: Request) -> Response:
        self._metrics.invalid_links.inc()
        peer = "" if request.client is None else request.client.host
        address = self._address(request) or peer
        if wait := self._addresses.wait_for("links", address, 1, rate=INVALID_PER_SECOND):
            return self._limited(request, wait)
        return self._message(request, 404, lambda t: (t.invalid_title, t.invalid_about))

    def _limited(self, request: Request, wait: float) -> Response:
        answer = self._message(request, 429, lambda t: (t.too_many_title, t.too_many_about))
        answer.headers["Retry-After"] = str(max(1, round(wait)))
        return answer

    def _message(self, request: Request, status: int, words: Callable[[Texts], tuple[str, str]]) -> Response:
        look = self._look(request, "")
        return page.message_page(look, *words(look.texts), status=status)

    def _look(self, request: Request, language: str) -> Look:
        accepted = request.headers.get("accept-language", "")
        return Look(self._account, self._preferences, texts_for(language, accepted, self._account.locale))

    def _address(self, request: Request) -> str:
        """The visitor's address; empty for one in a private network."""
        if request.client is None:
            return ""
        forwarded = request.headers.getlist("x-forwarded-for")
        return client_address(request.client.host, forwarded, proxies=self._proxies) or ""


def _form_token(visit: Visit, form: Form) -> Token:
    """What a posted form showed.  Raises InvalidLink, also for that of another contact, and ExpiredLink."""
    written = "".join(form.get(page.FORM, ()))
    token = signed_links.read(written, visit.secrets, Purpose.FORM, now=visit.now)
    if token.contact != visit.token.contact:
        raise InvalidLink
    return token


def _choices(token: Token, received: Sequence[str], *, only_off: bool) -> dict[str, str]:
    """The new states by machine: those in which a posted form differs from what it showed."""
    shown = {text[1:]: text[0] == "1" for text in token.data[1:]}
    ending = {machine: UNSUBSCRIBED for machine, on in shown.items() if on and machine not in received}
    beginning = {machine: SUBSCRIBED for machine, on in shown.items() if not on and machine in received}
    return ending if only_off else {**ending, **beginning}


def _marked(since: datetime | None) -> str:
    """The beginning of a state as part of an id."""
    return "first" if since is None else since.isoformat()
