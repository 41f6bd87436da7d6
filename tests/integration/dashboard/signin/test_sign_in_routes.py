"""Coming in and going out, over HTTP as a browser does it, and as somebody who forges."""

import re

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from dashboard.cookies import FORM, KNOWN
from dashboard.cookies import SESSION as COOKIE
from dashboard.signin.sign_in_routes import RedirectToSignIn, sign_in_routes
from engine.accounts import accounts, passwords, users
from engine.accounts.current_user import CurrentUser
from engine.accounts.openid import provider_of
from engine.accounts.passwords import Browser
from engine.db.connection import utc_now
from engine.settings import Settings
from tests.builders import acting
from tests.integration.accounts.test_openid import SET

GOOD = "four quiet words here"
ROOT = CurrentUser("command-line", "", "Root", "admin")


def client_of(db, *, https=False, provider=None):
    async def start(request):
        return PlainTextResponse("the pages")

    app = Starlette(
        routes=[*sign_in_routes(db, provider), Route("/", start)],
        middleware=[Middleware(RedirectToSignIn)],
    )
    address = "https://sheets.example" if https else "http://sheets.example"
    return TestClient(app, base_url=address, follow_redirects=False)


@pytest.fixture
def client(db):
    return client_of(db)


@pytest.fixture
def ana(db):
    token = users.invite(acting(db, ROOT), "ana@x.com", role="marketer")
    passwords.set_by_link(db, token, GOOD, Browser("192.0.2.1"), now=utc_now())


def token_of(page):
    return re.search(r"name='token' value='([^']+)'", page.text)[1]


def fill(client, address="/signin", *, headers=None, **fields):
    """Open a form and send it."""
    page = client.get(address)
    body = {"token": token_of(page), **fields}
    return client.post("/signin", data=body, headers={"Sec-Fetch-Site": "same-origin", **(headers or {})})


def sign_in(client, **more):
    return fill(client, email="ana@x.com", password=GOOD, **more)


def test_who_carries_no_session_is_led_to_the_form_and_from_there_to_what_was_wanted(client, ana):
    led = client.get("/?contact=abc&tab=1")
    assert (led.status_code, led.headers["location"]) == (303, "/signin?next=/%3Fcontact%3Dabc%26tab%3D1")

    form = client.get(led.headers["location"])
    came = client.post(
        "/signin",
        data={"token": token_of(form), "email": "ana@x.com", "password": GOOD, "next": "/?contact=abc&tab=1"},
        headers={"Sec-Fetch-Site": "same-origin"},
    )

    assert (came.status_code, came.headers["location"]) == (303, "/?contact=abc&tab=1")
    assert client.get("/").text == "the pages"
    assert client.get("/signin").headers["location"] == "/"


@pytest.mark.parametrize(
    "wanted", ["https://evil.example", "//evil.example", "/\\evil.example", "/?a=\r\nX: y"]
)
def test_signing_in_leads_nowhere_else(client, ana, wanted):
    assert sign_in(client, next=wanted).headers["location"] == "/"


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(client, ana):
    for cookie in sign_in(client).headers.get_list("set-cookie"):
        if "Max-Age=0" not in cookie:
            assert "HttpOnly" in cookie
            assert "SameSite=lax" in cookie
            assert "Secure" not in cookie


def test_behind_tls_cookies_go_nowhere_without(db, ana):
    set_ = sign_in(client_of(db, https=True)).headers.get_list("set-cookie")

    assert [cookie for cookie in set_ if "Secure" not in cookie] == []
    assert any(cookie.startswith(f"__Host-{COOKIE}=") for cookie in set_)
    assert all("Path=/" in cookie and "Domain" not in cookie for cookie in set_)


def test_behind_tls_no_cookie_counts_that_another_host_of_the_domain_has_set(db, ana):
    client = client_of(db, https=True)
    sign_in(client)
    session = client.cookies[f"__Host-{COOKIE}"]
    client.cookies.clear()

    client.cookies.set(COOKIE, session)

    assert client.get("/signin").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "none"}],
)
def test_a_form_of_another_site_is_refused(client, ana, headers):
    answer = sign_in(client, headers=headers)

    assert answer.status_code == 403
    assert COOKIE not in client.cookies


@pytest.mark.parametrize(
    ("origin", "status"), [("https://evil.example", 403), ("null", 403), ("http://sheets.example", 303)]
)
def test_where_a_browser_says_no_more_than_the_origin_that_decides(client, ana, origin, status):
    page = client.get("/signin")
    fields = {"token": token_of(page), "email": "ana@x.com", "password": GOOD}

    assert client.post("/signin", data=fields, headers={"Origin": origin}).status_code == status


