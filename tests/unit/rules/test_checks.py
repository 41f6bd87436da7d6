"""What is wrong with rules is said at its place, all of it at once."""

import pytest

from engine.errors import InvalidRules
from engine.rules.conditions.condition_reader import problems_of
from engine.rules.conditions.vocabulary import Vocabulary
from engine.rules.ruleset import compile_ruleset, read_folder, warnings_of
from engine.settings import CONFIG_DIR

SHIPPED = read_folder(CONFIG_DIR)
LOOK = "- {id: look, name: Look, on: product_visited, points: 1"


def problems(**files):
    texts = SHIPPED | {f"{name}.yaml": text for name, text in files.items()}
    try:
        compile_ruleset(texts)
    except InvalidRules as error:
        return [str(problem) for problem in error.problems]
    return []


def rule(more, *, on="product_visited", points="points: 1"):
    return problems(scoring=f"rules:\n  - {{id: look, name: Look, on: {on}, {points}, {more}}}\n")


def segment(condition):
    return problems(
        segments=f"segments:\n  - {{id: keen, name: Keen, when: {{{condition}}}}}\n", scoring="rules: []"
    )


def test_the_shipped_rules_are_in_order():
    assert problems() == []


def test_all_problems_are_found_at_once_each_at_its_place():
    scoring = """\
rules:
  - id: Look
    name: Look
    on: product_visted
    points: five
  - id: look
    name: Look again
    on: product_visited
    when:
      activity.prize: {gte: 5}
      contact.newsleter: subscribed
    points: 1
    limits: once
"""

    assert problems(scoring=scoring) == [
        "scoring.yaml:2:5: 'Look' cannot be an id: small letters, digits, - and _, a letter first",
        "scoring.yaml:4:5: no activity 'product_visted', did you mean 'product_visited'? (declare it in activities.yaml)",
        "scoring.yaml:5:5: `points` must be a whole number",
        "scoring.yaml:10:7: product_visited has no property 'prize', did you mean 'price'? (declare it in activities.yaml)",
        "scoring.yaml:11:7: no field 'newsleter', did you mean 'newsletter'?",
        "scoring.yaml:13:5: unknown key 'limits', did you mean 'limit'?",
    ]


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("contact.points: {gte: ten}", "this can never match: `contact.points` is a number, and 'ten' is not"),
        ("contact.points: {mor: 10}", "unknown operator 'mor'"),
        ("contact.newsletter: subscribd", "no newsletter 'subscribd', did you mean 'subscribed'?"),
        ("contact.cart: full", "no cart 'full'; it can be abandoned, active, none"),
        ("contact.segments: {has: keeen}", "no segment 'keeen', did you mean 'keen'?"),
        ("contact.custom.shoe: 4", "no field 'custom.shoe', did you mean 'custom.shoe_size'? (declare it in fields.yaml)"),
        ("contact.first_name: {gt: A}", "`gt` does not go with `contact.first_name`, which is a text"),
        ("contact.first_name: {in: Ana}", "`in` needs a list"),
        ("contact.first_name: [Ana]", "`eq` needs one value, not a list; did you mean 'in'?"),
        ("contact.first_name: null", "`eq` needs a value; to ask whether there is one, write {exists: false}"),
        ("contact.first_name: {exists: yes please}", "`exists` needs true or false"),
        ("contact.last_seen: {within: soon}", "`within` needs a time such as 30d, 4h or 15m"),
        ("contact.last_seen: {older_than: soon}", "`older_than` needs a time such as 30d, 4h or 15m"),
        ("contact.birth_date: {older_than: 30d}", "`older_than` does not go with `contact.birth_date`, which is a day"),
        ("contact.last_seen: {within: 30d, older_than: 60d}", "this can never match: `contact.last_seen` is within the last 30 days and is longer ago than 60 days"),
        ("contact.last_seen: {exists: false, older_than: 60d}", "this can never match"),
        ("contact.last_seen: {before: yesterday}", "`contact.last_seen` is a time: compare it with one such as 2026-03-31"),
        ("contact.points: .nan", "a comparison with .nan never matches"),
        ("activity.price: 5", "there is no activity here to look at"),
        ("points: 5", "unknown condition 'points'; it can be"),
        ("did: {activity: product_visited, within: 7d, times: {gte: 3, lt: 2}}", "this can never match: at least 3 times and at most 1"),
        ("did: {activity: bought}", "no activity 'bought'"),
        ("did: {activity: searched, where: {querry: x}}", "searched has no property 'querry', did you mean 'query'?"),
        ("did: {activity: searched, where: {contact.points: 1}}", "`where` looks at the activity alone"),
        ("did: {within: 7d}", "`activity` is missing"),
        ("contact.points: {gt: 10, lt: 5}", "this can never match: `contact.points` is over 10 and is under 5"),
        ("all: [{contact.newsletter: subscribed}, {contact.newsletter: unsubscribed}]", "this can never match"),
        ("all: [{contact.email: {exists: false}}, {contact.email: {contains: '@x'}}]", "this can never match"),
        ("any: [{contact.points: {gt: 9, lt: 5}}, {contact.cart: active, contact.cart.value: {gt: 9, lt: 5}}]", "this can never match: no part of `any` can: `contact.points` is over 9 and is under 5"),
        ("contact.points: 5, any: [{contact.points: 6}, {contact.points: {lt: 3}}]", "this can never match: no part of `any` can: `contact.points` is 5 and is 6"),
        ("contact.newsletter: subscribed, not: {contact.newsletter: subscribed}", "this can never match: `contact.newsletter` is subscribed and the same with `not`"),
        ("did: {activity: searched}, did_not: {activity: searched}", "this can never match: `did searched` and the same with `not`"),
        ("all: []", "`all` needs a list of at least one condition"),
        ("contact.first_name: {matches: '('}", "'(' cannot be used: it is no regular expression"),
        ("contact.first_name: {matches: '(a+)+$'}", "a repetition within a repetition, such as `(a+)+`, could take for ever"),
        ("contact.first_name: {matches: '(?<=a)b'}", "it is no regular expression"),
        (r"contact.first_name: {matches: '\pL'}", r"`\p` means something else in MongoDB"),
    ],
)  # fmt: skip
def test_a_condition_that_makes_no_sense_is_refused(condition, said):
    found = segment(condition)

    assert len(found) == 1, found
    assert said in found[0]
    assert found[0].startswith("segments.yaml:2:")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("limit: {times: 0, per: day}", "`times` must be 1 or more"),
        ("limit: {times: 3, per: fortnight}", "`per` cannot be 'fortnight'"),
        ("fades: {by: half, every: 30d}", "`by` must be how much is lost each time, from 1% to 100%"),
        ("fades: {by: 50%, every: 30d}, expires_after: 3d", "points expire at once or fade, not both"),
        ("group: browsing", "no group 'browsing' (declare it under `groups`)"),
        ("once_per: product_id", "`once_per` must name a property, such as properties.product_id"),
        ("active: {from: 2026-12-01, until: 2026-11-01}", "this can never match: `from` is not before `until`"),
        ("effects: [{add_to_segment: customers}]", "'customers' is a dynamic segment"),
        ("effects: [{add_to_segment: vips}]", "no static segment 'vips', did you mean 'vip'?"),
        ("effects: [{set: {shoe: 4}}]", "no custom field 'shoe'"),
        ("effects: [{move: {newsletter: gone}}]", "`newsletter` cannot be 'gone'"),
        ("effects: [{move: {newsletter: not_subscribed}}]", "no transition of 'newsletter' leads to 'not_subscribed'"),
        ("effects: [{webhook: crm}]", "no webhook 'crm'"),
        ("effects: [{shout: loud}]", "no effect 'shout'"),
        ("effects: [{set: {shoe_size: big}}]", "'shoe_size' is of type number, and big is not"),
        ("once_per: properties.prodct_id", "product_visited has no property 'prodct_id', did you mean 'product_id'?"),
        ("limit: {times: many, per: day}", "`times` must be a whole number"),
        ("when: {activity.type: searched}", "this can never match: `activity.type` is product_visited and is searched"),
        ("when: {did_not: {activity: product_visited, within: 30d}}", "this can never match: the product_visited itself counts as done"),
        ("when: {did: {activity: searched, where: {results: {gt: 5, lt: 3}}}}", "this can never match: `did searched`, of which `activity.results` is over 5 and is under 3"),
        ("when: {contact.rfm: champion}", "no rfm 'champion', did you mean 'champions'?"),
        ("when: {contact.clv: much}", "this can never match: `contact.clv` is an amount"),
    ],
)  # fmt: skip
def test_a_rule_that_makes_no_sense_is_refused(more, said):
    found = rule(more)

    assert len(found) == 1, found
    assert said in found[0]


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ("{per: properties.totl}", "order_completed has no property 'totl', did you mean 'total'?"),
        ("{per: properties.coupon}", "`per` needs a number, and activities.yaml says that 'coupon' is of type text"),
        ("{per: properties.products.price}", "`per` needs one value, and 'products' is a list"),
        ("{per: total}", "`per` must name a property"),
    ],
)  # fmt: skip
def test_points_are_computed_of_a_number_that_the_activity_has(points, said):
    [found] = rule("limit: once", on="order_completed", points=f"points: {points}")

    assert said in found


