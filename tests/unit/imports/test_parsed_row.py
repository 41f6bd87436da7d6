"""What a row wants of a contact; everything wrong with it is said at once."""

from datetime import UTC, date, datetime

import pytest

from engine.domain.identity.identities import Identities
from engine.imports.mapping.cell_format import CellFormat
from engine.imports.mapping.consents import Consent, InvalidConsent, Statement
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.formats import Format
from engine.imports.reading.problems import Problem
from engine.imports.reading.table import Row
from engine.imports.rows.parsed_row import RefusedRow, RowParser
from tests.builders import days, rules

SHOP = rules(
    fields="""fields:
  - {id: size, label: Size, type: text, options: [S, M]}
  - {id: visits, label: Visits, type: number}
""",
    segments="""segments:
  - {id: fair, name: Met at the fair, static: true}
  - {id: rich, name: Rich, when: {contact.points: {gte: 5}}}
""",
).present
COLUMNS = {
    "Mail": "email", "Tel": "mobile_phone", "Id": "external_id", "Name": "name", "Born": "birth_date",
    "Size": "custom.size", "Visits": "custom.visits", "News": "newsletter", "Since": "newsletter_at",
    "Until": "newsletter_ended_at", "Out": "newsletter_out", "Groups": "segments",
}  # fmt: skip
READINGS = {
    "Born": CellFormat(dates="dmy"),
    "Since": CellFormat(dates="dmy"),
    "Until": CellFormat(dates="dmy"),
}


def reader(**more):
    wanted = {"columns": COLUMNS, "readings": READINGS, **more}
    return RowParser(list(wanted["columns"]), ImportSettings(**wanted), SHOP, now=days(0))


def wanted(settled=None, **cells):
    cells.setdefault("Mail", "ana@x.com")
    return (settled or reader()).parse(Row(7, tuple(cells.get(heading, "") for heading in COLUMNS)))


def refused(**cells):
    with pytest.raises(RefusedRow) as caught:
        wanted(reader(bad_cells="refuse"), **cells)
    return {(problem.kind, problem.column): problem.message for problem in caught.value.problems}


def test_every_value_is_as_an_edit_by_hand_would_keep_it():
    found = wanted(
        Mail=" Ana@X.com ",
        Tel="600 123 456",
        Id="007",
        Name="Ana de la Cruz",
        Born="3/4/1990",
        Size="m",
        Visits="1,5",
    )

    assert found.identities == Identities(external_id="007", email="ana@x.com", phone="+34600123456")
    assert found.email_typed == "Ana@X.com"
    assert found.values == {
        "first_name": "Ana", "last_name": "de la Cruz", "birth_date": "1990-04-03", "custom.size": "M", "custom.visits": 1.5,
    }  # fmt: skip


def test_all_that_is_wrong_with_a_row_is_said_at_once():
    found = refused(
        Mail="nobody",
        Tel="3.46E+10",
        Born="31/02/2024",
        Size="XL",
        Visits="many",
        News="perhaps",
        Groups="rich",
    )

    assert set(found) == {
        ("email", "Mail"), ("phone", "Tel"), ("value", "Born"), ("option", "Size"), ("value", "Visits"),
        ("consent", ""), ("segment", "Groups"),
    }  # fmt: skip
    assert found["segment", "Groups"] == "Groups: 'rich' is no static segment"
    assert "'perhaps' is none of subscribed, unsubscribed, yes, no" in found["consent", ""]


def test_a_cell_that_cannot_be_read_is_left_out_and_listed_and_the_person_goes_in():
    found = wanted(
        Tel="3.46E+10", Name="Ana", Born="31/02/2024", Size="XL", Visits="many", News="perhaps", Groups="rich"
    )

    assert found.identities == Identities(email="ana@x.com")
    assert found.values == {"first_name": "Ana"}
    assert (found.consents, found.segments, found.cleared) == ((), (), ())
    assert [(one.kind, one.column, one.refuses) for one in found.left_out] == [
        ("phone", "Tel", False), ("value", "Born", False), ("option", "Size", False), ("value", "Visits", False),
        ("consent", "", False), ("segment", "Groups", False),
    ]  # fmt: skip
    assert found.notices == found.left_out


