"""The address of a list: filters, search, order, columns and page, so that it can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

from engine.contacts.listing.listing import Listing
from engine.contacts.listing.views import View
from engine.contacts.listing.where_parts import Part
from engine.db.keyset import Cursor
from engine.domain.activities import ContactId

SIZES = (25, 50, 100, 200)
"""The choices of rows per page."""

SIZE = 50
"""Rows per page by default."""

PLACE = "after"
"""The parameter with the cursor at which the page starts."""

ALL = "all"
"""The id in the address for no view: all contacts, even if the user has a default view."""

MAX_COLUMNS = 4_000
"""Characters of column names that an address may have."""


@dataclass(frozen=True)
class ListAddress:
    """A list of contacts and the position in it.

    Parameters:
      listing: Filters, search and order in the address.
      page: The parameters of the page that shows the list.
      fixed: Conditions of that page, which are not in the address.
      size: Rows per page.
      after: The cursor at which the page starts; unset for the first page.
      view: The chosen view, even if the list was changed since; ALL for none.
      columns: Shown instead of the columns of the view or the user.
    """

    listing: Listing
    page: Mapping[str, str] = field(default_factory=dict)
    fixed: tuple[Part, ...] = ()
    size: int = SIZE
    after: Cursor | None = None
    view: str | None = None
    columns: tuple[str, ...] = ()

    @classmethod
    def read(
        cls, parameters: Mapping[str, str], *, page: Mapping[str, str], fixed: tuple[Part, ...] = ()
    ) -> ListAddress:
        """Read an address; invalid parts are ignored."""
        asked = parameters.get("size", "")
        size = int(asked) if asked.isdecimal() and int(asked) in SIZES else SIZE
        return cls(
            Listing.from_address(parameters),
            page,
            fixed,
            size,
            parameters.get(PLACE),
            parameters.get("view"),
            tuple(filter(None, parameters.get("columns", "")[:MAX_COLUMNS].split(","))),
        )

    @classmethod
    def of_view(cls, view: View) -> ListAddress:
        """The address of a saved view as it was saved."""
        return cls(view.listing, size=view.size, view=view.id)

    def differs_from(self, view: View) -> bool:
        """Whether the list was changed since the view was chosen."""
        columns = self.columns or view.columns
        return (self.listing, self.size, columns) != (view.listing, view.size, view.columns)

    @property
    def whole(self) -> Listing:
        """The list with the page's own conditions."""
        return self.listing.with_parts([*self.fixed, *self.listing.parts]) if self.fixed else self.listing

    def showing(self, listing: Listing) -> ListAddress:
        """The same position, for a listing that differs only in how it is written."""
        return replace(self, listing=listing)

    def of(self, listing: Listing) -> str:
        """The address of the first page of another list."""
        return replace(self, listing=listing, after=None).here

    def sorted_by(self, sort: str) -> str:
        """The address of the same list in another order; reversed if it is sorted by it already."""
        again = self.listing.sort == sort
        descending = not self.listing.descending if again else sort != "name"
        return self.of(replace(self.listing, sort=sort, descending=descending))

    def at(self, place: Cursor | None) -> str:
        """The address of another page of the list."""
        return replace(self, after=place).here

    def with_size(self, size: int) -> str:
        return replace(self, size=size, after=None).here

    def sheet(self, contact: ContactId) -> str:
        """The address of a contact's sheet, with this list to go back to."""
        return _written({"contact": contact, **replace(self, listing=self.whole, page={}).parameters})

    @property
    def here(self) -> str:
        """The address of this page."""
        return _written(self.parameters)

    @property
    def parameters(self) -> dict[str, str]:
        parameters = {**self.page, **self.listing.in_address()}
        if self.size != SIZE:
            parameters["size"] = str(self.size)
        if self.view:
            parameters["view"] = self.view
        if self.columns:
            parameters["columns"] = ",".join(self.columns)
        return {**parameters, PLACE: self.after} if self.after else parameters


def _written(parameters: Mapping[str, str]) -> str:
    return f"?{urlencode(parameters)}"