@pytest.mark.parametrize(
    ("value", "kept"), [("2026-03-01", "2026-03-01"), ("null", None), ("'2026-03-01'", "2026-03-01")]
)
def test_a_day_that_a_rule_sets_is_kept_as_fields_keep_days(value, kept):
    texts = SHIPPED | {
        "fields.yaml": "fields: [{id: renewed, label: Renewed, type: date}]",
        "scoring.yaml": f"rules: [{{id: r, name: R, on: registered, effects: [{{set: {{renewed: {value}}}}}]}}]",
    }

    [r] = compile_ruleset(texts).rules["registered"]

    assert r.effects[0].value == kept


def test_of_a_field_with_options_a_rule_sets_one_of_them():
    found = problems(
        fields="fields: [{id: plan, label: Plan, options: [free, paid]}]",
        scoring="rules: [{id: r, name: R, on: registered, effects: [{set: {plan: payd}}]}]",
    )

    assert found == ["scoring.yaml:1:59: 'plan' cannot be 'payd', did you mean 'paid'?"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("on: segment_entered, when: {activity.segment: vips}", "no segment 'vips', did you mean 'vip'?"),
        ("on: segment_left, when: {activity.segment: {in: [vip, none]}}", "no segment 'none'"),
        ("on: status_changed, when: {activity.machine: newsleter}", "no status 'newsleter', did you mean 'newsletter'?"),
        ("on: status_changed, when: {activity.to: subscribd}", "no state 'subscribd', did you mean 'subscribed'?"),
    ],
)  # fmt: skip
def test_a_rule_that_waits_for_a_segment_or_status_that_there_is_not_is_told(asked, said):
    found = problems(scoring=f"rules:\n  - {{id: r, name: R, {asked}, points: 1, limit: once}}\n")

    assert any(said in line and line.startswith("scoring.yaml:2:") for line in found), found


