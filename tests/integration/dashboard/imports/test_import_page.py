"""Importing a file on its page, for each role."""

import gzip

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from dashboard import running_instance
from dashboard.cookies import SESSION as COOKIE
from dashboard.exports import downloads
from engine.accounts import accounts, sessions
from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.db.connection import utc_now
from engine.imports import drafts, import_request, import_service, preview_job
from engine.imports.mapping.columns import InvalidMapping
from engine.imports.mapping.import_settings import ImportSettings
from engine.imports.reading.formats import Format
from engine.jobs import jobs
from engine.pipeline import activity_steps
from engine.publishing import publishing
from engine.rules import versions
from tests.builders import acting, identified, minutes
from tests.integration.dashboard.test_pages import shown
from tests.integration.drained import drain_all, receive_and_drain, run_jobs
from tests.tool_exports import TOOL_EXPORTS

SEGMENTS = "segments:\n  - {id: fair, name: Met at the fair, static: true}\n"
PEOPLE = """Código cliente;Correo electrónico;Nombre;Ciudad;Talla;Última visita;Suscrito
1;ana@x.com;Ana;Madrid;37,5;03/04/2026;sí
2;bea@x.com;<b>Bea</b>;León;38;01/02/2026;no
3;mala;Cleo;León;39;05/06/2026;
4;ana@x.com;Otra;;;;
""".encode("cp1252")


@pytest.fixture
def shop(db, monkeypatch):
    """A shop with a static segment, which knows Bea."""
    monkeypatch.setattr(activity_steps, "APPLY_TIMEOUT", 0)
    texts = publishing.completed(db, {"segments.yaml": SEGMENTS})
    publishing.publish(db, texts, by="ana", message="for the tests", now=utc_now())
    drain_all(db)
    receive_and_drain(db, [identified(minutes(0), email="bea@x.com", traits={"first_name": "B"})])
    return db


def sent(db, content, name="people.csv"):
    """A file that the user of the page has sent."""
    id_ = drafts.expect(db, by="u1", session=None, now=utc_now())
    coming = drafts.receive(db, id_, name)
    coming.write(content)
    coming.finish()
    return id_


def opened(open_as, db, content, role="marketer", **more):
    return open_as(role, page="import", file=sent(db, content, **more))


def target_of(app, heading):
    [found] = [box for box in app.selectbox if box.label == f"Import {heading} as"]
    return found


def button(app, label):
    [found] = [one for one in app.button if one.label == label]
    return found


def checked(db, app):
    """Have the whole file checked, and come back for what was found."""
    app.button(key="import.check").click().run()
    run_jobs(db)
    app.run()


def test_a_viewer_neither_sees_the_page_nor_the_way_to_it(shop, open_as):
    assert "cannot import contacts" in shown(open_as("viewer", page="import"))
    assert "contacts.import" not in {one.key for one in open_as("viewer").button}
    assert shop.import_drafts.count_documents({}) == 0


def test_a_marketer_imports_a_file_and_sees_what_would_become_of_it_before(shop, open_as):
    app = opened(open_as, shop, PEOPLE)
    text = shown(app)
    assert "5 of 7 columns will be imported" in text
    assert "&lt;b&gt;Bea&lt;/b&gt;" in text
    assert [target_of(app, name).value for name in ("Código cliente", "Ciudad", "Talla")] == [
        "external_id",
        "custom.city",
        "",
    ]
    assert "New field…" not in target_of(app, "Talla").options

    [segment] = [box for box in app.selectbox if box.label.startswith("Add all contacts")]
    segment.set_value("fair").run()
    app.button(key="import.check").click().run()
    assert "You can leave this page" in shown(app)
    run_jobs(shop)
    app.run()

    text = shown(app)
    assert " · 4 rows · not imported yet" in text
    for words in ("Invalid email", "is no email address", "Line 4", "Duplicate of an earlier line"):
        assert words in text
    assert jobs.recent(shop, [import_request.KIND]) == []
    assert shop.contacts.count_documents({}) == 1

    button(app, "Import 3 rows").click().run()
    assert "waiting" in shown(app)
    run_jobs(shop)
    app.run()
    assert "2 created · 1 changed · 1 refused" in shown(app)
    ana = shop.contacts.find_one({"email": "ana@x.com"})
    assert (ana["custom"]["city"], list(ana["segments"])) == ("Madrid", ["fair"])
    [job] = jobs.recent(shop, [import_request.KIND])
    assert job.by == "u1"

    app.button(key=f"job.why.{job.id}").click().run()
    assert "is no email address" in shown(app)
    assert f'href="/refused/{job.id}" download="people-refused.csv"' in shown(app)
    app.button(key=f"history.like.{job.id}").click().run()
    assert "copied from people.csv" in shown(app)


