"""The page of the API for people: whole, without scripts, and from nowhere else."""

import re
from html.parser import HTMLParser
from pathlib import Path

from engine.accounts.scopes import Scope
from workers.collector.api import docs_page
from workers.collector.api.curl import curl
from workers.collector.api.registry import OPERATIONS


class Page(HTMLParser):
    """The text, the ids, the links and the tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.text, self.ids, self.links, self.tags, self.loaded = "", [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.tags.append(tag)
        self.ids += [found["id"]] if "id" in found else []
        self.links += [found["href"]] if tag == "a" else []
        self.loaded += [found[name] for name in ("src", "href") if name in found and tag != "a"]
        assert not [name for name in found if name.startswith("on") or name == "style"]

    def handle_data(self, data):
        self.text += data


def test_every_operation_stands_there_with_its_parameters_and_its_example():
    page = Page(str(docs_page.page()))

    for operation in OPERATIONS:
        assert operation.id in page.ids
        assert curl(operation) in page.text
        assert operation.path in page.text and operation.summary in page.text
    assert len(set(page.ids)) == len(page.ids)


def test_every_scope_is_in_the_guide():
    guide = (Path(__file__).parents[4] / "docs" / "api.md").read_text()

    assert re.findall(r"^\| `([a-z:]+)` \|", guide, re.MULTILINE) == [scope.value for scope in Scope]


def test_its_links_lead_somewhere_and_it_loads_its_own_style_alone():
    page = Page(str(docs_page.page()))

    assert {link[1:] for link in page.links if link.startswith("#")} <= set(page.ids)
    assert set(page.loaded) == {"/v1/docs.css"}
    assert "script" not in page.tags and "style" not in page.tags


def test_the_policy_lets_nothing_else_load():
    response = docs_page.pages()["/v1/docs"]

    assert response.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
    assert not re.search(r"url\(|@import", docs_page.pages()["/v1/docs.css"].body.decode())
