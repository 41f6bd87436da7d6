"""The user as which a key acts: the least role of its scopes, and their permissions alone."""

import pytest

from engine.accounts.permissions import ALLOWED, Permission, PermissionDenied, may, require
from engine.accounts.scopes import GRANTED, Scope, in_order, user_of_key


@pytest.mark.parametrize("scope", Scope)
def test_the_role_of_a_scope_has_all_of_its_permissions(scope):
    granted = GRANTED[scope]

    assert granted.permissions <= ALLOWED[granted.least_role]
    user = user_of_key("k", "CRM", [scope])
    assert {permission for permission in Permission if may(user, permission)} == granted.permissions


@pytest.mark.parametrize(
    ("scopes", "role"),
    [
        ([], "viewer"),
        ([Scope.EVENTS, Scope.READ_CONTACTS], "viewer"),
        ([Scope.READ_CONTACTS, Scope.SEE_PERSONAL], "marketer"),
        ([Scope.EXPORTS], "marketer"),
        ([Scope.READ_CONTACTS, Scope.PRIVACY], "admin"),
    ],
)
def test_a_key_acts_with_the_least_role_of_its_scopes(scopes, role):
    user = user_of_key("k", "CRM", scopes)

    assert (user.role, user.name, user.id, user.session) == (role, "API key CRM", "key:k", None)


def test_a_key_of_an_admins_scope_is_no_admin():
    user = user_of_key("k", "CRM", [Scope.PRIVACY])

    for permission in (Permission.MANAGE_USERS, Permission.MANAGE_KEYS, Permission.EDIT_CONTACTS):
        with pytest.raises(PermissionDenied, match="this API key cannot"):
            require(user, permission)


def test_scopes_have_an_order():
    assert in_order({Scope.PRIVACY, Scope.EVENTS}) == [Scope.EVENTS, Scope.PRIVACY]