def test_a_file_that_was_imported_before_is_told_and_hinders_nothing(shop, open_as):
    mia = CurrentUser("u1", "mia@x.com", "Mia <b>", "marketer")
    first = sent(shop, b"email\na@x.com\n", name="fair.csv")
    import_service.start_stored(
        acting(shop, mia), ImportSettings(columns={"email": "email"}), name="fair.csv", id_=first
    )
    app = opened(open_as, shop, b"email\na@x.com\n")
    assert "Mia &lt;b&gt; is importing the same file now, as fair.csv, since " in shown(app)
    run_jobs(shop)

    checked(shop, app)
    text = shown(app)
    assert "Mia &lt;b&gt; imported the same file on " in text
    assert "taken back" not in text
    assert "Nothing to import" in {one.label for one in app.button}

    import_request.undo(shop, first, by="u1", by_name="Mia", now=utc_now())
    run_jobs(shop)
    app = opened(open_as, shop, b"email\na@x.com\n")
    assert "; it was undone" in shown(app)
    checked(shop, app)
    button(app, "Import 1 row").click().run()
    assert len([job for job in jobs.recent(shop, [import_request.KIND]) if job.undoes is None]) == 2


def test_dates_that_can_be_read_in_two_ways_are_asked_about(shop, open_as):
    app = opened(open_as, shop, b"email,birthday\na@x.com,03/04/1990\nb@x.com,05/06/1991\n")
    assert app.button(key="import.check").disabled
    [order] = [radio for radio in app.radio if radio.label == "03/04/1990 means"]
    assert [("Apr" in words, "Mar" in words) for words in order.options] == [(True, False), (False, True)]

    order.set_value("mdy").run()

    assert not app.button(key="import.check").disabled
    checked(shop, app)
    assert "4 Mar 1990" in shown(app)


def test_two_columns_cannot_fill_one_field_and_somebody_must_be_named(shop, open_as):
    app = opened(open_as, shop, b"email,first name,forename\na@x.com,Ana,Bea\n")
    target_of(app, "forename").set_value("first_name").run()
    assert "First name can be filled by one column" in shown(app)
    assert app.button(key="import.check").disabled

    target_of(app, "forename").set_value("").run()
    target_of(app, "email").set_value("").run()
    assert "No column names the contacts" in shown(app)


def test_an_admin_makes_fields_of_unknown_columns_with_the_proposed_types(shop, open_as):
    app = opened(open_as, shop, PEOPLE, role="admin")
    target_of(app, "Talla").set_value("\0new").run()
    target_of(app, "Última visita").set_value("\0new").run()
    assert app.button(key="import.check").disabled
    button(app, "Create 2 fields").click().run()

    made = {field.label: field.type for field in versions.current(shop).fields.values()}
    assert (made["Talla"], made["Última visita"]) == ("number", "date")
    assert target_of(app, "Talla").value == "custom.talla"
    [order] = [radio for radio in app.radio if radio.label == "03/04/2026 means"]
    order.set_value("dmy").run()
    checked(shop, app)
    button(app, "Import 3 rows").click().run()
    run_jobs(shop)
    ana = shop.contacts.find_one({"email": "ana@x.com"})
    assert (ana["custom"]["talla"], ana["custom"]["ultima_visita"]) == (37.5, "2026-04-03")
    assert shop.audit.count_documents({"act": "published rules"}) == 1


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "empty.csv", "The file is empty"),
        (b"\n\n", "blank.csv", "The file is empty"),
        (b"email,name\n", "headings.csv", "headings but no rows"),
        (b"%PDF-1.7", "people.csv", "This is a PDF"),
        (gzip.compress(b"email\na@x.com\n" * 500)[:40], "people.csv.gz", "damaged"),
        (b"PK\x03\x04 broken", "people.xlsx", "damaged"),
        (b",".join(b"c%d" % n for n in range(1_001)), "wide.csv", "at most 1,000 columns"),
    ],
    ids=["empty", "blank", "headings only", "another kind", "damaged gzip", "damaged workbook", "too wide"],
)
def test_a_file_that_cannot_be_imported_says_why_and_another_can_be_sent(shop, open_as, content, name, words):
    app = opened(open_as, shop, content, name=name)
    assert words in shown(app)

    app.button(key="import.other").click().run()

    assert "You see a preview before" in shown(app)
    assert shop["imports.files"].count_documents({}) == 0


