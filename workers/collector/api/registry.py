"""All operations of the API, in the order of its docs; a resource is a module, listed here."""

from __future__ import annotations

from workers.collector.api import (
    contact_history,
    contact_privacy,
    contact_writes,
    contacts,
    exports,
    imports,
    jobs,
    segments,
)
from workers.collector.api.operation import Operation
from workers.collector.api.parameters import decoder_of

OPERATIONS: tuple[Operation, ...] = (
    *contacts.OPERATIONS,
    *contact_writes.OPERATIONS,
    *contact_history.OPERATIONS,
    *contact_privacy.OPERATIONS,
    *segments.OPERATIONS,
    *imports.OPERATIONS,
    *exports.OPERATIONS,
    *jobs.OPERATIONS,
)

for _operation in OPERATIONS:
    if _operation.body is not None:
        decoder_of(_operation.body)
