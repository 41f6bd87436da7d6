"""Who may do what."""

import pytest

from engine.accounts.current_user import CurrentUser
from engine.accounts.permissions import ALLOWED, Permission, may, require
from engine.errors import NotAllowed


def somebody(role):
    return CurrentUser("u1", "ana@x.com", "Ana", role)


def test_each_role_may_all_that_the_one_before_it_may():
    assert ALLOWED["viewer"] < ALLOWED["marketer"] < ALLOWED["admin"]


@pytest.mark.parametrize("permission", Permission)
def test_an_admin_may_everything_and_nobody_nothing(permission):
    assert may(somebody("admin"), permission)
    assert not may(None, permission)


def test_who_may_not_is_told_what_and_to_whom_to_turn():
    with pytest.raises(NotAllowed, match="a viewer cannot edit contacts; ask an admin"):
        require(somebody("viewer"), Permission.EDIT_CONTACTS)


def test_who_is_not_signed_in_is_told_so():
    with pytest.raises(NotAllowed, match="not signed in"):
        require(None, Permission.SEE)