def test_of_many_columns_some_are_shown_at_a_time_and_all_keep_what_was_chosen(shop, open_as):
    headings = [f"column {n}" for n in range(200)] + ["email"]
    content = ",".join(headings) + "\n" + ",".join(["x"] * 200) + ",a@x.com\n"
    app = opened(open_as, shop, content.encode())
    assert len([box for box in app.selectbox if box.label.startswith("Import ")]) == 25
    assert "1 of 201 columns" in shown(app)

    target_of(app, "column 3").set_value("first_name").run()
    button(app, "Next").click().run()
    button(app, "Previous").click().run()

    assert target_of(app, "column 3").value == "first_name"
    checked(shop, app)
    assert "to create" in shown(app)


def test_a_file_is_read_anew_when_somebody_says_how_it_is_written(shop, open_as):
    app = opened(open_as, shop, b"email|a;name\nb@x.com|1;Bo\n")
    [separator] = [box for box in app.selectbox if box.label == "Separator"]

    separator.set_value(";" if separator.value == "|" else "|").run()

    headings = {box.label for box in app.selectbox}
    assert len(headings & {"Import email|a as", "Import name as", "Import email as", "Import a;name as"}) == 2


HALF_READ = "Listado de clientes\nEmail;Móvil;Ciudad\nana@x.com;600123456;Łódź\nbea@x.com;12;Kraków\nmala;;\n"


def test_cells_left_out_are_shown_before_and_after_and_come_as_a_file(shop, open_as):
    app = opened(open_as, shop, HALF_READ.encode("cp1250"))
    text = shown(app)
    assert "The headings are in line 2; what stands above them is left out" in text
    assert "Łódź" in text
    [encoding] = [box for box in app.selectbox if box.label == "Encoding"]
    assert encoding.value == "cp1250"
    [bad_cells] = [one for one in app.radio if one.label == "Cells that cannot be read"]

    bad_cells.set_value("refuse").run()
    checked(shop, app)
    assert "Import 1 row" in {one.label for one in app.button}
    app.button(key="import.back").click().run()
    [bad_cells] = [one for one in app.radio if one.label == "Cells that cannot be read"]
    bad_cells.set_value("leave-out").run()
    checked(shop, app)
    text = shown(app)
    for words in ("with cells left out", "cell left out", "Móvil: &#39;12&#39;"):
        assert words in text, words

    button(app, "Import 2 rows").click().run()
    run_jobs(shop)
    app.run()
    [job] = jobs.recent(shop, [import_request.KIND])
    app.button(key=f"job.why.{job.id}").click().run()
    text = shown(app)
    assert f'href="/left-out/{job.id}" download="people-left-out.csv"' in text
    assert "Imported without cells that cannot be read" in text
    assert "Line 4: </span>Móvil: &#39;12&#39;" in text


def test_the_line_of_the_headings_can_be_chosen(shop, open_as):
    app = opened(open_as, shop, b"email,name\ncorreo,nombre\na@x.com,Ana\n")

    [line] = [one for one in app.number_input if one.label == "Headings in line"]
    line.set_value(2).run()

    headings = {box.label for box in app.selectbox}
    assert {"Import correo as", "Import nombre as"} <= headings


def test_what_was_sent_can_be_gone_on_with_and_is_nobody_elses(shop, open_as):
    id_ = sent(shop, PEOPLE)
    assert "people.csv" in shown(open_as("marketer", page="import"))
    shop.import_drafts.update_one({"_id": id_}, {"$set": {"by": "u2"}})

    app = open_as("marketer", page="import", file=id_)

    text = shown(app)
    assert "upload it again" in text
    assert "people.csv" not in text


