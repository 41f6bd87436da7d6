"""The settings of a process, each declared once, and the running instance that they lead to.

`engine.environment` reads them from the environment; functions take what they need as arguments.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine.errors import Misconfigured, NoInstance

DEFAULT_DATA_DIR = Path(".sheets")

_REPOSITORY_CONFIG = Path(__file__).resolve().parent.parent / "config"
_SHIPPED_CONFIG = Path(__file__).resolve().parent / "shipped_config"
CONFIG_DIR = _REPOSITORY_CONFIG if _REPOSITORY_CONFIG.is_dir() else _SHIPPED_CONFIG
"""The YAML files that we ship: the repository's, or their copy inside the wheel."""

PREFIX = "SHEETS_"
"""The prefix of our environment variables."""

MASK = "***"
"""The text shown instead of a secret."""

SHORTEST_COOKIE_SECRET = 32
SHORTEST_KEY = 32


class InvalidSettings(Misconfigured):
    """Settings that cannot work; the message names each variable, its value and what is allowed."""


@dataclass(frozen=True)
class About:
    """The documentation of a setting for operators.

    Parameters:
      meaning(str): What it decides.
      allowed(str): Its values in words, where the type and its bounds do not say it.
      also(str): A second name that stays accepted.
      old(str): A former name, accepted for one version with a notice.
      secret(str): What is never shown: the value as a whole, or the password in a URL.
    """

    meaning: str
    allowed: str = ""
    also: str = ""
    old: str = ""
    secret: Literal["", "value", "password"] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting; `mongodb_uri` is the environment variable SHEETS_MONGODB_URI, and so on."""

    mongodb_uri: Annotated[
        str,
        Meta(pattern=r"^mongodb(\+srv)?://."),
        About(
            "MongoDB 6.0 or newer, a replica set; unset: `sheets up` runs the embedded one",
            allowed="an address that begins with mongodb:// or mongodb+srv://",
            also="MONGODB_URI",
            secret="password",
        ),
    ] = ""
    broker_url: Annotated[
        str,
        Meta(pattern=r"^(rediss?|unix|amqps?)://."),
        About(
            "Valkey, Redis or RabbitMQ; unset: `sheets up` runs the embedded Valkey",
            allowed="an address that begins with redis://, rediss://, unix://, amqp:// or amqps://",
            also="BROKER_URL",
            secret="password",
        ),
    ] = ""
    database: Annotated[
        str,
        Meta(pattern=r"^[^/\\. \"$*<>:|?\x00]{1,63}$"),
        About(
            "The name of the database",
            allowed='1 to 63 characters, no space and none of / \\ . " $ * < > : | ?',
        ),
    ] = "contact_sheets"
    data_dir: Annotated[
        Path,
        About("The folder of `sheets up`: embedded servers, logs and the instance file", allowed="a folder"),
    ] = DEFAULT_DATA_DIR

    secrets_key: Annotated[
        str,
        Meta(min_length=SHORTEST_KEY),
        About(
            "Seals the secrets of connected shops; the same for all processes. `NEW,OLD` while it is "
            "replaced; unset: with the embedded servers a file in the data folder",
            allowed=f"{SHORTEST_KEY} random characters or more: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            secret="value",
        ),
    ] = ""

    collector_public_url: Annotated[
        str,
        Meta(pattern=r"^https?://[^\s/?#]+(/[^\s?#]*)?$"),
        About(
            "The collector's public address, for the addresses that shops are given; unset: the one on which "
            "it listens",
            allowed="an address such as https://collect.example.com",
        ),
    ] = ""
    collector_events_per_second: Annotated[
        float,
        Meta(gt=0, le=1e9),
        About("Events a second that one key may send continuously", old="SHEETS_EVENTS_PER_SECOND"),
    ] = 5_000
    collector_events_burst: Annotated[
        float,
        Meta(gt=0, le=1e9),
        About("Events that one key may send at once after a pause", old="SHEETS_EVENTS_BURST"),
    ] = 50_000
    api_requests_per_second: Annotated[
        float,
        Meta(gt=0, le=1e6),
        About("Requests a second that one key may send to the API continuously"),
    ] = 50
    api_requests_burst: Annotated[
        float,
        Meta(gt=0, le=1e6),
        About("Requests that one key may send to the API at once after a pause"),
    ] = 500
    collector_trusted_proxies: Annotated[
        int,
        Meta(ge=0, le=10),
        About(
            "How many proxies of yours are before the collector: so much of X-Forwarded-For is believed",
            allowed="a whole number from 0 to 10",
        ),
    ] = 0
    dashboard_trusted_proxies: Annotated[
        int,
        Meta(ge=0, le=10),
        About(
            "How many proxies of yours are before the dashboard: so much of X-Forwarded-For and "
            "X-Forwarded-Proto is believed; with 0 a proxy on the same machine is",
            allowed="a whole number from 0 to 10",
        ),
    ] = 0
    shops_poll_minutes: Annotated[
        float,
        Meta(gt=0, le=1_440),
        About("Minutes between two polls of a shop that has no webhooks (PrestaShop, Magento)"),
    ] = 5
    allow_private_addresses: Annotated[
        bool,
        About(
            "Whether webhooks and shops may be at addresses outside of the public internet: this machine, "
            "your own network"
        ),
    ] = False

    openid_metadata_url: Annotated[
        str,
        Meta(pattern=r"^https?://\S+$"),
        About(
            "The discovery document of the company's OpenID Connect provider; unset: local accounts alone",
            allowed="an address such as https://login.example.com/.well-known/openid-configuration",
            old="OPENID_METADATA_URL",
        ),
    ] = ""
    openid_client_id: Annotated[
        str, About("The client id that the provider gave you", allowed="text", old="OPENID_CLIENT_ID")
    ] = ""
    openid_client_secret: Annotated[
        str,
        About(
            "The client secret that the provider gave you",
            allowed="text",
            old="OPENID_CLIENT_SECRET",
            secret="value",
        ),
    ] = ""
    openid_cookie_secret: Annotated[
        str,
        Meta(min_length=SHORTEST_COOKIE_SECRET),
        About(
            "Signs the provider's session cookies; the same for all dashboards",
            allowed=f"{SHORTEST_COOKIE_SECRET} random characters or more: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(32))'",
            old="OPENID_COOKIE_SECRET",
            secret="value",
        ),
    ] = ""
    openid_address: Annotated[
        str,
        Meta(pattern=r"^https?://\S+$"),
        About(
            "The public address of the dashboard; unset: the one on which it listens",
            allowed="an address such as https://contacts.example.com",
            old="OPENID_ADDRESS",
        ),
    ] = ""
    openid_name: Annotated[
        str, About("What the button says after “Sign in with”", allowed="text", old="OPENID_NAME")
    ] = "your company's account"
    openid_roles_claim: Annotated[
        str,
        About(
            "The claim of the id token that lists the groups; dots reach nested claims: realm_access.roles",
            allowed="text",
            old="OPENID_ROLES_CLAIM",
        ),
    ] = "groups"
    openid_roles: Annotated[
        str,
        About(
            "The role of each group; the highest counts, and a user in none of them is refused",
            allowed="pairs such as shop-admins=admin, marketing=marketer, agency=viewer",
            old="OPENID_ROLES",
        ),
    ] = ""
    openid_scope: Annotated[
        str, About("The scopes that are requested", allowed="text", old="OPENID_SCOPE")
    ] = "openid email profile"
    openid_passwords: Annotated[
        bool,
        About("Whether local accounts may still sign in with passwords", old="OPENID_PASSWORDS"),
    ] = False


@dataclass(frozen=True)
class Setting:
    """The declaration of one setting; `type` carries its bounds."""

    field: str
    type: Any
    default: str | float | bool | Path
    about: About

    @property
    def name(self) -> str:
        """The environment variable."""
        return variable(self.field)

    @property
    def names(self) -> tuple[str, ...]:
        """All variables that are accepted; the first that is set counts."""
        return tuple(filter(None, (self.name, self.about.also, self.about.old)))

    @property
    def allowed(self) -> str:
        """The accepted values in words."""
        return self.about.allowed or _in_words(self.type)

    def shown(self, value: object) -> str:
        """A value as it may be printed: in words, secrets masked."""
        if isinstance(value, bool):
            return str(value).lower()
        text = f"{value:.15g}" if isinstance(value, float) else str(value)
        if self.about.secret == "value" and text:
            return MASK
        return masked(text) if self.about.secret == "password" else text


def _in_words(type_: Any) -> str:
    """The values of a type with its bounds."""
    if type_.__origin__ is bool:
        return "true or false"
    [bounds] = [part for part in type_.__metadata__ if isinstance(part, Meta)]
    return f"a number above {bounds.gt:,}, up to {bounds.le:,.0f}"


def declared() -> tuple[Setting, ...]:
    """All settings, in the order of their declaration."""
    return tuple(
        Setting(field.name, field.type, field.default, about)
        for field in msgspec.structs.fields(Settings)
        for about in field.type.__metadata__
        if isinstance(about, About)
    )


def variable(field: str) -> str:
    """The environment variable of a field of Settings."""
    return PREFIX + field.upper()


def masked(url: str) -> str:
    """A URL without its password and without secrets in its parameters; what is no URL is masked whole."""
    scheme, found, rest = url.partition("://")
    if not found:
        return MASK if url else ""
    credentials, at, place = rest.rpartition("@")
    user, colon, _ = credentials.partition(":")
    who = f"{user}:{MASK}@" if colon else f"{MASK}@" if at else ""
    return f"{scheme}://{who}" + _SECRET_PARAMETER.sub(rf"\g<1>{MASK}", place)


_SECRET_PARAMETER = re.compile(r"(?i)((?:pass|pwd|secret|token|\w*key|authmechanismproperties)\w*=)[^&]*")


@dataclass(frozen=True)
class Instance:
    """A running installation: where its servers and pages are."""

    mongodb_uri: str
    broker_url: str
    database: str
    data_dir: Path | None = None
    dashboard_url: str | None = None
    collector_url: str | None = None
    pid: int | None = None


def locate(settings: Settings, data_dir: Path | None = None) -> Instance:
    """Find the installation: a `mongodb_uri` wins, else the instance file of the data folder.

    The folder is `data_dir`, else that of the settings.  An explicit `data_dir` wins over
    `mongodb_uri` if an instance runs there.  Raises NoInstance.
    """
    folder = data_dir if data_dir is not None else settings.data_dir
    found = _read_instance(folder)
    if found is not None and (data_dir is not None or not settings.mongodb_uri):
        return found
    if settings.mongodb_uri:
        return Instance(
            mongodb_uri=settings.mongodb_uri,
            broker_url=settings.broker_url,
            database=settings.database,
            data_dir=folder,
            dashboard_url=found.dashboard_url if found else None,
            collector_url=found.collector_url if found else None,
        )
    raise NoInstance(
        f"no instance runs in {folder}: start one with `sheets up`, name its folder with --data-dir "
        "(or SHEETS_DATA_DIR), or set MONGODB_URI and BROKER_URL to servers of yours"
    )


def write_instance(instance: Instance) -> None:
    """Write the running instance to the data folder; the file holds passwords and is private."""
    path = instance_file(_folder_of(instance))
    content = {**asdict(instance), "data_dir": str(instance.data_dir)}
    descriptor = os.open(path.with_suffix(".new"), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(content, file, indent=1)
    path.with_suffix(".new").replace(path)


def remove_instance(data_dir: Path) -> None:
    """Remove the instance from the data folder."""
    instance_file(data_dir).unlink(missing_ok=True)


def instance_file(data_dir: Path) -> Path:
    return data_dir / "instance.json"


def _read_instance(data_dir: Path) -> Instance | None:
    try:
        content = json.loads(instance_file(data_dir).read_text())
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Instance(**{**content, "data_dir": Path(content["data_dir"])})


def _folder_of(instance: Instance) -> Path:
    if instance.data_dir is None:
        raise NoInstance("an instance without a data folder cannot be written down")
    return instance.data_dir