def test_segments_that_refer_to_each_other_in_a_circle_are_named():
    text = """
segments:
  - {id: a, name: A, when: {contact.segments: b}}
  - {id: b, name: B, when: {not: {contact.segments: {has_any: [c]}}}}
  - {id: c, name: C, when: {contact.segments: a}}
"""
    [found] = problems(segments=text, scoring="rules: []")

    assert "segments refer to each other in a circle: " in found
    assert all(f" {name}" in found for name in "abc")


def test_of_several_circles_each_is_told_at_its_place():
    segments = """\
segments:
  - {id: a, name: A, when: {contact.segments: b}}
  - {id: b, name: B, when: {contact.segments: a}}
  - {id: c, name: C, when: {contact.segments: c}}
  - {id: vip, name: VIP, static: true}
"""
    scoring = """\
rules:
  - {id: again, name: Again, on: points_changed, points: 1}
  - {id: in, name: In, on: segment_entered, when: {activity.segment: vip}, effects: [{remove_from_segment: vip}]}
  - {id: out, name: Out, on: segment_left, when: {activity.segment: vip}, effects: [{add_to_segment: vip}]}
"""
    found = problems(segments=segments, scoring=scoring)

    assert [problem.split(";")[0] for problem in found] == [
        "segments.yaml:2:22: segments refer to each other in a circle: a → b → a",
        "segments.yaml:4:22: segments refer to each other in a circle: c → c",
        "scoring.yaml:2:30: rules set each other off without end: again → again",
        "scoring.yaml:4:26: rules set each other off without end: out → in → out",
    ]


