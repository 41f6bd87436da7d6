"""The account's settings: what a change does is said beforehand, checked, published, and in the audit log."""

import pytest

from dashboard.settings import account_section as page
from engine.accounts.current_user import CurrentUser
from engine.errors import InvalidRules, NotAllowed
from engine.publishing import account_settings, publishing
from engine.publishing.account_settings import Settings
from engine.publishing.publishing import PublishConflict
from engine.rules import versions
from tests.builders import acting, bought, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain

EVA, MAX = CurrentUser("u1", "eva@x.com", "Eva", "admin"), CurrentUser("u2", "max@x.com", "Max", "marketer")


@pytest.fixture
def opened(open_as):
    return lambda role="admin": open_as(role, page="settings", section="account")


def changed(db, user=EVA, *, recompute=False, base=None, **values):
    now = account_settings.settings(acting(db, EVA)).settings
    wanted = Settings(**{name: values.get(name, getattr(now, name)) for name in account_settings.LABELS})
    base = versions.current_number(db) if base is None else base
    version = account_settings.change(acting(db, user), wanted, base=base, recompute=recompute)
    drain_all(db)
    return version


def a_shop(db):
    receive_and_drain(
        db,
        [
            bought("10", minutes(1), email="ana@x.com", order_id="1", currency="EUR", trusted=True),
            bought("20", minutes(2), email="ana@x.com", order_id="2", currency="USD", trusted=True),
        ],
    )


def test_an_admin_reads_what_a_change_does_and_publishes_it(db, opened):
    a_shop(db)
    app = opened()
    assert "No unsaved changes" in shown(app)
    assert app.selectbox(key="account.currency.0").value == "EUR"

    app.text_input(key="account.name.0").set_value("Zapatos Ruiz").run()
    app.selectbox(key="account.time_zone.0").select("America/New_York").run()
    app.text_area(key="account.rates.0").set_value("usd 0.5\nGBP = 1.2").run()
    text = shown(app)
    assert "From now on days begin and end in America/New_York: limits “per day”" in text
    assert "1 contact has orders: totals are recomputed" in text
    app.button(key="account.publish").click().run()

    assert "Published as version 2 of the rules" in app.success[0].value
    now = versions.current(db).account
    assert (now.name, str(now.time_zone)) == ("Zapatos Ruiz", "America/New_York")
    assert {code: str(rate) for code, rate in now.rates.items()} == {"USD": "0.5", "GBP": "1.2"}
    entry = db.audit.find_one({"act": "changed the account settings"})
    assert {change["what"]: (change["before"], change["after"]) for change in entry["changes"]} == {
        "Name": ("My shop", "Zapatos Ruiz"),
        "Time zone": ("Europe/Madrid", "America/New_York"),
        "Rates": ("none", "GBP 1.2, USD 0.5"),
    }
    assert "No unsaved changes" in shown(app)
    assert app.text_input(key="account.name.1").value == "Zapatos Ruiz"


def test_what_cannot_be_is_said_and_not_offered_to_be_published_and_can_be_thrown_away(opened):
    app = opened()

    app.text_input(key="account.cart_idle.0").set_value("soon").run()
    app.text_area(key="account.rates.0").set_value("USD much").run()

    text = shown(app)
    assert "`cart_idle` must be a time such as" in text
    assert "a rate must be a number above 0" in text
    assert not [button for button in app.button if button.key == "account.publish"]
    app.button(key="account.discard").click().run()
    assert "No unsaved changes" in shown(app)


@pytest.mark.parametrize("role", ["viewer", "marketer"])
def test_others_are_not_let_in(db, opened, role):
    app = opened(role)

    assert "No access" in shown(app)
    assert not app.text_input
    with pytest.raises(NotAllowed):
        account_settings.settings(acting(db, CurrentUser("u2", "max@x.com", "Max", role)))


def test_the_file_keeps_its_comments_and_what_is_not_changed_to_the_letter(db):
    before = publishing.completed(db, {})["settings.yaml"]

    changed(db, mask_for_viewers=True, keep_undeclared_traits=False)

    after = publishing.completed(db, {})["settings.yaml"]
    assert after == before.replace("mask_for_viewers: false", "mask_for_viewers: true").replace(
        "undeclared_traits: keep", "undeclared_traits: ignore"
    )


def test_a_currency_counts_for_what_is_past_when_history_is_judged_again(db):
    a_shop(db)
    spent = lambda: str(db.contacts.find_one()["commerce"]["spent"])  # noqa: E731
    assert spent() in ("10", "10.00")

    changed(db, currency="USD", rates={"EUR": "2"})
    assert spent() in ("10", "10.00"), "from now on"
    changed(db, name="Again", recompute=True)

    assert spent() in ("40", "40.00")
    changed(db, currency="")
    assert account_settings.settings(acting(db, EVA)).settings.currency == "EUR"


def test_who_was_overtaken_and_what_is_wrong_change_nothing(db):
    changed(db, name="One")

    with pytest.raises(PublishConflict):
        changed(db, name="Two", base=1)
    with pytest.raises(InvalidRules, match="did you mean 'Europe/Madrid'"):
        changed(db, time_zone="Europe/Madird")
    with pytest.raises(NotAllowed):
        changed(db, MAX, name="Three")

    assert versions.current(db).account.name == "One"


def test_every_country_zone_and_language_has_a_name():
    assert page._zones()[0] == "Africa/Abidjan"
    assert page._locales()["en_GB"] == "English (United Kingdom)"
    assert page._regions()["ES"] == "Spain"
    assert page._currencies()["EUR"] == "EUR · Euro"