def test_columns_and_choices_are_remembered_for_the_next_file(shop, open_as):
    user = CurrentUser("u1", "eva@x.com", "Eva", "marketer")
    wanted = ImportSettings(columns={"email": "email", "town": "custom.city"}, mode="create", segment="fair")
    content = b"email,town,other\nc@x.com,Roma,x\n"
    id_ = sent(shop, content)
    import_service.start_stored(acting(shop, user), wanted, name="p.csv", id_=id_)
    run_jobs(shop)

    app = opened(open_as, shop, content)
    assert target_of(app, "town").value == "custom.city"
    assert "as last time" in shown(app)
    like = open_as("marketer", page="import", file=sent(shop, content), like=id_)

    [mode] = [radio for radio in like.radio if radio.label == "Contacts"]
    [segment] = [box for box in like.selectbox if box.label.startswith("Add all contacts")]
    assert (mode.value, segment.value) == ("create", "fair")
    assert contact_lookup.find_contact(shop, "c@x.com") is not None


def test_a_check_goes_on_when_one_leaves_can_be_stopped_and_begins_anew_with_other_settings(shop, open_as):
    app = opened(open_as, shop, b"email,town\nc@x.com,Roma\nbad,Roma\n")
    app.button(key="import.check").click().run()
    [first] = jobs.at_hand(shop, [preview_job.KIND], by="u1", since=minutes(0))
    app.button(key="import.check.stop").click().run()
    assert "The check was stopped" in shown(app)
    app.button(key="import.check.again").click().run()
    elsewhere = open_as("marketer", page="import")
    run_jobs(shop)

    elsewhere.run()
    assert "would create 1, refuse 1" in shown(elsewhere)
    elsewhere.button(key=f"job.found.{first.id}").click().run()
    assert "1 row" in shown(elsewhere)
    assert jobs.recent(shop, [import_request.KIND]) == []

    app.run()
    app.button(key="import.back").click().run()
    target_of(app, "town").set_value("").run()
    checked(shop, app)
    [second] = shop.jobs.find({"kind": preview_job.KIND})
    assert second["_id"] != first.id
    button(app, "Import 1 row").click().run()
    assert shop.jobs.count_documents({"kind": preview_job.KIND}) == 0


def test_refused_rows_are_given_out_line_by_line_to_who_may_import_and_to_nobody_else(shop):
    tokens = {}
    for role in ("viewer", "marketer"):
        shop.users.insert_one({"_id": role, "email": f"{role}@x.com", "name": role, "role": role})
        tokens[role] = sessions.start(shop, role, now=utc_now())
    mia = accounts.whoami(shop, tokens["marketer"], now=utc_now())
    content = b"email;city\n" + b"".join(b"bad %d;=1+1\n" % n for n in range(downloads.LINES + 1))
    wanted = ImportSettings(format=Format(separator=";"), columns={"email": "email"})
    import_service.start_stored(acting(shop, mia), wanted, name="fair.csv.gz", id_=sent(shop, content))
    run_jobs(shop)
    [job] = jobs.recent(shop, [import_request.KIND])
    client = TestClient(Starlette(routes=downloads.download_routes(shop)))

    def fetched(id_, token):
        client.cookies = {COOKIE: token}
        return client.get(f"/refused/{id_}")

    answer = fetched(job.id, tokens["marketer"])
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert (answer.status_code, len(lines)) == (200, downloads.LINES + 2)
    assert lines[0] == "email;city;Line in the file;Why it was refused"
    assert lines[1].startswith("bad 0;'=1+1;2;")
    assert "filename*=UTF-8''fair-refused.csv" in answer.headers["content-disposition"]
    denied = [
        fetched(job.id, tokens["viewer"]),
        fetched(job.id, "forged"),
        fetched("other", tokens["marketer"]),
    ]
    assert [one.status_code for one in denied] == [403, 403, 404]
    assert "bad 0" not in "".join(one.text for one in denied)
    client.cookies = {COOKIE: tokens["viewer"]}
    assert client.get(f"/left-out/{job.id}").status_code == 403