@pytest.mark.parametrize(
    "rule_",
    [
        "on: segment_entered, when: {activity.segment: vip}, effects: [{remove_from_segment: vip}]",
        "on: status_changed, when: {activity.machine: email_status}, effects: [{move: {newsletter: unsubscribed}}]",
        "on: status_changed, when: {activity.to: subscribed}, effects: [{move: {newsletter: unsubscribed}}]",
    ],
)
def test_a_rule_that_does_not_do_what_it_waits_for_is_no_circle(rule_):
    assert problems(scoring=f"rules:\n  - {{id: r, name: R, {rule_}}}\n") == []


@pytest.mark.parametrize(
    "when",
    [
        "not: {activity.segment: abandoned-cart}",
        "any: [{activity.segment: abandoned-cart}, {contact.points: {gte: 5}}]",
    ],
)
def test_a_segment_that_a_rule_names_without_demanding_it_hides_no_circle(when):
    rule_ = f"{{id: r, name: R, on: segment_entered, when: {{{when}}}, points: 40}}"

    assert "r → r" in "".join(problems(scoring=f"rules: [{rule_}]"))


def test_rules_that_set_each_other_off_are_named_unless_one_has_a_limit():
    text = """
segments:
  - {{id: hot, name: Hot, when: {{contact.points: {{gte: 10}}}}}}
  - {{id: hotter, name: Hotter, when: {{contact.segments: hot}}}}
"""
    scoring = """
rules:
  - {{id: entered, name: Entered, on: segment_entered, when: {{activity.segment: hotter}}, points: 5{}}}
"""
    [found] = problems(segments=text.format(), scoring=scoring.format(""))

    assert (
        "rules set each other off without end: entered → entered; give one of them a `limit` of at most 20 times"
        in found
    )
    assert problems(segments=text.format(), scoring=scoring.format(", limit: once")) == []
    assert problems(segments=text.format(), scoring=scoring.format(", limit: {times: 900, per: day}")) != []


def test_a_transition_that_is_never_its_turn_is_said():
    text = """\
machines:
  newsletter:
    states: [out, in]
    initial: out
    transitions:
      - {on: newsletter_subscribed, to: in}
      - {on: newsletter_subscribed, from: out, to: in, when: {activity.source: shop}}
      - {on: newsletter_unsubscribed, from: in, to: out}
      - {on: email_complained, from: out, to: out}
"""
    assert problems(transitions=text, scoring="rules: []", segments="segments: []") == [
        "transitions.yaml:7:10: this can never match: a transition before it is taken on each newsletter_subscribed",
        "transitions.yaml:9:43: this can never match: it leads from 'out' to the same",
    ]


