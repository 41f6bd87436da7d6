"""What the dashboard's server answers besides pages: signing in by link, and out.

A link is only used up by the button on the page it opens: mail scanners and previews
follow links, but press no buttons.
"""

from __future__ import annotations

from html import escape
from typing import Any
from urllib.parse import parse_qs

from pymongo.database import Database
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from dashboard.signing_in import COOKIE
from engine.access import accounts
from engine.store.connection import utc_now

MAX_FORM = 10_000

_HEADERS = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'",
    "X-Frame-Options": "DENY",
}

_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title} · Contact Sheets</title>
<style>
body {{ margin: 0; min-height: 100vh; display: grid; place-items: center; background: #fbfaf7; color: #22302b;
  font: 16px/1.5 system-ui, sans-serif; }}
main {{ max-width: 24rem; padding: 2.5rem; margin: 1rem; background: #fff; border: 1px solid #e2ded4;
  border-radius: 14px; box-shadow: 0 8px 30px rgb(34 48 43 / 8%); }}
h1 {{ font-size: 1.4rem; margin: 0 0 .5rem; }} p {{ color: #55635d; margin: 0 0 1.5rem; }}
button {{ font: inherit; font-weight: 600; width: 100%; padding: .7rem; border: 0; border-radius: 10px;
  background: #2f5d50; color: #fff; cursor: pointer; }} button:hover {{ background: #24483e; }}
code {{ background: #f1efe9; border-radius: 5px; padding: .1rem .35rem; }}
</style></head><body><main><h1>{title}</h1>{body}</main></body></html>"""


def signing_routes(db: Database[dict[str, Any]]) -> list[Route]:
    """`/signin` and `/signout`."""

    async def sign_in(request: Request) -> Response:
        if request.method == "GET":
            return _ask(request.query_params.get("link", ""), request.query_params.get("next", ""))
        form = parse_qs((await request.body())[:MAX_FORM].decode("utf-8", "replace"))
        session = await run_in_threadpool(accounts.redeem, db, _one(form, "link"), now=utc_now())
        if session is None:
            return _used_up()
        answer = RedirectResponse(safe_next(_one(form, "next")), status_code=303, headers=_HEADERS)
        answer.set_cookie(
            COOKIE,
            session,
            max_age=int(accounts.SESSION_LIFE.total_seconds()),
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return answer

    async def sign_out(request: Request) -> Response:
        token = request.cookies.get(COOKIE)
        if token:
            await run_in_threadpool(accounts.sign_out, db, token)
        answer = RedirectResponse("/", status_code=303, headers=_HEADERS)
        answer.delete_cookie(COOKIE)
        return answer

    return [Route("/signin", sign_in, methods=["GET", "POST"]), Route("/signout", sign_out)]


def safe_next(wanted: str) -> str:
    """Where to go after signing in: within the dashboard, or its start."""
    return wanted if wanted.startswith("/?") and "\\" not in wanted and "\n" not in wanted else "/"


def _one(form: dict[str, list[str]], name: str) -> str:
    return form.get(name, [""])[0]


def _ask(link: str, next_: str) -> Response:
    if not link:
        return _used_up()
    body = (
        "<p>This link signs you in once.</p><form method='post' action='/signin'>"
        f"<input type='hidden' name='link' value='{escape(link, quote=True)}'>"
        f"<input type='hidden' name='next' value='{escape(next_, quote=True)}'>"
        "<button>Sign in</button></form>"
    )
    return HTMLResponse(_PAGE.format(title="Welcome", body=body), headers=_HEADERS)


def _used_up() -> Response:
    body = (
        "<p>It was used before, or an hour has passed since it was made. "
        "On the server, <code>sheets link</code> prints a new one.</p>"
    )
    page = _PAGE.format(title="This link no longer works", body=body)
    return HTMLResponse(page, status_code=403, headers=_HEADERS)
