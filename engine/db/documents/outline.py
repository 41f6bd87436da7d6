"""Collections that PyMongo alone reads and writes: what is declared of them are indexes and main fields."""

from __future__ import annotations

from typing import Any, ClassVar

import mongoengine as me


class Outline(me.DynamicDocument):
    """The outline of a collection on a hot path: `engine.db.indexes` creates its indexes by it.

    The fields validate nothing: the writers of the collection do.
    """

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False}