def test_a_state_that_nothing_leads_to_is_said():
    text = "machines:\n  newsletter:\n    states: [out, in, lost]\n    initial: out\n    transitions: [{on: newsletter_subscribed, from: out, to: in}]\n"

    found = problems(transitions=text, scoring="rules: []", segments="segments: []")

    assert found == ["transitions.yaml:3:23: nothing leads to the state 'lost'"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("rules:\n\t- {id: a}", "scoring.yaml:2:1: a tab cannot indent: write blanks"),
        ("rules: []\nrules: []", "scoring.yaml:2:1: duplicate key 'rules': it stands on line 1 already"),
        ("rules: [\n", "a `{` or `[` above is not closed"),
        ("rules: []\n# \udcff", "scoring.yaml:2:3: the file is not UTF-8 here"),
        ("rules: !!python/object/apply:os.system [echo]", "is not read: write plain values"),
        ("- 1\n- 2", "the file must be a mapping"),
        ("rules: " + "[" * 2_000 + "]" * 2_000, "nested"),
        ("x" * 50_000_000, "longer than"),
        ("rules: " + "[ " * 100_000, "nested"),
        ("rules: []\n" + "".join(f"k{n}: 1\n" for n in range(40_000)), "more than 60,000 values"),
        ("rules: " + "9" * 5_000, "scoring.yaml:1:8: a number of 5,000 digits"),
        ("rules: -0x" + "f" * 5_000, "scoring.yaml:1:8: a number of 5,0"),
        ("rules: []\n2026-02-30: x", "scoring.yaml:2:1: `2026-02-30` is no date: day is out of range"),
        ("rules: 2026-02-28T10:00:00+99:00", "is no date"),
    ],
)
def test_files_that_are_meant_to_break_the_reader_do_not(text, said):
    found = problems(scoring=text)

    assert found, "it must be refused"
    assert any(said in problem for problem in found), found[0][:300]


def test_keys_that_are_there_twice_and_tabs_do_not_hide_what_else_is_wrong():
    scoring = """\
groups:
  - {id: g, name: G, at_most: 5}
  - {id: g, name: G, at_most: 6}
rules:
  - id: look
    name: Look
    name: Look again
    on: product_visted
    points: 1
\t# a tab
    limits: once
    points: 2
"""

    assert problems(scoring=scoring) == [
        "scoring.yaml:3:6: another group has the id 'g', on line 2",
        "scoring.yaml:7:5: duplicate key 'name': it stands on line 6 already",
        "scoring.yaml:8:5: no activity 'product_visted', did you mean 'product_visited'? (declare it in activities.yaml)",
        "scoring.yaml:10:1: a tab cannot indent: write blanks",
        "scoring.yaml:11:5: unknown key 'limits', did you mean 'limit'?",
        "scoring.yaml:12:5: duplicate key 'points': it stands on line 9 already",
    ]


TWO_RULES = """\
rules:
  - id: visit
    name: Visit a page
    on: page_visited
    points: 1
  # the next one
  - id: look
    name: "Look"
    on: product_visted
    points: 2
"""


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("points: 1", "limit: {times: 5, per: day", "5:12: the `{` here is not closed"),
        ("points: 1", "when: {activity.path: {in: [a, b}}", "5:32: the `[` here is not closed"),
        ("points: 1", "when: {activity.path: a}}", "5:29: nothing was opened that this `}` could close"),
        ("name: Visit", "name: Visit: or look at", "3:16: a second colon on this line"),
        ("name: Visit a page", 'name: "Visit a page', "3:11: the quotation mark here is not closed"),
        ("Visit a page", "'Visitor's page'", "3:20: something stands behind the closing quotation mark"),
        ("Visit a page", "@home", "3:11: a value that begins with `@` must stand in quotation marks"),
        ("Visit a page", "*home", "3:11: a value that begins with `*` must stand in quotation marks"),
        ("on: page_visited", "on:page_visited", "4:5: a colon with a blank after it is missing"),
        ("    on: page", "   on: page", "4:4: this line is not indented like those before it"),
        ("    on: page", "      on: page", "4:7: this line is not indented like the one above"),
    ],
)
def test_a_slip_in_the_writing_is_said_in_words_where_it_is_and_hides_no_other_entry(right, wrong, said):
    found = problems(scoring=TWO_RULES.replace(right, wrong, 1))

    assert len(found) == 2, found
    assert found[0].startswith(f"scoring.yaml:{said}")
    assert found[1].startswith("scoring.yaml:9:5: no activity 'product_visted', did you mean")