def test_a_row_without_an_identity_that_can_be_read_is_refused_all_the_same():
    with pytest.raises(RefusedRow, match="is no email address"):
        wanted(Mail="nobody", Name="Ana")


@pytest.mark.parametrize(
    ("cells", "consents"),
    [
        ({"News": "perhaps", "Since": "10/01/2026"}, ()),
        ({"News": "yes", "Since": "soon"}, ()),
        ({"News": "yes", "Until": "once"}, ()),
        ({"News": "yes", "Out": "perhaps"}, ()),
        ({"News": "unsubscribed", "Since": "soon"}, (Consent("newsletter", "unsubscribed"),)),
        ({"News": "no", "Since": "soon"}, (Consent("newsletter", "no"),)),
        ({"News": "perhaps", "Out": "yes"}, (Consent("newsletter", "unsubscribed"),)),
        ({"News": "perhaps", "Until": "2026-01-10"}, (Consent("newsletter", "unsubscribed", datetime(2026, 1, 10, 22, 59, 59, 999000, tzinfo=UTC)),)),
        ({"News": "yes", "Mail": "ana@@x", "Id": "7"}, ()),
        ({"News": "unsubscribed", "Mail": "ana@@x", "Id": "7"}, (Consent("newsletter", "unsubscribed"),)),
    ],
)  # fmt: skip
def test_a_consent_that_cannot_be_read_subscribes_nobody_and_a_no_beside_it_holds(cells, consents):
    found = wanted(**cells)

    assert found.consents == consents
    assert "consent" in {one.kind for one in found.left_out} or "Mail" in cells


def test_an_email_status_that_cannot_be_read_lets_the_row_subscribe_to_nothing():
    columns = {"Mail": "email", "Status": "email_status", "News": "newsletter", "Sms": "sms"}
    parser = reader(columns=columns)

    found = parser.parse(Row(2, ("a@x.com", "whatever", "yes", "unsubscribed")))

    assert found.consents == (Consent("sms", "unsubscribed"),)


def test_a_row_that_names_nobody_is_refused_and_placeholders_name_nobody():
    assert refused(Mail="NULL", Id="0", Tel="n/a") == {
        ("identity", ""): "the row has no identity: Id or Mail or Tel is needed"
    }


def test_a_row_that_could_not_be_read_is_refused_and_one_that_ends_early_is_not():
    broken = Problem(7, "quote", "a quotation mark …")
    with pytest.raises(RefusedRow, match="a quotation mark"):
        reader().parse(Row(7, (), broken))

    short = Problem(7, "short", "the row ends", refuses=False)
    assert reader(clear=frozenset(COLUMNS)).parse(Row(7, ("a@x.com", *[None] * 11), short)).cleared == ()


def test_empty_cells_empty_fields_only_of_the_columns_that_are_to():
    settled = reader(clear=frozenset({"Name", "Size", "Tel", "News"}))

    assert wanted(settled, Born="3/4/1990").cleared == ("first_name", "last_name", "custom.size")


IN_MADRID = {
    "begins": datetime(2026, 1, 9, 23, 0, tzinfo=UTC),
    "ends": datetime(2026, 1, 10, 22, 59, 59, 999000, tzinfo=UTC),
}


@pytest.mark.parametrize(
    ("cells", "consent"),
    [
        ({"News": "yes"}, Consent("newsletter", "subscribed")),
        ({"News": "Suscrito"}, Consent("newsletter", "subscribed")),
        ({"News": "UNSUBSCRIBED"}, Consent("newsletter", "unsubscribed")),
        ({"News": "no"}, Consent("newsletter", "no")),
        ({"News": "NEVER_SUBSCRIBED"}, None),
        ({"News": "none"}, None),
        ({"News": "yes", "Since": "10/01/2026"}, Consent("newsletter", "subscribed", IN_MADRID["begins"])),
        ({"News": "yes", "Until": "10/01/2026"}, Consent("newsletter", "unsubscribed", IN_MADRID["ends"])),
        ({"News": "yes", "Since": "11/01/2026", "Until": "10/01/2026"}, Consent("newsletter", "subscribed", datetime(2026, 1, 10, 23, tzinfo=UTC))),
        ({"News": "yes", "Out": "yes"}, Consent("newsletter", "unsubscribed")),
        ({"News": "yes", "Out": "no"}, Consent("newsletter", "subscribed")),
        ({"News": "unsubscribed", "Since": "10/01/2026"}, Consent("newsletter", "unsubscribed")),
        ({"Since": "10/01/2026"}, None),
        ({}, None),
    ],
)  # fmt: skip
def test_the_last_thing_that_a_row_says_of_a_subscription_counts_and_in_doubt_that_it_ended(cells, consent):
    assert wanted(**cells).consents == (() if consent is None else (consent,))


