"""A filter of the list is plain data, and is read as the same condition is in a file."""

import json
import math

import pytest

from engine.errors import InvalidRules
from engine.rules.conditions.condition_reader import read_condition
from engine.rules.conditions.filter_reader import qualified, read_filters
from engine.rules.conditions.vocabulary import Subject, Vocabulary
from engine.rules.language.nodes import File, Problems
from engine.rules.language.parsing import parsed
from tests.builders import rules

WORDS = Vocabulary.of(rules(fields="fields: [{id: city, label: City, type: text}]").present)


def nested(depth):
    condition = {"points": 1}
    for _ in range(depth):
        condition = {"not": condition}
    return condition


@pytest.mark.parametrize(
    "where",
    [
        {"newsletter": "subscribed"},
        {"points": {"gte": 20, "lt": 50.5}},
        {"segments": {"has_any": ["vip", "hot-leads"]}},
        {"not": {"segments": "vip"}},
        {"last_seen": {"within": "30d"}, "contact.first_seen": {"before": "2026-03-31"}},
        {"any": [{"custom.city": "Madrid"}, {"all": [{"email": {"exists": True}}, {"orders": 3}]}]},
        {"first_name": {"starts_with": "2026-01-01"}},
    ],
)
def test_a_filter_means_what_the_same_condition_means_in_a_file(where):
    problems = Problems()
    file = File("segments.yaml", problems).parse(json.dumps({"when": qualified(where)}))

    assert read_filters(where, WORDS) == read_condition(file, Subject(WORDS)).tree
    assert not problems


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({"pionts": 3}, "no field 'pionts', did you mean 'points'?"),
        ({"points": {"mor": 3}}, "unknown operator 'mor'"),
        ({"points": "many"}, "this can never match: `contact.points` is a number, and 'many' is not"),
        ({"points": math.nan}, "a comparison with .nan never matches"),
        ({"points": {}}, "a comparison is missing, such as {gte: 10}"),
        ({"segments": {"has": [["vip"]]}}, "no segment ['vip']"),
        ({"segments": {"has": [{"id": "vip"}]}}, "no segment {'id': 'vip'}"),
        ({"all": {"points": 3}}, "`all` must be a list"),
        ({"not": [{"points": 3}]}, "`not` must be a mapping"),
        ({"did": {"activity": "searched"}}, "`did` cannot stand in a filter"),
        ({"activity.price": 3}, "no field 'activity.price'"),
        (nested(60), "conditions are nested more than 40 deep"),
        (nested(600), "this is nested more than 100 deep"),
    ],
)
def test_a_filter_that_makes_no_sense_is_refused_in_the_words_of_the_rules(where, message):
    with pytest.raises(InvalidRules) as refused:
        read_filters(where, WORDS)

    assert message in refused.value.problems[0].message


def test_a_filter_keeps_every_character():
    assert read_filters({"first_name": "\N{HIKING BOOT}\x7f"}, WORDS).operand == "\N{HIKING BOOT}\x7f"


def test_reading_filters_leaves_the_parsed_rule_files_in_memory():
    before = parsed.cache_info()

    read_filters({"newsletter": "subscribed"}, WORDS)

    assert parsed.cache_info() == before