def test_what_an_entry_that_cannot_be_read_may_declare_is_not_missed_elsewhere():
    segments = """\
segments:
  - id: vip
    name: VIP: the best
    static: true
  - id: friends
    name: Friends
    when: {contact.segments: vip, contact.pionts: {gte: 1}}
"""
    scoring = """\
groups:
  - {id: browsing, name: Looking around, at_most: 15, per: day
rules:
  - {id: a, name: A, on: page_visited, points: 1, group: browsing, effects: [{add_to_segment: vip}]}
"""

    assert [problem.split(":", 1)[1][:40] for problem in problems(segments=segments, scoring=scoring)] == [
        "3:14: a second colon on this line: put t"[:40],
        "7:35: no field 'pionts', did you mean 'p"[:40],
        "2:5: the `{` here is not closed: a `}` o"[:40],
    ]


def test_a_file_full_of_slips_is_given_up_in_the_end():
    entries = [f"  - {{id: r{n}, name: R: {n}, on: page_visited, points: 1}}}}" for n in range(200)]

    found = problems(scoring="\n".join(["rules:", *entries]))

    assert 1 < len(found) <= 11


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("contact.points: {gte: 3}", []),
        ("contact.pionts: {gte: 3}", [(1, 1, "no field 'pionts'")]),
        ("any:\n  - contact.orders: many", [(2, 5, "this can never match")]),
        (
            "contact.pionts: 3\ndid: {activity: searched",
            [(1, 1, "no field 'pionts'"), (2, 6, "the `{` here is not closed")],
        ),
        ("- contact.points: 3", [(1, 1, "a condition must be a mapping")]),
        ("", [(1, 1, "a condition must say something")]),
        ("activity.price: 3", [(1, 1, "")]),
    ],
)
def test_a_condition_that_stands_alone_is_told_at_the_lines_of_its_own(text, said):
    found = problems_of(text, Vocabulary.of(compile_ruleset(SHIPPED)))

    assert [(p.line, p.column) for p in found] == [(line, column) for line, column, _ in said]
    assert all(p.message.startswith(words) for p, (_, _, words) in zip(found, said, strict=True))


def test_a_test_gives_activities_what_they_can_carry():
    scoring = """\
rules:
  - {id: cart, name: Cart, on: added_to_cart, points: 5}
tests:
  - name: dear things
    given:
      - {added_to_cart: {pric: 60, product_id: a}}
      - {registered: {traits: {first_name: Ana}}}
      - {contact_edited: {email_status: paused, until: 2026-06-10}}
      - {contact_imported: {mobile_status: paused}}
    expect: {points: 5}
"""

    assert problems(scoring=scoring, segments="") == [
        "scoring.yaml:6:26: added_to_cart has no property 'pric', did you mean 'price'? (declare it in activities.yaml)"
    ]


@pytest.mark.parametrize("file", ["activities", "fields", "settings", "transitions", "segments"])
def test_a_file_that_cannot_be_read_is_one_problem_and_not_one_for_each_name_in_it(file):
    scoring = (
        SHIPPED["scoring.yaml"]
        + """
  - name: and more
    given: [{product_visited: {}}]
    expect: {newsletter: not_subscribed, segments: [active-this-week]}
"""
    )
    scoring = scoring.replace(
        "    points: 5\n",
        "    points: 5\n    effects: [{set: {shoe_size: 4}}, {add_to_segment: vip}, {move: {sms: subscribed}}]\n",
        1,
    )

    assert problems(scoring=scoring) == []
    [found] = problems(scoring=scoring, **{file: "a: [\n"})
    assert found.startswith(f"{file}.yaml:2:1: a value is missing here")


