"""The address of a list: all that makes it the list it is, so that it can be shared and gone back to."""

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
"""Rows of a page that one can choose from."""

SIZE = 50
"""Rows of a page as long as nobody has chosen."""

PLACE = "after"
"""The parameter that says where in the list the page begins."""

ALL = "all"
"""The view that is none: all contacts, also for who usually opens a view of their own."""

MAX_COLUMNS = 4_000
"""Characters of the names of columns that an address may carry."""


@dataclass(frozen=True)
class ListAddress:
    """Where in which list one is.

    Parameters:
      listing: What is listed, as far as the address says.
      page: The parameters that name the page which the list is on.
      fixed: Conditions that belong to that page, and so are not in its address.
      size: Rows of a page.
      after: Where the page begins; unset for the beginning.
      view: The saved view that was chosen, however the list was changed since; ALL for none.
      columns: What is shown instead of what the view, or its reader, usually shows.
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
        """Read an address; what makes no sense there is left out."""
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
        """What is listed, with the page's own conditions."""
        return self.listing.with_parts([*self.fixed, *self.listing.parts]) if self.fixed else self.listing

    def showing(self, listing: Listing) -> ListAddress:
        """The same place in another list, for one that is only written otherwise."""
        return replace(self, listing=listing)

    def of(self, listing: Listing) -> str:
        """The address of another list on the same page, from its beginning."""
        return replace(self, listing=listing, after=None).here

    def sorted_by(self, sort: str) -> str:
        """The address of the same list in another order; sorted by it already, the other way round."""
        again = self.listing.sort == sort
        descending = not self.listing.descending if again else sort != "name"
        return self.of(replace(self.listing, sort=sort, descending=descending))

    def at(self, place: Cursor | None) -> str:
        """The address of another page of the list."""
        return replace(self, after=place).here

    def with_size(self, size: int) -> str:
        return replace(self, size=size, after=None).here

    def sheet(self, contact: ContactId) -> str:
        """The address of a contact's sheet, which knows the list that one came from."""
        return _written({"contact": contact, **replace(self, listing=self.whole, page={}).parameters})

    @property
    def here(self) -> str:
        """This very page."""
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
