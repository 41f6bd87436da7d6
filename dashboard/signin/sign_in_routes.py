"""Routes of the dashboard's server: sign in by password or link, and sign out.

A link is only used up by the button on the page it opens.  A form counts only if it comes
from here: the browser says so, and it carries the token of the cookie set with it.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qs, quote, urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from dashboard import cookies, wording
from dashboard.cookies import FORM, KNOWN, SESSION
from dashboard.failed_requests import answering
from dashboard.signin import sign_in_forms
from dashboard.signin.sign_in_forms import HEADERS, FormContext
from engine.accounts import accounts, signing_in
from engine.accounts.openid import Provider
from engine.accounts.passwords import BROWSER_LIFE, Browser, Entered, WeakPassword
from engine.accounts.sessions import SESSION_LIFE, SessionToken
from engine.db import Db
from engine.db.connection import utc_now
from engine.errors import Invalid, NotAllowed, TooManyRequests, Unauthenticated
from engine.http_status import http_status

MAX_FORM = 10_000
FORM_LIFE = 3_600


def sign_in_routes(db: Db, provider: Provider | None = None) -> list[Route]:
    """`/signin` and `/signout`."""
    handlers = _SignIn(db, provider)
    return [
        Route("/signin", answering(handlers.ask, _failed), methods=["GET"]),
        Route("/signin", answering(handlers.submit, _failed), methods=["POST"]),
        Route("/signout", answering(handlers.sign_out, _failed), methods=["GET"]),
        Route("/signout", answering(handlers.confirm_sign_out, _failed), methods=["POST"]),
    ]


class RedirectToSignIn:
    """Middleware that redirects requests for `/` without a session to the sign-in form."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/" and scope["method"] == "GET":
            request = Request(scope)
            if not _cookie(request, SESSION):
                wanted = quote(f"/?{request.url.query}") if request.url.query else ""
                await _redirect(f"/signin?next={wanted}" if wanted else "/signin")(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _SignIn:
    """The handlers of `/signin` and `/signout`."""

    def __init__(self, db: Db, provider: Provider | None) -> None:
        self._db = db
        self._company = "" if provider is None else provider.name
        self._passwords = provider is None or provider.passwords

    async def ask(self, request: Request) -> Response:
        context = FormContext(
            token=_cookie(request, FORM) or secrets.token_urlsafe(24),
            next=safe_next(request.query_params.get("next", "")),
            link=request.query_params.get("link", ""),
        )
        if context.link:
            return await self._show_link(request, context)
        if await self._signed_in(request):
            return _redirect(context.next)
        if not self._passwords:
            return _redirect("/")
        return _form_page(request, sign_in_forms.password_page(context, company=self._company), context)

    async def submit(self, request: Request) -> Response:
        form = await _read(request)
        if not _is_ours(request, form):
            return HTMLResponse(sign_in_forms.stale_form_page(), status_code=403, headers=HEADERS)
        context = FormContext(form["token"], safe_next(form.get("next", "")), form.get("link", ""))
        if context.link:
            return await self._submit_link(request, form, context)
        if not self._passwords:
            return _redirect("/")
        return await self._submit_password(request, form, context)

    async def sign_out(self, request: Request) -> Response:
        # Only a click on a link of ours signs out by itself: no other page, and no typed address.
        if request.headers.get("sec-fetch-site") != "same-origin":
            context = FormContext(_cookie(request, FORM) or secrets.token_urlsafe(24))
            return _form_page(request, sign_in_forms.sign_out_page(context), context)
        return await self._end_session(request)

    async def confirm_sign_out(self, request: Request) -> Response:
        if not _is_ours(request, await _read(request)):
            return HTMLResponse(sign_in_forms.stale_form_page(), status_code=403, headers=HEADERS)
        return await self._end_session(request)

    async def _show_link(self, request: Request, context: FormContext) -> Response:
        link = await run_in_threadpool(accounts.link_of, self._db, context.link, now=utc_now())
        if link is None:
            return HTMLResponse(sign_in_forms.expired_link_page(), status_code=403, headers=HEADERS)
        if link.purpose == "sign in":
            return _form_page(request, sign_in_forms.link_page(context), context)
        page = sign_in_forms.choose_page(context, email=link.email, invited=link.purpose == "invitation")
        return _form_page(request, page, context)

    async def _submit_link(self, request: Request, form: dict[str, str], context: FormContext) -> Response:
        link = await run_in_threadpool(accounts.link_of, self._db, context.link, now=utc_now())
        if link is not None and link.purpose != "sign in":
            return await self._set_password(request, form, context, link)
        session = await run_in_threadpool(
            signing_in.by_link, self._db, context.link, _browser(request), now=utc_now()
        )
        if session is None:
            return HTMLResponse(sign_in_forms.expired_link_page(), status_code=403, headers=HEADERS)
        return _start_session(request, context, session)

    async def _set_password(
        self, request: Request, form: dict[str, str], context: FormContext, link: accounts.Link
    ) -> Response:
        password = form.get("password", "")
        try:
            if password != form.get("again", ""):
                raise WeakPassword("the passwords do not match")
            entered = await run_in_threadpool(
                signing_in.choose_password, self._db, context.link, password, _browser(request), now=utc_now()
            )
        except Invalid as error:
            page = sign_in_forms.choose_page(
                context,
                email=link.email,
                invited=link.purpose == "invitation",
                problem=wording.sentence(error),
            )
            return _form_page(request, page, context, status=400)
        except NotAllowed:
            return HTMLResponse(sign_in_forms.expired_link_page(), status_code=403, headers=HEADERS)
        return _signed_in_response(request, context, entered)

    async def _submit_password(
        self, request: Request, form: dict[str, str], context: FormContext
    ) -> Response:
        email, password = form.get("email", ""), form.get("password", "")
        try:
            entered = await run_in_threadpool(
                signing_in.by_password, self._db, email, password, _browser(request), now=utc_now()
            )
        except (Unauthenticated, TooManyRequests) as error:
            page = sign_in_forms.password_page(
                context, email=email[:254], problem=wording.sentence(error), company=self._company
            )
            return _form_page(request, page, context, status=http_status(error))
        return _signed_in_response(request, context, entered)

    async def _signed_in(self, request: Request) -> bool:
        token = _cookie(request, SESSION)
        if not token:
            return False
        return await run_in_threadpool(accounts.whoami, self._db, token, now=utc_now()) is not None

    async def _end_session(self, request: Request) -> Response:
        token = _cookie(request, SESSION)
        if token:
            await run_in_threadpool(signing_in.out, self._db, token, _browser(request), now=utc_now())
        answer = _redirect("/")
        _delete_cookie(request, answer, SESSION)
        return answer


def safe_next(wanted: str) -> str:
    """The address to continue at after signing in; only addresses of the dashboard are allowed."""
    printable = wanted.isprintable() and "\\" not in wanted
    return wanted if wanted.startswith("/?") and printable else "/"


async def _read(request: Request) -> dict[str, str]:
    """The fields of a form; empty if it is too long."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return {}
    fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True)
    return {name: values[0] for name, values in fields.items()}


def _is_ours(request: Request, form: dict[str, str]) -> bool:
    """Whether a form was sent from our page in this browser."""
    cookie, token = _cookie(request, FORM), form.get("token", "")
    return bool(cookie) and hmac.compare_digest(cookie.encode(), token.encode()) and _from_here(request)


def _from_here(request: Request) -> bool:
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        return site == "same-origin"
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")


def _browser(request: Request) -> Browser:
    address = request.client.host if request.client else ""
    return Browser(address, request.headers.get("user-agent", ""), _cookie(request, KNOWN))


def _failed(words: str, status: int) -> Response:
    return HTMLResponse(sign_in_forms.failed_page(words), status_code=status, headers=HEADERS)


def _form_page(request: Request, page: str, context: FormContext, *, status: int = 200) -> Response:
    answer = HTMLResponse(page, status_code=status, headers=HEADERS)
    _set_cookie(request, answer, FORM, context.token, seconds=FORM_LIFE)
    return answer


def _signed_in_response(request: Request, context: FormContext, entered: Entered) -> Response:
    answer = _start_session(request, context, entered.session)
    _set_cookie(request, answer, KNOWN, entered.browser, seconds=int(BROWSER_LIFE.total_seconds()))
    return answer


def _start_session(request: Request, context: FormContext, session: SessionToken) -> Response:
    answer = _redirect(context.next)
    _set_cookie(request, answer, SESSION, session, seconds=int(SESSION_LIFE.total_seconds()))
    _delete_cookie(request, answer, FORM)
    return answer


def _set_cookie(request: Request, answer: Response, name: str, value: str, *, seconds: int) -> None:
    answer.set_cookie(
        cookies.name_of(name, secure=_secure(request)),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=_secure(request),
    )


def _delete_cookie(request: Request, answer: Response, name: str) -> None:
    secure = _secure(request)
    answer.delete_cookie(cookies.name_of(name, secure=secure), secure=secure, httponly=True, samesite="lax")


def _cookie(request: Request, name: str) -> str:
    return cookies.value_of(request.cookies, name, secure=_secure(request)) or ""


def _secure(request: Request) -> bool:
    return request.url.scheme == "https"


def _redirect(address: str) -> RedirectResponse:
    return RedirectResponse(address, status_code=303, headers=HEADERS)
