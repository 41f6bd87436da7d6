"""Bots and mail scanners are told from people and from shops' servers."""

from __future__ import annotations

import pytest

from engine.tracking.bots import is_bot, is_browser

ROBOTS = [
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
    "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/120 Safari/537.36 BingPreview/1.0b",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 HeadlessChrome/120.0.0.0 Safari/537.36",
    "Barracuda Sentinel (EE)",
    "Mozilla/5.0 (compatible; Mimecast URL Protect)",
    "Microsoft Office Existence Discovery",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "facebookexternalhit/1.1",
    "GPTBot/1.0",
]
PEOPLE = [
    "",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 7.0; CUBOT X18) AppleWebKit/537.36 Chrome/64.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/",
]
SERVERS = ["curl/8.1", "analytics-python/2.4.0", "axios/1.6", "Java/11", "Go-http-client/1.1", "okhttp/4.9"]


@pytest.mark.parametrize("user_agent", ROBOTS)
def test_a_robot_is_known(user_agent: str) -> None:
    assert is_bot(user_agent)


@pytest.mark.parametrize("user_agent", PEOPLE + SERVERS)
def test_neither_a_person_nor_a_server_is_a_robot(user_agent: str) -> None:
    assert not is_bot(user_agent)


LIBRARIES = [
    *SERVERS, "Python-urllib/3.12", "python-requests/2.32.3", "python-httpx/0.27", "analytics-node/2.1",
    "analytics-php/3.5", "GuzzleHttp/7", "Ruby", "Apache-HttpClient/4.5 (Java/17)", "Faraday v2.9", "node",
    "Wget/1.21", "Dart/3.3 (dart:io)", "RudderStack-Go/4", "Shopify/1.0", "",
]  # fmt: skip


@pytest.mark.parametrize("user_agent", LIBRARIES)
def test_the_agent_of_a_library_says_nothing_about_the_visitor(user_agent: str) -> None:
    assert not is_browser(user_agent)


@pytest.mark.parametrize("user_agent", [agent for agent in PEOPLE + ROBOTS if agent.startswith("Mozilla/")])
def test_a_browser_or_a_crawler_that_runs_one_calls_itself_mozilla(user_agent: str) -> None:
    assert is_browser(user_agent)
