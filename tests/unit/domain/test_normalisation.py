"""Plain addresses are told at a glance, with the answer that looking closely gives."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.normalisation import _is_plain_email, normalise_email
from engine.errors import InvalidIdentity

LABEL = st.text("ab0-", min_size=1, max_size=5) | st.sampled_from(["xn--a", "x" * 63, "x" * 64])
DOMAIN = st.builds(lambda labels, last: ".".join([*labels, last]), st.lists(LABEL, max_size=3),
                   st.sampled_from(["com", "es", "c", "c0m", "local", "test", "onion", "localhost"]) | LABEL)  # fmt: skip
LOCAL = st.text("aZ0._+-'", min_size=1, max_size=8) | st.sampled_from(["a" * 64, "a" * 65, "ñ"])


@given(LOCAL, DOMAIN)
@example("a" * 64, ".".join(["b" * 60] * 3) + ".com")
@example("-a-", "x.com")
def test_what_looks_plain_is_what_the_validator_says(local, domain):
    typed = f"{local}@{domain}"
    try:
        checked = validate_email(typed, check_deliverability=False, test_environment=True)
        expected = f"{checked.local_part}@{checked.ascii_domain}".lower()
    except EmailNotValidError:
        expected = None

    assert not _is_plain_email(typed) or typed.lower() == expected


@pytest.mark.parametrize("typed", ["Ana.Maria_2@Shop.Example.com", "ana+news@x.es"])
def test_usual_addresses_look_plain(typed):
    assert _is_plain_email(typed)
    assert normalise_email(typed) == typed.lower()


@pytest.mark.parametrize("typed", ["ana@x", "ana@shop.local", "a..b@x.com", ".a@x.com", "ana@-x.com"])
def test_what_is_no_address_stays_none(typed):
    with pytest.raises(InvalidIdentity):
        normalise_email(typed)
