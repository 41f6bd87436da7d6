"""Imports and their previews as the API shows them."""

from __future__ import annotations

from typing import Any

import msgspec

from engine.imports.preview import Preview
from engine.imports.reading.problems import Problem
from workers.collector.api.import_drafts import DraftView
from workers.collector.api.jobs import JobView


class PreviewProblem(msgspec.Struct):
    """Problems of one kind: how many, whether they refuse their rows, and the first examples."""

    kind: str
    count: int
    refuses: bool
    examples: list[str]


class PreviewRowView(msgspec.Struct):
    """A row as it would be stored."""

    line: int
    outcome: str
    values: dict[str, Any]


class PreviewView(msgspec.Struct):
    """What importing the whole file would do; unset while the job is under way."""

    rows: int
    outcomes: dict[str, int]
    refused: int
    left_out: int
    problems: list[PreviewProblem]
    first_rows: list[PreviewRowView]


class PreviewRunView(msgspec.Struct):
    """The preview of an import: its job, and the result once that is done."""

    job: JobView
    result: PreviewView | None


class ImportView(msgspec.Struct):
    """An import: the file while it is being prepared, then its job."""

    id: str
    draft: DraftView | None
    job: JobView | None


def preview_view(found: Preview) -> PreviewView:
    """Return a preview as the API shows it."""
    return PreviewView(
        found.rows,
        {str(outcome): count for outcome, count in found.outcomes.items()},
        found.refused,
        found.left_out,
        [
            PreviewProblem(one.kind, one.count, one.refuses, list(map(_words, one.examples)))
            for one in found.problems
        ],
        [PreviewRowView(row.line, str(row.outcome), dict(row.values)) for row in found.preview],
    )


def _words(problem: Problem) -> str:
    return f"line {problem.line}: {problem.message}"
