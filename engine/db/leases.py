"""Leases on documents: a process holds one while it works, until a time or until it is known to be gone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from pymongo.client_session import ClientSession
from pymongo.collection import Collection

from engine.db.timeouts import tolerate_timeout
from engine.domain.document import Document
from engine.errors import CommitConflict


@dataclass(frozen=True)
class Basis:
    """The basis of a decision: the version of the rules in force, and the number of erasures."""

    rules: int = 1
    erasures: int = 0


def renew(
    collection: Collection[Document],
    held: Document,
    change: Document,
    session: ClientSession,
    *,
    basis: Basis,
) -> bool:
    """Renew a lease within the transaction that does its work; false if it is not `held` any more.

    Raises CommitConflict if newer rules came into force than the work was based on, or a contact was erased.
    """
    still = {name: {"$not": {"$gt": value}} for name, value in asdict(basis).items()}
    if collection.update_one({**held, **still}, change, session=session).matched_count:
        return True
    if collection.find_one(held, {"_id": 1}, session=session) is not None:
        raise CommitConflict("newer rules came into force, or a contact was erased")
    return False


def release_dead(
    collection: Collection[Document], held: Document, is_gone: Callable[[str], bool]
) -> list[Any]:
    """Release at once the leases, among those `held`, of processes known to be gone; return the ids.

    A wrong guess does no harm: a holder that lives finds at its next commit that it lost the lease.
    """
    released = []
    for lease in collection.find({"holder": {"$exists": True}, **held}, {"holder": 1, "fence": 1}):
        if is_gone(lease["holder"]):
            with tolerate_timeout():
                free = {"$unset": {"holder": "", "lease_until": "", "claimed_until": ""}}
                if collection.update_one(lease, free).matched_count:
                    released.append(lease["_id"])
    return released
