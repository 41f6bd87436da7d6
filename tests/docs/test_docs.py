"""Every command of the documentation, run as it stands there."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine.publishing import publishing
from engine.rules.ruleset import read_folder
from engine.settings import CONFIG_DIR
from tests.running import running

ROOT = Path(__file__).parent.parent.parent
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_ALONE = ("-m venv",)
"""The README's two set-up commands: CI runs the one, `tests/integration/local` the other's `sheets up`."""


WITHOUT = ("glossary.md", "how-it-works.md", "marketers-guide.md", "security-asvs.md")
"""Pages that tell, and have no commands."""


def blocks(page, language):
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(), re.DOTALL)


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    with running(tmp_path_factory.mktemp("docs") / "data", "--no-dashboard") as instance:
        yield instance


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_commands_of_a_page_run(page, instance):
    ran = 0
    for block in blocks(page, "sh"):
        if any(words in block for words in NOT_ALONE):
            continue
        script = block.replace("http://127.0.0.1:8511", instance.collector)
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        environment = {**os.environ, "SHEETS_DATA_DIR": str(instance.data_dir), "PATH": path}
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=instance.data_dir.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert run.returncode == 0, f"{script}\n{run.stdout}\n{run.stderr}"
        ran += 1
    assert ran or page.name in WITHOUT


def test_the_readmes_events_make_the_contact_it_promises(instance):
    sheet = instance.json("contact", "show", "ana@example.com")

    assert (sheet["first_name"], sheet["external_id"], sheet["trackers"]) == (
        "Ana",
        "customer-7",
        ["my-browser"],
    )
    assert [entry["rule"] for entry in sheet["points"]["entries"]] == ["product"]


def test_the_rules_of_the_page_are_in_order_and_pass_their_own_test():
    scoring, segments, topics = blocks(ROOT / "docs" / "write-a-rule.md", "yaml")
    shipped = read_folder(CONFIG_DIR)
    transitions = shipped["transitions.yaml"].replace("\ntopics:\n", f"\n{topics}\n", 1)

    assert publishing.check(shipped | {"scoring.yaml": scoring}) == []
    assert publishing.check(shipped | {"segments.yaml": segments, "scoring.yaml": scoring}) == []
    assert publishing.check(shipped | {"transitions.yaml": transitions}) == []


def test_its_mistakes_are_said_as_the_page_says():
    page = ROOT / "docs" / "write-a-rule.md"
    scoring = blocks(page, "yaml")[0]
    typos = scoring.replace("on: product_visited", "on: product_visted").replace(
        "contact.newsletter", "contact.newsleter"
    )
    slip = scoring.replace("per: day}", "per: day")

    found = [publishing.check(read_folder(CONFIG_DIR) | {"scoring.yaml": wrong}) for wrong in (typos, slip)]

    promised = [block.strip().splitlines() for block in blocks(page, "text")]
    assert promised == [[str(problem) for problem in problems] for problems in found]


def test_links_between_pages_lead_somewhere():
    for page in [*PAGES, ROOT / "CONTRIBUTING.md"]:
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
