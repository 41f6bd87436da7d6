"""Detection of bots and mail scanners by user agent."""

from __future__ import annotations

import re
from functools import lru_cache

import ua_parser

MAX_LENGTH = 1_000
"""Characters of a user agent that are looked at."""

_SCANNERS = re.compile(
    r"Barracuda|Proofpoint|Mimecast|SafeLinks|BitDefender|TrendMicro|Symantec|Forcepoint|FireEye|Cloudmark"
    r"|Microsoft Office Existence|BingPreview|SkypeUriPreview|Slack-ImgProxy|facebookexternalhit|zgrab"
    r"|HeadlessChrome|PhantomJS|Lighthouse|Pingdom",
    re.IGNORECASE,
)
"""Link checkers, prefetchers and browsers without a person, which ua-parser does not call
spiders.  Image proxies (Gmail's, Yahoo's) are not among them: behind those a person opens."""

_NO_BOTS = re.compile(r"Java/|YahooMailProxy")
"""False positives of ua-parser's spiders: a shop's server in Java, a person's mailbox."""


_BROWSER = re.compile(r"(?:Mozilla|Opera)/")


def is_browser(user_agent: str) -> bool:
    """Whether a request's header is a browser's own, or that of a crawler that runs one.

    Another header names the library that sends (`Python-urllib/3.12`): it says nothing of the visitor.
    """
    return _BROWSER.match(user_agent) is not None


@lru_cache(maxsize=16_384)
def is_bot(user_agent: str) -> bool:
    """Whether a known robot calls itself so; its visits are kept, and count for nothing."""
    if not user_agent or _NO_BOTS.match(user_agent):
        return False
    if _SCANNERS.search(user_agent):
        return True
    device = ua_parser.parse_device(user_agent)
    return device is not None and device.family == "Spider"
