"""What somebody may send instead of a good sign-in, against the real dashboard and a real provider."""

import os
import re
import subprocess
import sys
import time
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

from engine.db.connection import utc_now
from engine.operations.preparation import prepare
from engine.settings import CONFIG_DIR
from tests.openid.dashboard import COOKIE_SECRET, dashboard_by
from tests.openid.provider import providing

USER = "_streamlit_user"


@pytest.fixture(scope="module")
def provider():
    with providing() as provider:
        provider.people = {"ana": {"email": "ana@x.com", "name": "Ana", "groups": ["marketing"]}}
        yield provider


@pytest.fixture(scope="module")
def dashboard(provider, mongod, module_db, tmp_path_factory):
    prepare(module_db, config_dir=CONFIG_DIR, now=utc_now())
    with dashboard_by(
        provider, mongodb_uri=mongod.uri, database=module_db.name, data_dir=tmp_path_factory.mktemp("openid")
    ) as address:
        yield address


@pytest.fixture
def browser(provider, dashboard):
    provider.spoil, provider.signs_with = lambda claims: claims, None
    with httpx.Client(base_url=dashboard, follow_redirects=False) as client:
        yield client


def begin(browser):
    """Go to the provider as the button does; return where it is asked."""
    payload = {"provider": "default", "exp": int(time.time()) + 60}
    token = jwt.encode({"alg": "HS256"}, payload, OctKey.import_key(COOKIE_SECRET))
    return browser.get("/auth/login", params={"provider": token}).headers["location"]


def agree(address):
    """Say there that one is Ana; return the way back."""
    return httpx.post(address, content="sub=ana").headers["location"]


def test_a_good_sign_in_is_asked_for_with_state_nonce_and_pkce_and_lets_in(browser):
    asked = begin(browser)
    query = parse_qs(urlsplit(asked).query)
    assert query["code_challenge_method"] == ["S256"]
    assert query["state"]
    assert query["nonce"]

    browser.get(agree(asked))

    assert USER in browser.cookies


@pytest.mark.parametrize(
    "wrong",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "another client"},
        {"iss": "https://evil.example"},
        {"exp": 1_000_000_000, "iat": 999_999_000},
    ],
)
def test_an_id_token_that_says_something_else_lets_nobody_in(browser, provider, wrong):
    provider.spoil = lambda claims: {k: v for k, v in {**claims, **wrong}.items() if v is not None}

    browser.get(agree(begin(browser)))

    assert USER not in browser.cookies


def test_an_id_token_signed_by_somebody_else_lets_nobody_in(browser, provider):
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})

    browser.get(agree(begin(browser)))

    assert USER not in browser.cookies


def test_a_state_that_was_not_given_to_this_browser_lets_nobody_in(browser, dashboard):
    back = agree(begin(browser))
    with httpx.Client(base_url=dashboard) as victim:
        victim.get(back)
        assert USER not in victim.cookies

    browser.get(re.sub(r"state=[^&]+", "state=made-up", back))
    assert USER not in browser.cookies


def test_a_way_back_works_once(browser, dashboard):
    back = agree(begin(browser))
    browser.get(back)
    browser.cookies.delete(USER)

    browser.get(back)

    assert USER not in browser.cookies


def test_who_says_no_there_is_not_let_in(browser):
    state = parse_qs(urlsplit(begin(browser)).query)["state"][0]

    answer = browser.get("/oauth2callback", params={"error": "access_denied", "state": state})

    assert answer.headers["location"] == "/"
    assert USER not in browser.cookies


def test_another_address_to_come_back_to_is_refused_by_the_provider(browser):
    asked = begin(browser)

    answer = httpx.get(asked.replace("oauth2callback", "elsewhere"))

    assert answer.status_code == 400


def test_a_sign_in_that_was_not_begun_here_is_not_begun(browser):
    answer = browser.get("/auth/login", params={"provider": "forged"})

    assert answer.headers["location"] == "/"


def test_settings_that_cannot_work_stop_the_start_with_what_to_write(mongod, tmp_path):
    settings = {
        "MONGODB_URI": mongod.uri, "SHEETS_DATA_DIR": str(tmp_path),
        "OPENID_METADATA_URL": "http://127.0.0.1:1/", "OPENID_CLIENT_ID": "x",
    }  # fmt: skip
    command = [sys.executable, "-m", "workers.cli.main", "dashboard", "--port", "0"]
    ended = subprocess.run(
        command, env={**os.environ, **settings}, capture_output=True, text=True, check=False, timeout=60
    )

    assert ended.returncode == 1
    assert "OPENID_CLIENT_SECRET" in ended.stderr
    assert "Traceback" not in ended.stderr
