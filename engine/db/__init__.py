"""MongoDB: the connection, codecs, indexes, and what all collections share."""

from __future__ import annotations

from pymongo.database import Database

from engine.domain.document import Document

Db = Database[Document]
"""A database of ours, as `connect` opens it."""