@pytest.mark.parametrize("token", ["", "made-up"])
def test_a_form_without_the_token_of_its_cookie_is_refused(client, ana, token):
    client.get("/signin")
    fields = {"token": token, "email": "ana@x.com", "password": GOOD}

    assert client.post("/signin", data=fields, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 403


def test_a_form_without_any_cookie_is_refused(db, ana):
    fields = {"token": "", "email": "ana@x.com", "password": GOOD}

    assert client_of(db).post("/signin", data=fields).status_code == 403


def test_a_body_without_end_is_not_read(client, ana):
    assert sign_in(client, padding="x" * 20_000).status_code == 403


@pytest.mark.parametrize("email", ["ana@x.com", "nobody@x.com"])
def test_a_wrong_password_says_the_same_for_everybody_and_then_when_to_try_again(client, ana, email):
    for _ in range(6):
        answer = fill(client, email=email, password="wrong")
        assert (answer.status_code, "Email or password is wrong." in answer.text) == (401, True)

    answer = fill(client, email=email, password="wrong")

    assert answer.status_code == 429
    assert "Too many attempts: try again in" in answer.text


def test_the_browser_of_the_owner_is_not_held_up_by_a_stranger(db, client, ana):
    sign_in(client)
    assert KNOWN in client.cookies
    stranger = client_of(db)
    for _ in range(7):
        fill(stranger, email="ana@x.com", password="wrong")

    client.cookies.delete(COOKIE)
    assert sign_in(client).status_code == 303


def test_what_was_typed_is_text_in_the_form(client):
    answer = fill(client, email='"><script>alert(1)</script>', password="x")

    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_an_invitation_asks_for_a_password_twice_and_signs_in(db, client):
    link = users.invite(acting(db, ROOT), "leo@x.com", role="viewer")
    address = f"/signin?link={link}"
    assert "leo@x.com" in client.get(address).text

    assert "do not match" in fill(client, address, link=link, password=GOOD, again="other").text
    assert "at least 12" in fill(client, address, link=link, password="short", again="short").text
    assert fill(client, address, link=link, password=GOOD, again=GOOD).status_code == 303

    assert accounts.whoami(db, client.cookies[COOKIE], now=utc_now()).email == "leo@x.com"
    assert client.get(address).status_code == 403


def test_a_link_is_not_used_up_by_looking_at_it(db, client):
    link = accounts.first_link(db, now=utc_now())
    for _ in range(3):
        assert client.get(f"/signin?link={link}").status_code == 200
        assert client.head(f"/signin?link={link}").status_code in (200, 405)

    assert fill(client, f"/signin?link={link}", link=link).status_code == 303
    client.cookies.clear()
    client.get("/signin")
    again = client.post(
        "/signin",
        data={"link": link, "token": client.cookies[FORM]},
        headers={"Sec-Fetch-Site": "same-origin"},
    )
    assert (again.status_code, "no longer works" in again.text) == (403, True)


def test_signing_out_ends_the_session_itself(db, client, ana):
    sign_in(client)
    session = client.cookies[COOKIE]

    client.get("/signout", headers={"Sec-Fetch-Site": "same-origin"})

    assert COOKIE not in client.cookies
    assert accounts.whoami(db, session, now=utc_now()) is None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "none", None])
def test_only_a_link_of_ours_signs_out_by_itself(db, client, ana, site):
    sign_in(client)

    asked = client.get("/signout", headers={} if site is None else {"Sec-Fetch-Site": site})
    assert "Sign out?" in asked.text
    assert accounts.whoami(db, client.cookies[COOKIE], now=utc_now()) is not None

    forged = client.post("/signout", data={"token": "made-up"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert forged.status_code == 403
    sure = client.post("/signout", data={"token": token_of(asked)}, headers={"Sec-Fetch-Site": "same-origin"})
    assert sure.status_code == 303
    assert COOKIE not in client.cookies


def test_where_the_company_signs_in_there_are_no_passwords_but_links_still_open(db, ana):
    client = client_of(db, provider=provider_of(Settings(**SET)))
    link = accounts.first_link(db, now=utc_now())

    assert client.get("/signin").headers["location"] == "/"
    client.get(f"/signin?link={link}")
    forged = {"token": client.cookies[FORM], "email": "ana@x.com", "password": GOOD}
    assert (
        client.post("/signin", data=forged, headers={"Sec-Fetch-Site": "same-origin"}).headers["location"]
        == "/"
    )
    assert COOKIE not in client.cookies
    assert fill(client, f"/signin?link={link}", link=link).status_code == 303
    assert COOKIE in client.cookies


def test_no_page_may_be_framed_or_kept(client):
    headers = client.get("/signin").headers

    assert headers["x-frame-options"] == "DENY"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cache-control"] == "no-store"
