"""Custom fields on the real server: declared by admins, kept to by everybody."""

import pytest

from engine.accounts.current_user import CurrentUser
from engine.contacts import contact_lookup
from engine.contacts.editing import edit_service
from engine.contacts.editing.edit import Edit, InvalidEdit
from engine.db.connection import utc_now
from engine.domain.rulebook import CustomField
from engine.errors import NameTaken, NotAllowed, StillInUse
from engine.insights import census
from engine.publishing import custom_fields, publishing
from engine.publishing.custom_fields import InvalidField
from engine.publishing.publishing import PublishConflict
from engine.rules import versions
from tests.builders import acting, identified, minutes
from tests.integration.drained import drain_all, receive_and_drain

EVA, MAX = CurrentUser("u1", "eva@x.com", "Eva", "admin"), CurrentUser("u2", "max@x.com", "Max", "marketer")
TIER = CustomField("tier", "Tier", "text", ("gold", "silver"))


def declare(db, field=TIER, user=EVA):
    return custom_fields.create(acting(db, user), field, base=versions.current_number(db))


def test_a_field_is_declared_changed_put_first_and_deleted(db):
    declare(db)
    base = versions.current_number(db)
    custom_fields.change(acting(db, EVA), CustomField("tier", "Level", "text"), base=base)
    custom_fields.reorder(acting(db, EVA), ["tier"], base=base + 1)

    found = custom_fields.all_fields(acting(db, EVA))
    assert found.fields[0].field == CustomField("tier", "Level", "text")

    custom_fields.delete(acting(db, EVA), "tier", base=base + 2)
    assert "tier" not in versions.current(db).fields
    assert db.audit.count_documents({"act": "published rules", "ending": "done"}) == 4


@pytest.mark.parametrize("id_", ["email", "first_name", "firstname", "birthday", "points"])
def test_a_field_with_the_id_of_a_built_in_one_is_refused(db, id_):
    with pytest.raises(InvalidField, match=f"{id_} is a built-in field or identity: choose another ID"):
        declare(db, CustomField(id_, "Another", "text"))


def test_a_column_that_is_called_like_a_built_in_field_gets_an_id_of_its_own(db):
    [made] = custom_fields.devised(db, [("Email", "text")])

    assert (made.id, made.label) == ("email_2", "Email")


def test_who_was_overtaken_is_told_and_changes_nothing(db):
    base = versions.current_number(db)
    declare(db)

    with pytest.raises(PublishConflict):
        custom_fields.delete(acting(db, EVA), "city", base=base)

    assert "city" in versions.current(db).fields


@pytest.mark.parametrize(
    ("field", "error", "words"),
    [
        (CustomField("city", "Town", "text"), InvalidField, "already"),
        (CustomField("Town", "Town", "text"), InvalidField, "lowercase letter"),
        (CustomField("town", " ", "text"), InvalidField, "enter a label"),
        (CustomField("town", "city ", "text"), NameTaken, "another field is called"),
    ],
)
def test_a_field_that_people_would_stumble_over_is_refused(db, field, error, words):
    with pytest.raises(error, match=words):
        declare(db, field)


def test_a_field_that_something_uses_is_not_deleted_and_it_is_said_where(db):
    texts = publishing.completed(db, {})
    declare(db)
    texts = publishing.completed(
        db, {"segments.yaml": texts["segments.yaml"].replace("segments:\n", "segments:\n  - {id: golden, name: Golden, when: {contact.custom.tier: gold}}\n", 1)}
    )  # fmt: skip
    publishing.publish(db, texts, by="Eva", message="golden", now=utc_now())

    with pytest.raises(StillInUse) as refused:
        custom_fields.delete(acting(db, EVA), "tier", base=versions.current_number(db))

    assert "the segment “Golden” (segments.yaml:" in str(refused.value)
    assert "tier" in versions.current(db).fields


def test_how_many_contacts_have_a_value_and_which_would_no_longer_be_one(db):
    receive_and_drain(
        db,
        [
            identified(minutes(n), email=f"p{n}@x.com", traits={"city": city})
            for n, city in enumerate(["Roma", "Roma", "12"])
        ],
    )
    census.take(db, now=utc_now())

    usage = {found.field.id: found.contacts for found in custom_fields.all_fields(acting(db, EVA)).fields}
    assert (usage["city"], usage["gender"]) == (3, 0)

    as_number = custom_fields.conversion(acting(db, EVA), CustomField("city", "City", "number"))
    assert (as_number.kept, as_number.lost, as_number.examples, as_number.exact) == (1, 2, ["Roma"], True)
    of_two = custom_fields.conversion(acting(db, EVA), CustomField("city", "City", "text", ("Roma", "Lyon")))
    assert (of_two.kept, of_two.lost) == (2, 1)


def ana(db):
    receive_and_drain(db, [identified(minutes(0), email="ana@x.com", traits={"tier": "bronze"})])
    return contact_lookup.find_contact(db, "ana@x.com")


def test_by_hand_a_field_gets_one_of_its_options_alone(db):
    declare(db)
    contact = ana(db)

    with pytest.raises(InvalidEdit, match="Tier: one of gold, silver is wanted"):
        edit_service.edit(acting(db, MAX), contact, Edit(fields={"custom.tier": "platinum"}), id_="e1")
    edit_service.edit(acting(db, MAX), contact, Edit(fields={"custom.tier": "gold"}), id_="e2")
    drain_all(db)

    assert db.contacts.find_one(contact)["custom"]["tier"] == "gold"


def test_a_field_that_is_for_admins_is_changed_by_admins_alone(db):
    declare(db, CustomField("tier", "Tier", "text", edit=frozenset({"admin"})))
    contact = ana(db)
    change = Edit(fields={"custom.tier": "gold"})

    with pytest.raises(InvalidEdit, match="Tier can only be changed by an admin"):
        edit_service.edit(acting(db, MAX), contact, change, id_="e1")
    with pytest.raises(InvalidEdit, match="only be changed by an admin"):
        edit_service.create(acting(db, MAX), {"email": "new@x.com", "custom.tier": "gold"}, id_="e2")
    edit_service.edit(acting(db, EVA), contact, change, id_="e3")
    drain_all(db)

    assert db.contacts.find_one(contact)["custom"]["tier"] == "gold"
    assert db.audit.count_documents({"ending": "refused", "by": "u2"}) == 2


@pytest.mark.parametrize("act", [
    lambda db: declare(db, user=MAX),
    lambda db: custom_fields.change(acting(db, MAX), CustomField("city", "Town", "text"), base=1),
    lambda db: custom_fields.delete(acting(db, MAX), "city", base=1),
    lambda db: custom_fields.reorder(acting(db, MAX), ["city"], base=1),
    lambda db: custom_fields.all_fields(acting(db, MAX)),
    lambda db: custom_fields.conversion(acting(db, MAX), TIER),
])  # fmt: skip
def test_a_marketer_declares_nothing(db, act):
    with pytest.raises(NotAllowed):
        act(db)

    assert versions.current_number(db) == 1
