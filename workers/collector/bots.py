"""Known bots and mail scanners, told by their user agent."""

from __future__ import annotations

import re
from functools import lru_cache

import ua_parser

_SCANNERS = re.compile(
    r"GoogleImageProxy|YahooMailProxy|Barracuda|Proofpoint|Mimecast|SafeLinks|BitDefender|TrendMicro"
    r"|Symantec|Forcepoint|HeadlessChrome|PhantomJS|Lighthouse|Pingdom|UptimeRobot|facebookexternalhit"
    r"|WhatsApp/|Slackbot|TelegramBot|Discordbot|bot\b|crawler|spider",
    re.IGNORECASE,
)
"""Link checkers and prefetchers that the list of ua-parser does not call spiders."""


@lru_cache(maxsize=16_384)
def is_bot(user_agent: str) -> bool:
    """Whether a known robot calls itself so; its visits are kept, and count for nothing."""
    if not user_agent:
        return False
    if _SCANNERS.search(user_agent):
        return True
    device = ua_parser.parse_device(user_agent)
    return device is not None and device.family == "Spider"
