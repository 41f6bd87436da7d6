"""rfm.yaml: each of the 125 codes is in one category, and each mistake is reported at its place."""

from dataclasses import replace
from decimal import Decimal

import pytest

from engine.domain.rfm import CODES, RfmRules
from engine.errors import InvalidRules
from engine.rules.ruleset import compile_ruleset, read_folder
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
ALL_BUT_LOST = sorted(CODES - {111})
FOUR = "must be a list of 4 numbers: the upper ends of all scores but the last"
TWO = f"categories:\n  keen: {{codes: {ALL_BUT_LOST}}}\n  lost: {{codes: [111]}}\n"


def problems(text):
    try:
        rules(text)
    except InvalidRules as error:
        return [str(problem) for problem in error.problems]
    return []


def rules(text):
    return compile_ruleset(SHIPPED | {"rfm.yaml": text}).rfm


def test_the_shipped_file_has_eleven_categories_of_all_125_codes():
    shipped = rules(SHIPPED["rfm.yaml"])

    assert list(shipped.categories) == [
        "champions",
        "loyal",
        "potential_loyalists",
        "new",
        "promising",
        "need_attention",
        "about_to_sleep",
        "at_risk",
        "cannot_lose_them",
        "hibernating",
        "lost",
    ]
    assert [len(category.codes) for category in shipped.categories.values()] == [
        7, 8, 24, 7, 16, 8, 8, 22, 8, 11, 6,
    ]  # fmt: skip
    assert shipped.category_of().keys() == CODES
    assert replace(shipped, categories={}) == RfmRules(
        categories={}, months=24, monetary="average_order", cuts={}
    )


def test_an_empty_file_declares_no_rfm():
    assert rules("") is None


def test_a_category_is_read_with_its_words():
    lost = rules(TWO + "months: 6\nmonetary: spent\n").categories["lost"]

    assert (lost.label, lost.suggestion, lost.codes) == ("lost", "", {111})


def test_fixed_cut_points_are_read_for_the_measures_that_have_some():
    found = rules(TWO + "cuts: {recency: [30, 90, 180, 365], monetary: [9.99, 20, 50, 100]}\n")

    assert found.cuts == {
        "recency": (Decimal(30), Decimal(90), Decimal(180), Decimal(365)),
        "monetary": (Decimal("9.99"), Decimal(20), Decimal(50), Decimal(100)),
    }


def test_all_problems_of_the_categories_are_found_at_once_each_at_its_place():
    text = f"""\
months: 0
categories:
  keen:
    codes: {sorted(CODES - {111, 112, 555})}
  lost:
    codes: [111, 111, 554]
  Gone:
    codes: [116, "112"]
    advice: none
"""

    assert problems(text) == [
        "rfm.yaml:1:1: `months` must be 1 or more",
        "rfm.yaml:2:1: no category has the codes 112, 555",
        "rfm.yaml:6:18: the code 111 stands here twice",
        "rfm.yaml:6:23: the code 554 is in 'keen' already",
        "rfm.yaml:8:5: 'Gone' cannot name a category: small letters, digits, - and _, a letter first",
        "rfm.yaml:8:13: 116 is no code: write three digits from 1 to 5, such as 345",
        "rfm.yaml:8:18: '112' is no code: write three digits from 1 to 5, such as 345",
        "rfm.yaml:9:5: unknown key 'advice'; it can be codes, label, suggestion",
    ]


def test_of_many_missing_codes_some_are_named():
    assert problems("months: 24\n") == [
        "rfm.yaml:1:1: no category has the codes 111, 112, 113, 114, 115 and 120 more"
    ]


@pytest.mark.parametrize(
    ("cuts", "column", "problem"),
    [
        ("{recency: [30, 90, 180]}", 8, f"`recency` {FOUR}"),
        ("{recency: 30}", 8, f"`recency` {FOUR}"),
        ("{monetary: [1, 2, 3, .inf]}", 8, f"`monetary` {FOUR}"),
        ("{frequency: [1, 2, 2, 8]}", 26, "cut points must ascend: 2 comes after 2"),
        ("{loyalty: [1, 2, 3, 4]}", 8, "unknown key 'loyalty'; it can be frequency, monetary, recency"),
    ],
)
def test_cut_points_that_make_no_sense_are_refused(cuts, column, problem):
    assert problems(f"{TWO}cuts: {cuts}\n") == [f"rfm.yaml:4:{column}: {problem}"]
