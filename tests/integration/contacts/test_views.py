"""Saved views: everybody's own, the team's, and what each may do to them."""

import pytest

from engine.accounts import audit
from engine.accounts.current_user import CurrentUser
from engine.contacts.listing import view_service
from engine.contacts.listing.listing import Listing
from engine.contacts.listing.view_service import InvalidView
from engine.contacts.listing.views import Usual
from engine.errors import EditConflict, NameTaken, NotAllowed
from tests.builders import acting, minutes
from tests.integration.contacts.test_viewer_mask import mask

EVA = CurrentUser("u1", "eva@x.com", "Eva", "marketer")
IVO = CurrentUser("u2", "ivo@x.com", "Ivo", "marketer")
VIC = CurrentUser("u3", "vic@x.com", "Vic", "viewer")
ADA = CurrentUser("u4", "ada@x.com", "Ada", "admin")

LOYAL = Listing(where={"orders": {"gte": 3}, "not": {"segments": {"has_any": ["staff"]}}}, sort="spent")


def saved(db, user, name="Loyal", *, shared=False, listing=LOYAL, id_=None):
    return view_service.save(
        acting(db, user, at=minutes(0)),
        name,
        listing,
        columns=("orders", "spent"),
        size=100,
        shared=shared,
        id_=id_ or f"{user.id} {name}",
    )


def names(db, user):
    return [view.name for view in view_service.all_views(acting(db, user))]


def test_a_view_comes_back_as_it_was_saved_to_its_owner_alone(db):
    view = saved(db, EVA)

    assert view_service.all_views(acting(db, EVA)) == [view]
    assert view.listing == LOYAL
    assert view.columns == ("orders", "spent")
    assert names(db, IVO) == []


def test_the_same_saving_again_makes_no_second_view_and_a_name_is_used_once(db):
    saved(db, EVA, id_="one")
    saved(db, EVA, id_="one")
    with pytest.raises(NameTaken, match="LOYAL"):
        saved(db, EVA, " LOYAL ", id_="two")
    saved(db, IVO, id_="three")

    assert names(db, EVA) == ["Loyal"]
    for name, why in (("  ", "give the view a name"), ("x" * 81, "at most 80")):
        with pytest.raises(InvalidView, match=why):
            saved(db, EVA, name)


def test_what_is_shared_is_changed_by_who_may_change_contacts(db):
    view = saved(db, EVA, shared=True)

    assert names(db, VIC) == names(db, IVO) == ["Loyal"]
    changed = view_service.change(acting(db, IVO, at=minutes(1)), view, name="Loyal ones")
    assert names(db, EVA) == ["Loyal ones"]
    with pytest.raises(NotAllowed):
        view_service.change(acting(db, VIC, at=minutes(2)), changed, name="Mine")
    with pytest.raises(NotAllowed):
        view_service.delete(acting(db, VIC, at=minutes(2)), changed)
    with pytest.raises(NotAllowed, match="only Eva"):
        view_service.change(acting(db, IVO, at=minutes(2)), changed, shared=False)
    acts = [entry.act for entry in audit.page(acting(db, ADA), audit.Filters(kind="view")).entries]
    assert acts[-2:] == ["changed a view", "saved a view"]


def test_the_second_of_two_who_change_a_view_at_once_is_told(db):
    read = saved(db, EVA, shared=True)
    view_service.change(acting(db, IVO, at=minutes(1)), read, size=25)

    with pytest.raises(EditConflict):
        view_service.change(acting(db, EVA, at=minutes(2)), read, name="Other")

    assert names(db, EVA) == ["Loyal"]


def test_a_private_view_is_not_changed_by_naming_its_id(db):
    view = saved(db, EVA)

    with pytest.raises(NotAllowed):
        view_service.change(acting(db, IVO, at=minutes(1)), view, name="Taken")
    with pytest.raises(NotAllowed):
        view_service.delete(acting(db, ADA, at=minutes(1)), view)


def test_a_viewer_keeps_views_of_their_own_and_shares_none(db):
    saved(db, VIC)

    with pytest.raises(NotAllowed):
        saved(db, VIC, "Ours", shared=True)
    assert names(db, VIC) == ["Loyal"]


def test_a_deleted_view_is_brought_back(db):
    view = saved(db, EVA)
    view_service.delete(acting(db, EVA, at=minutes(1)), view)
    assert names(db, EVA) == []

    view_service.restore(acting(db, EVA, at=minutes(2)), view)

    assert view_service.all_views(acting(db, EVA)) == [view]


def test_under_the_mask_views_that_would_tell_are_left_out(db):
    mask(db)
    saved(db, EVA, "By email", shared=True, listing=Listing(where={"email": "ana@x.com"}))
    saved(db, EVA, "Loyal", shared=True)
    saved(db, EVA, "Gone", shared=True, listing=Listing(where={"custom.no_more": "x"}))

    assert "By email" not in names(db, VIC)
    assert "Loyal" in names(db, VIC)
    assert names(db, EVA) == ["By email", "Gone", "Loyal"]


def test_what_somebody_usually_sees_is_remembered_for_them(db):
    view = saved(db, EVA)
    view_service.remember_columns(acting(db, EVA), ("email", "points"))
    view_service.open_with(acting(db, EVA), view.id)

    assert view_service.usual(acting(db, EVA)) == Usual(("email", "points"), view.id)
    assert view_service.usual(acting(db, IVO)) == Usual()

    view_service.remember_columns(acting(db, EVA), ())
    view_service.open_with(acting(db, EVA), None)

    assert view_service.usual(acting(db, EVA)) == Usual()
