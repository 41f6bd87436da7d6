"""The kinds of jobs: each registers itself in the module that does its work.

A new kind is one new file `…_job.py` in its subject's room; `operations.job_kinds` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from engine.accounts.permissions import Permission
from engine.db import Db
from engine.jobs.jobs import Job, Refused, Step


class Work(Protocol):
    """The work of a job.  Its steps are idempotent."""

    def total(self) -> int:
        """How much there is to do."""

    def step(self, cursor: str, *, now: datetime) -> Step | None:
        """Do what comes after `cursor`; unset if nothing does."""


class Undo(Protocol):
    """Keeps a job that takes another back, and returns its id."""

    def __call__(self, db: Db, of: str, *, by: str, by_name: str, now: datetime) -> str: ...


class Refusals(Protocol):
    """Lists what a job could not do, and why."""

    def __call__(self, db: Db, job: str, *, limit: int) -> list[Refused]: ...


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """A kind of job.

    Parameters:
      id: Its name in the database.
      work: Makes what does a job of this kind.
      permission: What one must be allowed to see and do such jobs.
      acts: What the audit log calls to take one back, and to stop one.
      undo: What takes one back; unset, and it cannot be.
      refusals: Lists what could not be done, and why; unset for a kind that refuses nothing.
      stops: Whether one can be stopped half-way.
      listed: Whether the history shows it, too: what changes nothing is shown for a while alone.
    """

    id: str
    work: Callable[[Db, Job], Work]
    permission: Permission
    acts: tuple[str, str] = ("", "")
    undo: Undo | None = None
    refusals: Refusals | None = None
    stops: bool = True
    listed: bool = True


_kinds: dict[str, JobKind] = {}


def register(kind: JobKind) -> JobKind:
    """Make a kind known to the pages, the commands and the workers."""
    _kinds[kind.id] = kind
    return kind


def registered() -> Mapping[str, JobKind]:
    """The kinds known in this process, by id."""
    return _kinds
