"""Topics stand in transitions.yaml; each is a status that conditions, effects and tests can name."""

import pytest

from engine.domain.rulebook import Topic
from engine.errors import InvalidRules
from engine.rules.rehearsal import rehearse
from engine.rules.ruleset import compile_ruleset, read_folder, rule_tests_of
from engine.settings import CONFIG_DIR
from tests.builders import transitions_with, with_topics

SHIPPED = read_folder(CONFIG_DIR)


def problems(topics, **files):
    machines = SHIPPED["transitions.yaml"].replace("topics:\n", "", 1)
    own = {f"{name}.yaml": text for name, text in files.items()}
    try:
        compile_ruleset(SHIPPED | own | {"transitions.yaml": f"topics:\n{topics}{machines}"})
    except InvalidRules as error:
        return [str(problem) for problem in error.problems]
    return []


def test_a_topic_is_a_status_of_the_ruleset():
    ruleset = with_topics().present

    assert ruleset.topics == {
        "offers": Topic("offers", "Offers and sales", "Discounts twice a month.", "email"),
        "deals": Topic("deals", "Deals of the day", "", "sms"),
    }
    offers = ruleset.machines[ruleset.topics["offers"].machine]
    assert (offers.id, offers.label, offers.initial) == ("topic_offers", "Offers and sales", "not_subscribed")
    assert offers.states == ruleset.machines["newsletter"].states
    assert list(ruleset.machines) == [
        "email_status", "newsletter", "topic_offers", "mobile_status", "sms", "topic_deals", "push",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("topics", "problem"),
    [
        ("  Offers: {label: Offers}\n", "2:3: 'Offers' cannot name a topic: small letters, digits, - and _, a letter first"),
        ("  offers: {}\n", "2:11: `label` is missing"),
        ("  offers: {label: Offers, channel: mail}\n", "2:27: `channel` cannot be 'mail', did you mean 'email'?"),
        ("  offers: {label: Offers, abuot: x}\n", "2:27: unknown key 'abuot', did you mean 'about'?"),
        ("  offers: {label: newsletter}\n", "2:12: the status 'newsletter' has the label 'newsletter', too"),
        ("  a: {label: Offers}\n  b: {label: offers}\n", "3:7: the topic 'a' has the label 'offers', too"),
        ("  a: {label: A}\n  a: {label: B}\n", "3:3: duplicate key 'a': it stands on line 2 already"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_topic_is_reported_at_its_place(topics, problem):
    assert problems(topics) == [f"transitions.yaml:{problem}"]


def test_a_topic_cannot_have_the_name_of_a_written_out_status():
    own = """machines:
  topic_offers:
    label: Mine
    states: [out, in]
    initial: out
    transitions: [{on: order_completed, from: out, to: in}]
"""
    texts = SHIPPED | {
        "transitions.yaml": f"topics:\n  offers: {{label: Offers}}\n{own}",
        "scoring.yaml": "", "segments.yaml": "",
    }  # fmt: skip

    with pytest.raises(InvalidRules) as error:
        compile_ruleset(texts)

    assert [str(problem) for problem in error.value.problems] == [
        "transitions.yaml:2:3: the status 'topic_offers' is the one of the topic 'offers': rename either"
    ]


def test_topics_need_their_activities():
    older = SHIPPED["activities.yaml"].replace("topic_subscribed:", "subject_subscribed:")

    [problem] = problems("  offers: {label: Offers}\n", activities=older)

    assert problem.startswith("transitions.yaml:1:1: no activity 'topic_subscribed'")


def test_conditions_effects_and_tests_of_rules_can_name_a_topic():
    tested = (
        transitions_with()
        + """
  - name: a topic is moved by its own activities
    given: [{topic_subscribed: {topic: offers}}, {contact_imported: {topic_deals: unsubscribed}}]
    expect: {topic_offers: subscribed, topic_deals: unsubscribed, newsletter: not_subscribed}
"""
    )
    texts = SHIPPED | {
        "transitions.yaml": tested,
        "segments.yaml": "segments: [{id: bargain, name: Bargain, when: {contact.topic_offers: subscribed}}]",
        "scoring.yaml": "rules: [{id: r, name: R, on: registered, effects: [{move: {topic_offers: subscribed}}]}]",
    }
    ruleset = compile_ruleset(texts)

    results = rehearse(rule_tests_of(texts), ruleset)
    assert [result.test.name for result in results if result.differences] == []
