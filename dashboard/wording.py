"""Words that several pages use."""

PRODUCT = "Contact Sheets"
ANONYMOUS = "Anonymous visitor"
COUNTED = {True: "{count} {contacts}", False: "about {count} {contacts}"}
FOUND = {True: "{count} found", False: "over {count} found"}

UNREADABLE = "unreadable"
JUST_NOW = "just now"
TODAY, YESTERDAY = "Today", "Yesterday"

SHOW_RAW, HIDE_RAW = "Raw data", "Hide raw data"
SHOW_NOTICE, HIDE_NOTICE = "Show the notice", "Hide the notice"
NOT_THEIRS, CHOSEN_NOT_THEIRS = "Not theirs", "Not theirs ✓"
NOT_A_BOUNCE, TAKE_BACK, PUT_BACK = "Not a bounce", "Undo", "Redo"

FIELD_TYPES = {
    "text": "Text",
    "number": "Number",
    "boolean": "Yes/no",
    "date": "Date",
    "list": "List of texts",
}
"""The labels of custom field types."""

BUSY = "The workers are busy. This will show in a moment."
NO_WORKER = "No worker is running. This takes effect as soon as one starts."
"""Why an edit does not show yet."""

STATE_WORDS = {
    "not_subscribed": "not subscribed",
    "not_enabled": "not enabled",
}

INITIAL_STATES = frozenset({"active", "not_subscribed", "not_enabled"})
"""The initial states of statuses."""

GOOD_STATES = frozenset({"active", "subscribed", "enabled"})
BAD_STATES = frozenset({"bounced", "blocked", "unsubscribed"})


def state_word(state: str) -> str:
    """The label of a state."""
    return STATE_WORDS.get(state, state.replace("_", " "))


def plural(number: int, one: str, several: str = "") -> str:
    """The noun for a number, without the number: `contact`, `contacts`."""
    return one if number == 1 else several or f"{one}s"


def tone(state: str) -> str:
    """The colour of a state's badge: good, bad or quiet."""
    if state in GOOD_STATES:
        return "good"
    return "bad" if state in BAD_STATES else "quiet"


def display_name(name: str, email: str | None, *other: str | None) -> str:
    """The contact's name, else the first identifier."""
    return name or email or next((value for value in other if value), None) or ANONYMOUS


def sentence(words: object) -> str:
    """An error's message as a sentence."""
    text = str(words).strip()
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?', '!')) else '.'}"