def test_a_column_of_dates_alone_says_that_who_has_one_subscribed_then():
    columns = {"Mail": "email", "Since": "newsletter_at"}
    alone = reader(columns=columns)

    assert alone.parse(Row(2, ("a@x.com", "10/01/2026"))).consents == (
        Consent("newsletter", "subscribed", IN_MADRID["begins"]),
    )


def test_a_subscription_in_the_future_is_refused():
    assert "'01/01/2027' is in the future" in refused(News="yes", Since="01/01/2027")["consent", ""]


def test_segments_are_known_by_id_and_name_and_that_of_the_whole_file_is_added():
    assert wanted(Groups="met at the fair").segments == ("fair",)
    assert wanted(reader(segment="fair"), Groups="fair").segments == ("fair",)


def test_settings_are_kept_as_they_are():
    settled = ImportSettings(
        Format(separator=";"),
        {"a.b$": "email"},
        {"x": CellFormat("dmy", ",")},
        "update",
        frozenset({"c"}),
        "fair",
    )

    assert ImportSettings.decode(settled.encode()) == settled


AT_THE_FAIR = Statement("newsletter", date(2026, 1, 10), " Form at the fair ")


def test_what_is_stated_of_all_in_a_file_is_said_by_each_row_from_the_first_moment_of_that_day():
    stated = reader(columns={"Mail": "email"}, statements=(AT_THE_FAIR,))

    assert stated.parse(Row(2, ("a@x.com",))).consents == (
        Consent("newsletter", "subscribed", IN_MADRID["begins"], "Form at the fair"),
    )


@pytest.mark.parametrize(
    ("statements", "columns", "says"),
    [
        (
            [AT_THE_FAIR],
            {"Mail": "email", "Since": "newsletter_at"},
            "the column 'Since' has the opt-in of each contact",
        ),
        ([AT_THE_FAIR, AT_THE_FAIR], {"Mail": "email"}, "is given twice"),
        (
            [Statement("sms", date(2027, 1, 1), "x")],
            {"Mail": "email"},
            "2027-01-01: the opt-in date is in the future",
        ),
        (
            [Statement("sms", date(2026, 1, 1), " ")],
            {"Mail": "email"},
            "enter where everyone opted in to SMS",
        ),
    ],
)
def test_what_cannot_be_stated_of_a_file_is_told(statements, columns, says):
    with pytest.raises(InvalidConsent, match=says):
        reader(columns=columns, statements=tuple(statements))


def test_settings_with_a_statement_are_kept_and_those_from_before_are_read():
    wanted = ImportSettings(columns={"Mail": "email"}, statements=(AT_THE_FAIR,))

    assert ImportSettings.decode(wanted.encode()) == wanted
    assert ImportSettings.decode('{"columns":{"Mail":"email"}}').statements == ()


def test_what_is_remembered_of_a_cell_is_what_it_says_and_what_is_wrong_is_said_at_each_line():
    settled = reader(bad_cells="refuse")
    cells = {"Born": "3/4/1990", "Size": "m", "News": "yes", "Since": "31/01/2025", "Visits": "2"}
    wrong = Row(9, tuple({"Mail": "leo@x.com", "Size": "XL"}.get(heading, "") for heading in COLUMNS))

    first, again, other = wanted(settled, **cells), wanted(settled, **cells), wanted(settled, News="no")

    assert first == again == wanted(**cells)
    assert (other.values, [consent.state for consent in other.consents]) == ({}, ["no"])
    for line in (9, 10):
        with pytest.raises(RefusedRow) as caught:
            settled.parse(Row(line, wrong.cells))
        assert [(problem.line, problem.kind) for problem in caught.value.problems] == [(line, "option")]