def test_that_all_in_a_file_agreed_is_stated_once_with_its_day_and_place(shop, open_as):
    app = opened(open_as, shop, b"email\nc@x.com\nbea@x.com\n")
    [agreed] = [box for box in app.checkbox if box.label.endswith("opted in to the newsletter")]
    agreed.check().run()
    assert "Enter where everyone opted in to the newsletter" in shown(app)
    assert app.button(key="import.check").disabled
    [where] = [box for box in app.text_input if box.label == "Opt-in source"]
    where.set_value("Form at the fair").run()
    checked(shop, app)
    assert f"subscribed on {running_instance.today().isoformat()}" in shown(app)
    button(app, "Import 2 rows").click().run()
    run_jobs(shop)

    states = {row["email"]: row["statuses"]["newsletter"]["state"] for row in shop.contacts.find()}
    assert states == {"c@x.com": "subscribed", "bea@x.com": "subscribed"}
    [job] = jobs.recent(shop, [import_request.KIND])
    app.run()
    app.button(key="contacts.history").click().run()
    app.button(key=f"history.why.{job.id}").click().run()
    assert "Form at the fair" in shown(app)
    told = opened(open_as, shop, b"email,newsletter\nd@x.com,yes\n")
    assert [box.label for box in told.checkbox if "opted in" in box.label] == [
        "Everyone in this file opted in to SMS"
    ]


def test_an_opt_out_column_is_mapped_or_left_out_by_the_user_before_the_file_is_checked(shop, open_as):
    file = b"Order number,Order date,Email,Total,Opted out\n1,2026-01-05,ana@x.com,10,yes\n"
    app = opened(open_as, shop, file, name="orders.csv")
    assert "seems to list contacts who must not receive messages" in shown(app)
    assert target_of(app, "Opted out").value is None
    assert app.button(key="import.check").disabled

    target_of(app, "Opted out").set_value("").run()
    assert "seems to list contacts" not in shown(app)
    checked(shop, app)
    button(app, "Import 1 order").click().run()
    [job] = jobs.recent(shop, [import_request.KIND])
    assert import_request.settings_of(job).dropped_opt_outs == {"Opted out"}


def test_a_start_that_no_page_has_asked_about_is_refused_for_a_column_of_opt_outs(shop):
    mia = CurrentUser("u1", "mia@x.com", "Mia", "marketer")
    id_ = sent(shop, b"Email,Remarks\nana@x.com,unsubscribed\n")
    wanted = ImportSettings(columns={"Email": "email"})

    with pytest.raises(InvalidMapping, match="column 'Remarks' seems to list contacts"):
        import_service.start_stored(acting(shop, mia), wanted, name="people.csv", id_=id_)
    assert jobs.job(shop, id_) is None


def test_the_tool_is_recognised_and_another_one_or_none_can_be_chosen(shop, open_as):
    export = TOOL_EXPORTS["Mailchimp, subscribed, under another name"]
    app = opened(open_as, shop, export.content, name=export.file)
    assert "nobody is subscribed" in shown(app)
    assert "known of this tool" in shown(app)
    assert target_of(app, r"CONFIRM\_TIME").value == ""

    [tool] = [box for box in app.selectbox if box.label == "Exported from"]
    tool.set_value("mailchimp").run()
    assert target_of(app, r"CONFIRM\_TIME").value == "newsletter_at"

    [tool] = [box for box in app.selectbox if box.label == "Exported from"]
    tool.set_value("none").run()
    assert "known of this tool" not in shown(app)


def test_tags_become_segments_before_the_import_if_the_user_wants_that(shop, open_as):
    app = opened(open_as, shop, b'email,Tags\na@x.com,Blog\nb@x.com,"blog, Met at the fair"\n')
    checked(shop, app)
    assert "Tags: 2 segments, 1 new" in shown(app)

    app.button(key="import.tags.create").click().run()
    run_jobs(shop)
    app.run()

    assert "Tags: 2 segments, 0 new" in shown(app)
    assert not [one for one in app.button if one.key == "import.tags.create"]
    button(app, "Import 2 rows").click().run()
    run_jobs(shop)
    assert set(shop.contacts.find_one({"email": "b@x.com"})["segments"]) >= {"blog", "fair"}


def test_a_column_of_addresses_waits_for_a_decision_if_there_is_no_other_email(shop, open_as):
    app = opened(open_as, shop, b"Customer number,Reachable at\n1,a@x.com\n")
    assert "seems to hold email addresses" in shown(app)
    assert app.button(key="import.check").disabled

    target_of(app, "Reachable at").set_value("email").run()

    assert not app.button(key="import.check").disabled
