"""Local accounts in a real browser: invitations, passwords, sessions."""

import re
import secrets

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, picture, settled

GOOD = "four quiet words here"


@pytest.fixture
def fresh(browser):
    """Browsers that nobody used yet."""
    contexts = []

    def opened():
        contexts.append(browser.new_context(viewport=DESK))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def invite(page, instance, email, role):
    """Invite user as an admin; return the link to send."""
    page.goto(f"{instance.dashboard}/?page=settings&section=users")
    settled(page)
    page.get_by_text("Invite user").click()
    page.get_by_label("Email").fill(email)
    page.get_by_text(re.compile(f"^{role}:")).click()
    expect(page.get_by_role("radio", name=re.compile(f"^{role}:"))).to_be_checked()
    expect(page.get_by_label("Email")).to_have_value(email)
    page.get_by_role("button", name="Create invitation link").click()
    link = page.locator("code", has_text="/signin?link=").inner_text()
    page.get_by_role("button", name="Done").click()
    return link


def choose(page, link):
    page.goto(link)
    page.get_by_label("New password").fill(GOOD)
    page.get_by_label("Repeat the password").fill(GOOD)
    page.get_by_role("button", name="Save and sign in").click()


def sign_in(page, instance, email, password=GOOD):
    page.goto(instance.dashboard)
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.parametrize("role", ["Viewer", "Marketer", "Admin"])
def test_who_is_invited_chooses_a_password_and_comes_in_with_the_role(page, fresh, instance, role):
    email = f"{role.lower()}@shop.example"
    link = invite(page, instance, email, role)
    person = fresh()
    person.goto(link)
    expect(person.get_by_label("Email")).to_have_value(email)
    picture(person, "invitation")

    choose(person, link)
    settled(person)
    expect(person.locator(".cs-user")).to_contain_text(email)
    person.goto(f"{instance.dashboard}/?page=settings&section=users")

    refused = person.get_by_text("No access")
    if role == "Admin":
        expect(person.get_by_text("Invite user")).to_be_visible()
    else:
        expect(refused).to_be_visible()

    again = fresh()
    sign_in(again, instance, email)
    expect(again.locator(".cs-user")).to_contain_text(email)


def test_a_wrong_password_is_told_and_then_when_to_try_again(fresh, instance):
    page, email = fresh(), f"guessed-{secrets.token_hex(4)}@shop.example"
    told = page.get_by_role("alert")
    sign_in(page, instance, email, "wrong")
    expect(told).to_have_text("Email or password is wrong.")
    expect(page.get_by_label("Email")).to_have_value(email)
    picture(page, "wrong-password")

    for _ in range(12):  # where the machine is slow, the first waits are over before one tries again
        sign_in(page, instance, email, "wrong")
        expect(told).to_have_text(re.compile("is wrong|Too many attempts"))
        if "Too many" in told.inner_text():
            break

    expect(told).to_contain_text("Too many attempts: try again in")


def test_signed_out_in_one_tab_is_signed_out_in_the_other(page, fresh, instance):
    here = fresh()
    choose(here, invite(page, instance, "tabs@shop.example", "Viewer"))
    settled(here)
    there = here.context.new_page()
    there.goto(instance.dashboard)
    settled(there)

    here.get_by_role("link", name="Sign out").click()
    expect(here.get_by_text("Sign in to your account")).to_be_visible()
    there.get_by_role("link", name="Segments").first.click()

    expect(there.get_by_text("Your session has ended")).to_be_visible()
    picture(there, "session-ended")


def test_signing_in_leads_to_the_address_that_was_wanted(page, fresh, instance):
    choose(fresh(), invite(page, instance, "wanted@shop.example", "Viewer"))
    person = fresh()
    person.goto(f"{instance.dashboard}/?page=settings&section=you")
    person.get_by_label("Email").fill("wanted@shop.example")
    person.get_by_label("Password").fill(GOOD)
    person.get_by_role("button", name="Sign in").click()

    expect(person.get_by_text("Active sessions")).to_be_visible()
    picture(person, "settings-you")


def test_the_sections_of_an_admin(page, instance):
    for section in ("users", "keys", "audit"):
        page.goto(f"{instance.dashboard}/?page=settings&section={section}")
        settled(page)
        picture(page, f"settings-{section}")
        page.set_viewport_size(PHONE)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
        page.set_viewport_size(DESK)
    expect(page.get_by_text("Audit log").first).to_be_visible()


def test_the_forms_fit_a_phone(fresh, instance):
    page = fresh()
    page.set_viewport_size(PHONE)
    page.goto(instance.dashboard)
    expect(page.get_by_label("Password")).to_be_visible()

    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
