"""Identities are compared in one form, and placeholders in any clothes identify nobody."""

import pytest
from email_validator import EmailNotValidError, validate_email
from hypothesis import example, given
from hypothesis import strategies as st

from engine.domain.identity.identities import IdentityKind
from engine.domain.identity.normalisation import (
    _is_plain_email,
    is_placeholder,
    normalise,
    normalise_email,
    normalise_phone,
)
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


# Placeholders

WORDS = [
    "null",
    "none",
    "nil",
    "undefined",
    "nan",
    "unknown",
    "anonymous",
    "guest",
    "user_id",
    "[object Object]",
    "N/A",
]
CLOTHES = [
    "{}", " {} ", '"{}"', "'{}'", "“{}”", "\u2018{}\u2019", "«{}»", "`{}`", "「{}」", '\\"{}\\"', "\"'{}'\"", "({})", "<{}>", "{{{}}}",
    "\u200b{}", "{}\ufeff", "\u2060{}\u00ad", "\u202a{}\u202c",
]  # fmt: skip
NOUGHTS = ["0", "0.0", "000", "-0", "+0", "0e0", "0E+10", "0,00", "-0.0", ".0", "0.", "\uff10", "0x0", '"0"', "-1",
           "00000000-0000-0000-0000-000000000000"]  # fmt: skip
TEMPLATES = ["{{user_id}}", "{{ email }}", "${id}", "#{id}", "<%= id %>", "%USER_ID%", "%%id%%", "[[id]]", "{user_id}",
             "{{{id}}}", "*|EMAIL|*", "{% user.id %}", "[USER_ID]", "<user-id>", "{customer.id}", "$user_id",
             "shop-{{user_id}}", '"{{user_id}}"', "\uff5b\uff5buser_id\uff5d\uff5d", "{{\u200buser_id}}", "{{user_id}}@example.com"]  # fmt: skip
GENUINE = ["42", "007", "1.0", "0-15", "10", "-12", "a", "nullo", "guest-42", "anonymous42", "Ñandú", "ana@example.com",
           "{3F2504E0-4F89-11D3-9A0C-0305E82C3301}", "{A3F2504E-4F89-11D3-9A0C-0305E82C3301}", "%41", "50%", "a{b}c",
           "gid://shopify/Customer/7", "user|5f7c8ec7", "auth0|0", "0xdeadbeef", "[42]", "<7>", "g@ue.st", "ユーザー",
           "\U0001f98a", "e0", "0e1f", "id42"]  # fmt: skip


@pytest.mark.parametrize("clothes", CLOTHES)
@pytest.mark.parametrize("case", [str, str.upper, str.title, lambda word: "".join(map(_full_width, word))])
@pytest.mark.parametrize("word", WORDS)
def test_a_placeholder_is_one_in_any_clothes(word, case, clothes):
    assert is_placeholder(clothes.format(case(word)))


@pytest.mark.parametrize("value", NOUGHTS + TEMPLATES)
def test_noughts_and_unfilled_templates_are_placeholders(value):
    assert is_placeholder(value)


@pytest.mark.parametrize("value", GENUINE)
def test_an_id_that_only_resembles_one_is_kept_as_given(value):
    assert not is_placeholder(value)
    for kind in (IdentityKind.EXTERNAL_ID, IdentityKind.TRACKER):
        assert normalise(kind, f"\u200b {value}\ufeff", region="ES") == value


@pytest.mark.parametrize("kind", IdentityKind)
@pytest.mark.parametrize("value", ['"null"', "{{user_id}}", "\uff10", "guest\u200b", "*|EMAIL|*"])
def test_no_kind_of_identity_takes_a_placeholder(kind, value):
    with pytest.raises(InvalidIdentity, match="is a placeholder and identifies nobody"):
        normalise(kind, value, region="ES")


def test_an_invisible_id_is_blank():
    with pytest.raises(InvalidIdentity, match="is blank"):
        normalise(IdentityKind.EXTERNAL_ID, "\u200b\ufeff", region="ES")


def test_characters_within_an_id_stay_and_those_of_an_address_or_number_go():
    assert normalise(IdentityKind.EXTERNAL_ID, "a\u200cb", region="ES") == "a\u200cb"
    assert normalise_email("ana\u200b@example.com\ufeff") == "ana@example.com"
    assert normalise_phone("\u202a+34 600 123 456\u202c", region="ES") == "+34600123456"


def _full_width(character):
    return chr(ord(character) + 0xFEE0) if "!" <= character <= "~" else character