def test_a_value_that_is_merged_in_is_reported_where_it_is_merged():
    found = problems(
        scoring="""\
rules:
  - &look {id: look, name: Look, on: product_visited, points: five}
  - {<<: *look, id: again}
"""
    )

    assert found == [
        "scoring.yaml:2:55: `points` must be a whole number",
        "scoring.yaml:3:5: `points` must be a whole number",
    ]


def test_a_field_of_a_type_that_there_is_not_is_one_problem_wherever_it_is_used():
    found = problems(
        fields="fields: [{id: size, type: txet}]",
        segments="segments: [{id: tall, name: Tall, when: {contact.custom.size: {gte: 5}}}]",
        scoring="rules: [{id: r, name: R, on: searched, effects: [{set: {size: 5}}]}]",
    )

    assert found == ["fields.yaml:1:21: `type` cannot be 'txet', did you mean 'text'?"]


def test_an_alias_bomb_does_not_go_off():
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]

    found = problems(scoring="\n".join([*lines, "rules: *a11"]))

    assert any("alias" in problem for problem in found), found[:3]


def test_conditions_a_thousand_levels_deep_are_refused_with_a_message():
    deep = "{not: " * 1_000 + "{contact.points: 1}" + "}" * 1_000

    found = problems(segments=f"segments:\n  - {{id: a, name: A, when: {deep}}}\n", scoring="rules: []")

    assert found
    assert any("deep" in problem for problem in found), found[0][:300]


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("time_zone: Europe/Madird", "2:3: no time zone 'Europe/Madird', did you mean 'Europe/Madrid'?"),
        ("time_zone: new york", "2:3: no time zone 'new york', did you mean 'America/New_York'?"),
        ("time_zone: Mars", "2:3: no time zone 'Mars'"),
        ("default_region: Spain", "2:3: no region 'SPAIN'; write two letters, such as ES, FR or GB"),
        ("currency: euro", "2:3: `currency` must be three capitals, such as EUR"),
        ("rates: {USD: none}", "2:11: a rate must be a number above 0"),
        ("rates: {USD: -1}", "2:11: a rate must be a number above 0"),
        ("rates: {dollar: 1}", "2:11: 'dollar' is no currency: write three capitals, such as USD"),
        ("cart_idle: soon", "2:3: `cart_idle` must be a time such as"),
    ],
)
def test_a_setting_that_cannot_be_is_told_with_what_was_meant(written, said):
    [found] = problems(settings=f"account:\n  {written}\n")

    assert found.startswith(f"settings.yaml:{said}")


def test_a_locale_that_is_none_is_refused_with_how_to_write_one():
    assert problems(settings="account:\n  locale: klingon\n") == [
        "settings.yaml:2:3: no locale 'klingon'; write a language, or language and country: es, en_GB, de_AT"
    ]


@pytest.mark.parametrize(
    ("written", "kept"), [("es", "es"), ("de-AT", "de_AT"), ("pt_BR", "pt_BR"), (None, "en")]
)
def test_a_locale_is_kept_in_one_form(written, kept):
    account = f"account:\n  locale: {written}\n" if written else "account: {}\n"

    assert compile_ruleset(SHIPPED | {"settings.yaml": account}).account.locale == kept


def test_a_machine_in_which_a_refusal_is_lost_is_warned_of():
    shipped = SHIPPED["transitions.yaml"]
    older = shipped.replace(
        "{on: newsletter_unsubscribed, from: [not_subscribed, subscribed],",
        "{on: newsletter_unsubscribed, from: subscribed,",
    )

    [warning] = warnings_of(SHIPPED | {"transitions.yaml": older})

    assert warning.message == (
        "newsletter_unsubscribed does not lead from not_subscribed to unsubscribed: a refusal is lost"
    )
    assert warnings_of(SHIPPED) == []
