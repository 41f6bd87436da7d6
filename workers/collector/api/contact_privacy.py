"""A person's rights: all their data in an archive, and erasure for good."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from engine.accounts.scopes import Scope
from engine.jobs import jobs
from engine.privacy import privacy_service
from workers.collector.api.contact_values import contact_of, contact_or_deleted
from workers.collector.api.jobs import Started, started
from workers.collector.api.operation import Call, Download, Example, Operation, Outcome

TAG = "Privacy"
SCOPES = frozenset({Scope.PRIVACY})

IN_MEMORY = 8 * 1024**2
"""Bytes of an archive that are kept in memory; a larger one is on disk until it is sent."""

_CHUNK = 256 * 1024


def _archive(call: Call) -> Outcome:
    contact = contact_of(call.actor, call.path["key"])
    out = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115  closed once it is sent
    privacy_service.hand_out(call.actor, contact, out)  # type: ignore[arg-type]
    length = out.tell()
    out.seek(0)
    return Download(f"data-of-{contact}.zip", "application/zip", _chunks(out), length)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _erase(call: Call) -> Outcome:
    id_ = call.id("erasure")
    if jobs.job(call.actor.db, id_) is not None:  # of an earlier try: who it was is not known any more
        return started(id_)
    contact = contact_or_deleted(call.actor, call.path["key"])
    return started(privacy_service.erase(call.actor, contact, id_=id_))


OPERATIONS = (
    Operation(
        id="exportPersonalData",
        method="POST",
        path="/v1/contacts/{key}/archive",
        tag=TAG,
        summary="Export all data of a person",
        about="A ZIP archive with JSON files and a readable page; the request is in the audit log.",
        scopes=SCOPES,
        media_type="application/zip",
        run=_archive,
        example=Example(path={"key": "ana@example.com"}),
    ),
    Operation(
        id="eraseContact",
        method="POST",
        path="/v1/contacts/{key}/erasure",
        tag=TAG,
        summary="Erase a person for good",
        about="A job removes the person from every collection and file; late events about them are refused. "
        "This cannot be undone, nor stopped.",
        scopes=SCOPES,
        answer=Started,
        statuses={202: "The job was started"},
        creates=True,
        run=_erase,
        example=Example(path={"key": "gone@example.com"}),
    ),
)
