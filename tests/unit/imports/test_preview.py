"""The preview warns of rules under which a file subscribes nobody."""

from engine.imports import preview
from engine.imports.mapping.import_settings import ImportSettings
from engine.settings import CONFIG_DIR
from tests.builders import SHIPPED, rules


def test_rules_that_let_no_file_subscribe_anybody_are_told():
    old = (CONFIG_DIR / "transitions.yaml").read_text()
    without = "\n".join(
        line for line in old.partition("tests:")[0].splitlines() if "contact_imported" not in line
    )
    settings = ImportSettings(columns={"News": "newsletter", "Mail": "email"})

    [problem] = preview.missing_transitions(settings, rules(transitions=without).present)
    assert "the machine 'newsletter' has no transition on contact_imported" in problem
    assert preview.missing_transitions(settings, SHIPPED.present) == []
