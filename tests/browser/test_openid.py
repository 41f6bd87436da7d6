"""Signing in with the company's account, in a real browser and at a real provider."""

import json
import re

import pytest
from playwright.sync_api import expect

from engine.contacts import contact_lookup
from engine.db.connection import utc_now
from engine.operations.preparation import prepare
from engine.publishing import publishing
from engine.settings import CONFIG_DIR
from tests.browser.conftest import DESK, picture, settled
from tests.builders import identified, minutes
from tests.integration.drained import receive_and_drain
from tests.openid.dashboard import dashboard_by
from tests.openid.provider import providing

PEOPLE = {
    "ana": {"email": "ana@shop.com", "name": "Ana", "groups": ["shop admins"]},
    "leo": {"email": "leo@shop.com", "name": "Leo", "groups": ["marketing", "chess"]},
    "eva": {"email": "eva@agency.com", "name": "Eva", "groups": ["agency"]},
    "max": {"email": "max@shop.com", "name": "Max", "groups": ["chess"]},
}


@pytest.fixture(scope="module")
def provider():
    with providing() as provider:
        yield provider


@pytest.fixture(scope="module")
def company(provider, mongod, module_db, tmp_path_factory):
    prepare(module_db, config_dir=CONFIG_DIR, now=utc_now())
    receive_and_drain(
        module_db, [identified(minutes(0), email="client@x.com", traits={"name": "Clara Klein"})]
    )
    with dashboard_by(
        provider, mongodb_uri=mongod.uri, database=module_db.name, data_dir=tmp_path_factory.mktemp("company")
    ) as address:
        yield address


@pytest.fixture
def desk(browser, provider):
    """A browser that nobody used yet."""
    provider.people = {sub: dict(claims) for sub, claims in PEOPLE.items()}
    context = browser.new_context(viewport=DESK)
    yield context
    context.close()


def sign_in(page, company, sub, *, address="/"):
    page.goto(f"{company}{address}")
    page.get_by_role("button", name=re.compile("Sign in")).click()
    page.get_by_role("button", name=sub, exact=True).click()
    page.wait_for_url(f"{company}/**")
    settled(page)


@pytest.mark.parametrize(
    ("sub", "name", "sections"),
    [("ana", "Ana", ["Users and roles", "API keys", "Audit log", "Your profile"]), ("leo", "Leo", ["Your profile"]), ("eva", "Eva", ["Your profile"])],
)  # fmt: skip
def test_each_role_comes_in_by_its_group_and_sees_what_is_for_it(desk, company, sub, name, sections):
    page = desk.new_page()
    sign_in(page, company, sub)
    expect(page.locator(".cs-user")).to_contain_text(name)

    page.goto(f"{company}/?page=settings")
    settled(page)

    shown = page.locator(".cs-menu a").all_inner_texts()
    assert [
        section
        for section in ("Users and roles", "API keys", "Audit log", "Your profile")
        if section in shown
    ] == sections


def test_who_has_no_role_is_told_so_and_not_let_in(desk, company):
    page = desk.new_page()
    sign_in(page, company, "max")

    expect(page.get_by_text("none of your groups has a role here: ask an admin for one")).to_be_visible()
    expect(page.get_by_text("Clara Klein")).to_have_count(0)
    picture(page, "openid-no-role")


def test_the_way_leads_back_to_the_sheet_that_was_wanted(desk, company, module_db):
    contact = contact_lookup.find_contact(module_db, "client@x.com")
    page = desk.new_page()
    page.goto(f"{company}/?contact={contact}")
    expect(page.get_by_role("button", name="Sign in with the company")).to_be_visible()
    picture(page, "openid-sign-in")

    sign_in(page, company, "leo", address=f"/?contact={contact}")

    expect(page.get_by_text("Clara Klein").first).to_be_visible()


def test_a_role_taken_away_at_the_provider_ends_what_is_open(desk, company, provider):
    first = desk.new_page()
    sign_in(first, company, "leo")
    expect(first.get_by_text("Clara Klein").first).to_be_visible()

    provider.people["leo"]["groups"] = []
    second = desk.browser.new_context().new_page()
    sign_in(second, company, "leo")
    expect(second.get_by_text("none of your groups has a role here")).to_be_visible()

    first.get_by_role("link", name="Segments").first.click()
    expect(first.get_by_text("Your session has ended")).to_be_visible()
    second.context.close()


def test_signing_out_ends_it_in_the_other_tab_and_at_the_provider(desk, company, provider):
    here, there = desk.new_page(), desk.new_page()
    sign_in(here, company, "ana")
    there.goto(company)
    expect(there.locator(".cs-user")).to_contain_text("Ana")
    before = len(provider.ended)

    here.get_by_role("link", name="Sign out").click()
    expect(here.get_by_role("button", name="Sign in with the company")).to_be_visible()
    there.get_by_role("link", name="Segments").first.click()

    expect(there.get_by_text("Sign in to your account")).to_be_visible()
    assert len(provider.ended) == before + 1


def test_a_link_from_elsewhere_signs_out_only_when_one_says_so(desk, company):
    page = desk.new_page()
    sign_in(page, company, "ana")

    page.goto(f"{company}/?page=signout")
    expect(page.get_by_text("You came here from another site.")).to_be_visible()
    page.goto(company)
    expect(page.locator(".cs-user")).to_contain_text("Ana")


def test_a_forged_cookie_is_nobody(desk, company):
    said = json.dumps({"is_logged_in": True, "sub": "ana", "iss": "x", "groups": ["shop admins"]})
    desk.add_cookies([{"name": "_streamlit_user", "value": said.replace('"', "'"), "url": company}])
    page = desk.new_page()

    page.goto(company)

    expect(page.get_by_text("Sign in to your account")).to_be_visible()


def test_a_masked_viewer_sees_no_name(desk, company, module_db):
    text = publishing.completed(module_db, {})["settings.yaml"]
    masked = text.replace("mask_for_viewers: false", "mask_for_viewers: true")
    publishing.publish(
        module_db,
        publishing.completed(module_db, {"settings.yaml": masked}),
        by="Ana",
        message="mask",
        now=utc_now(),
    )
    page = desk.new_page()
    sign_in(page, company, "eva")
    expect(page.get_by_text("c•••@x.com").first).to_be_visible()

    assert "Clara" not in page.content()
    page.goto(f"{company}/?contact={contact_lookup.find_contact(module_db, 'client@x.com')}")
    expect(page.get_by_text("C••• K•••").first).to_be_visible()
    assert "Clara" not in page.content()
    picture(page, "masked")
