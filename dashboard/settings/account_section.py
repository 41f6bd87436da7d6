"""The section "Account": name, time zone, locale, currency, phone numbers, carts, and masking."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from zoneinfo import available_timezones

import streamlit as st
from babel import Locale, localedata, numbers
from markupsafe import Markup
from phonenumbers import SUPPORTED_REGIONS

from dashboard.ui.markup import joined, quiet, show, tag
from dashboard.ui.problems import problem_box, show_errors
from engine.accounts.actor import Actor
from engine.publishing import account_settings
from engine.publishing.account_settings import LABELS, Consequence, CurrentSettings, Settings

_BASE, _EDITION, _NOTICE = "account.base", "account.edition", "account.notice"


def render(actor: Actor) -> None:
    """The form; below, its problems or what it would change, and Publish."""
    found = account_settings.settings(actor)
    notice = st.session_state.pop(_NOTICE, None)
    if notice:
        st.success(notice, icon=":material/check:")
    base = st.session_state.setdefault(_BASE, found.version)
    words = "These settings apply to the whole shop. Each change is published as a version of the rules."
    show(tag("p", words, "cs-sub"))
    wanted = _form(found)
    if wanted == found.settings:
        show(quiet("No unsaved changes."))
        return
    wrong = account_settings.problems(actor, wanted)
    if wrong:
        problem_box(problem.message for problem in wrong)
        _discard()
        return
    _publish(actor, wanted, account_settings.consequences(found, wanted), base)


# The form


def _form(found: CurrentSettings) -> Settings:
    now = found.settings
    with st.container(border=True):
        name = st.text_input(LABELS["name"], now.name, key=_key("name"), max_chars=80)
        left, right = st.columns(2)
        with left:
            zone = _choice("time_zone", now.time_zone, {zone: zone for zone in _zones()})
        with right:
            locale = _choice("locale", now.locale, _locales())
    with st.container(border=True):
        left, right = st.columns(2)
        with left:
            currency = _choice("currency", now.currency, _currencies())
        with right:
            rates = _rates(now.rates)
    with st.container(border=True):
        left, right = st.columns(2)
        with left:
            region = _choice("default_region", now.default_region, _regions())
        with right:
            idle = st.text_input(
                LABELS["cart_idle"],
                now.cart_idle,
                key=_key("cart_idle"),
                help="A duration such as 4h, 30m or 2d",
            )
    with st.container(border=True):
        kept = st.toggle(
            "Keep undeclared traits as custom fields",
            now.keep_undeclared_traits,
            key=_key("keep_undeclared_traits"),
        )
        masked = st.toggle(
            "Hide names, emails and numbers from viewers", now.mask_for_viewers, key=_key("mask_for_viewers")
        )
    return Settings(
        name=(name or "").strip(),
        time_zone=zone,
        locale=locale,
        currency=currency,
        rates=rates,
        default_region=region,
        cart_idle=(idle or "").strip(),
        keep_undeclared_traits=kept,
        mask_for_viewers=masked,
    )


def _key(name: str) -> str:
    """A widget's key, which changes when the form is reset."""
    return f"account.{name}.{st.session_state.get(_EDITION, 0)}"


def _choice(name: str, now: str, options: Mapping[str, str]) -> str:
    """A searchable choice that includes the current value, even an unknown one."""
    known = {now: now, **options}
    order = sorted(known, key=lambda key: (key != "", known[key]))
    chosen: str = st.selectbox(
        LABELS[name], order, index=order.index(now), key=_key(name), format_func=known.__getitem__
    )
    return chosen


def _rates(now: Mapping[str, str]) -> dict[str, str]:
    text = st.text_area(
        "Exchange rates",
        "\n".join(f"{currency} {rate}" for currency, rate in now.items()),
        key=_key("rates"),
        placeholder="USD 0.92",
        help="Value of one unit in the account's currency, one per line",
        height=100,
    )
    rates = {}
    for line in (text or "").splitlines():
        currency, _, rate = line.strip().partition(" ")
        if currency:
            rates[currency.upper()] = rate.replace("=", " ").strip()
    return dict(sorted(rates.items()))


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


@lru_cache(maxsize=1)
def _locales() -> dict[str, str]:
    """Every locale with its English name."""
    english, found = Locale.parse("en"), {}
    for name in localedata.locale_identifiers():
        language, *more = name.split("_")
        country = more[0] if more and len(more[0]) == 2 else None
        if language in english.languages and len(more) <= 1 and (not more or country in english.territories):
            where = f" ({english.territories[country]})" if country else ""
            found[name] = f"{english.languages[language]}{where}"
    return found


@lru_cache(maxsize=1)
def _currencies() -> dict[str, str]:
    names = Locale.parse("en").currencies
    current = {code for region in SUPPORTED_REGIONS for code in numbers.get_territory_currencies(region)}
    return {code: f"{code} · {names[code]}" for code in sorted(current) if code in names}


@lru_cache(maxsize=1)
def _regions() -> dict[str, str]:
    names = Locale.parse("en").territories
    return {code: names.get(code, code) for code in SUPPORTED_REGIONS}


# Publishing


def _publish(actor: Actor, wanted: Settings, changes: list[Consequence], base: int) -> None:
    with st.container(border=True, key="account.change"):
        show(joined([tag("div", "What this changes", "cs-card-title"), *map(_line, changes)]))
        again = False
        if any(change.of_the_past for change in changes):
            again = st.toggle(
                "Also recalculate the past: points, limits, carts and totals of every contact",
                key=_key("again"),
            )
        with st.container(horizontal=True):
            sure = st.button("Publish", type="primary", key="account.publish")
            _discard()
        if sure:
            with show_errors():
                version = account_settings.change(actor, wanted, base=base, recompute=again)
                _fresh()
                more = " The past is being recalculated." if again else ""
                st.session_state[_NOTICE] = f"Published as version {version.number} of the rules.{more}"
                st.rerun()


def _line(change: Consequence) -> Markup:
    return tag("p", joined([tag("b", f"{LABELS[change.setting]}: "), change.words]), "cs-small")


def _discard() -> None:
    st.button("Discard", key="account.discard", on_click=_fresh)


def _fresh() -> None:
    """Reset the form to the published settings."""
    st.session_state[_EDITION] = st.session_state.get(_EDITION, 0) + 1
    st.session_state.pop(_BASE, None)
