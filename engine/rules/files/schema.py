"""JSON Schemas of the files, for editors that complete and check YAML as it is typed.

They are made of the entries that the readers use.  A schema says less than `check` (it knows
no line of another file), but never refuses what `check` takes.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from inspect import getdoc
from pathlib import Path

from engine.rules.conditions.condition_schema import condition_schema
from engine.rules.files.activities_file import ActivitiesFile
from engine.rules.files.fields_file import FieldsFile
from engine.rules.files.rfm_file import RfmFile
from engine.rules.files.scoring_file import ScoringFile
from engine.rules.files.segments_file import SegmentsFile
from engine.rules.files.settings_file import SettingsFile
from engine.rules.files.transitions_file import TransitionsFile
from engine.rules.language.entries import Entry, Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"

FILE_ENTRIES: dict[str, type[Entry]] = {
    "scoring.yaml": ScoringFile,
    "segments.yaml": SegmentsFile,
    "transitions.yaml": TransitionsFile,
    "activities.yaml": ActivitiesFile,
    "fields.yaml": FieldsFile,
    "settings.yaml": SettingsFile,
    "rfm.yaml": RfmFile,
}


def schemas(statuses: Iterable[str] = ()) -> dict[str, Schema]:
    """The schema of each file, by the file's name; `statuses` are those of the shop's own."""
    definitions = {"condition": condition_schema(statuses)}
    return {
        name: {"$schema": DIALECT, "title": getdoc(entry), **entry.schema(), "$defs": definitions}
        for name, entry in FILE_ENTRIES.items()
    }


def write_schemas(folder: Path, statuses: Iterable[str] = ()) -> None:
    """Write each schema as a file of its own."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas(statuses).items():
        text = json.dumps(schema, indent=1, ensure_ascii=False, sort_keys=True)
        (folder / f"{Path(name).stem}.json").write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_schemas(Path(sys.argv[1]))
