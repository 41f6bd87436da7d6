"""The made-up shop's people: who each is, and how each tends to behave."""

from __future__ import annotations

import random
import unicodedata
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Kind(StrEnum):
    """The kind of a visitor."""

    PASSER_BY = "passer-by"
    CURIOUS = "curious"
    GUEST = "guest"
    CUSTOMER = "customer"
    LOYAL = "loyal"
    ROBOT = "robot"


@dataclass(frozen=True)
class Habit:
    """The behaviour of a kind of visitor.

    Parameters:
      share(int): How many in a hundred are such.
      visits(tuple): Fewest and most visits, as far as the time reaches.
      pause(float): Mean days between two visits.
      products(int): Most products looked at in a visit.
      tempted(float): Chance that a visit puts something into the cart.
      buys(float): Chance that a cart is bought, if the person can buy.
      signs_up(float): Chance that there will be an account.
      subscribes(float): Chance of a newsletter subscription.
    """

    share: int
    visits: tuple[int, int]
    pause: float
    products: int
    tempted: float = 0.0
    buys: float = 0.0
    signs_up: float = 0.0
    subscribes: float = 0.0


HABITS: dict[Kind, Habit] = {
    Kind.PASSER_BY: Habit(share=47, visits=(1, 1), pause=1, products=3, tempted=0.06),
    Kind.CURIOUS: Habit(share=21, visits=(2, 6), pause=6, products=5, tempted=0.3, subscribes=0.3),
    Kind.GUEST: Habit(share=7, visits=(1, 5), pause=10, products=5, tempted=0.7, buys=0.8, subscribes=0.3),
    Kind.CUSTOMER: Habit(
        share=16, visits=(4, 14), pause=6, products=6, tempted=0.5, buys=0.6, signs_up=1.0, subscribes=0.65
    ),
    Kind.LOYAL: Habit(
        share=8, visits=(20, 60), pause=2.5, products=6, tempted=0.4, buys=0.65, signs_up=1.0, subscribes=0.9
    ),
    Kind.ROBOT: Habit(share=1, visits=(10, 40), pause=2, products=8),
}


@dataclass(frozen=True)
class Country:
    """A country and its names; `#` is a digit of a mobile number."""

    code: str
    language: str
    share: int
    mobile: str
    cities: tuple[str, ...]
    first_names: tuple[str, ...]
    last_names: tuple[str, ...]


COUNTRIES = (
    Country(
        "ES", "es", 55, "+346########",
        ("Madrid", "Barcelona", "Bilbao", "Sevilla", "Zaragoza", "A Coruña", "Málaga", "Logroño"),
        ("Ana", "Lucía", "María", "Carmen", "Nuria", "Sofía", "Begoña", "Inés", "Aránzazu", "Laia", "Íñigo",
         "Javier", "Pablo", "Jordi", "Aitor", "Álvaro", "José María", "Rubén", "Xoán", "Martí"),
        ("García", "Fernández", "Muñoz", "Ibáñez", "Etxeberria", "Puig", "López de Haro", "Martín", "Núñez",
         "Ruiz", "Peña", "Goikoetxea", "Castaño", "Vázquez", "Roca i Güell", "Sánchez", "Ordóñez"),
    ),
    Country(
        "GB", "en", 13, "+447#########", ("London", "Leeds", "Edinburgh", "Bristol"),
        ("Emma", "Oliver", "Grace", "Harry", "Zoë", "Alice", "Callum", "Priya", "Rhys"),
        ("Smith", "Jones", "Brontë", "Clarke", "MacLeod", "Patel", "Ffoulkes", "Hughes"),
    ),
    Country(
        "IE", "en", 4, "+3538########", ("Dublin", "Cork", "Galway"),
        ("Siobhán", "Aoife", "Seán", "Niamh", "Conor"), ("O'Neill", "Byrne", "Ó Súilleabháin", "Walsh"),
    ),
    Country(
        "FR", "fr", 8, "+336########", ("Lyon", "Pau", "Toulouse", "Chambéry"),
        ("François", "Chloé", "Noémie", "Benoît", "Anaïs", "Jérôme"),
        ("Dubois", "Lefèvre", "Gautier", "d'Aubigné", "Hénin", "Bézier"),
    ),
    Country(
        "PT", "pt", 7, "+3519########", ("Lisboa", "Porto", "Évora"),
        ("João", "Inês", "Conceição", "Tomás", "Beatriz"), ("Ferreira", "Gonçalves", "Simões", "da Silva"),
    ),
    Country(
        "DE", "de", 7, "+4915#########", ("München", "Köln", "Leipzig", "Tübingen"),
        ("Anke", "Jürgen", "Björn", "Käthe", "Müge", "Lukas"),
        ("Schäfer", "Weiß", "Müller", "van den Berg", "Yıldız"),
    ),
    Country(
        "IT", "it", 3, "+393#########", ("Torino", "Bolzano", "Forlì"),
        ("Matteo", "Giulia", "Niccolò", "Elisa"), ("Rossi", "Esposito", "D'Angelo", "Cantù"),
    ),
    Country(
        "PL", "pl", 2, "+485########", ("Kraków", "Łódź", "Zakopane"),
        ("Łukasz", "Agnieszka", "Małgorzata", "Paweł"), ("Kowalska", "Nowak", "Wójcik", "Dąbrowski"),
    ),
    Country(
        "SE", "en", 1, "+467########", ("Göteborg", "Umeå"),
        ("Åsa", "Sören", "Märta"), ("Håkansson", "Jørgensen", "Öberg"),
    ),
)  # fmt: skip

BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/17.5 Safari/605.1",
    "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
)
TABLET = "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Safari/604.1"
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"

_LETTERS = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "ı": "i", "'": "", " ": ""})

KNOWN = (Kind.CUSTOMER, Kind.LOYAL)
"""Kinds of which everybody has an account in the end."""

FAMILIES = 4
"""Of so many people, one sits at the browser of the person before, if both have accounts."""


@dataclass(frozen=True)
class Device:
    """A browser: the tracker that it carries, and what it calls itself."""

    tracker: str
    user_agent: str


@dataclass(frozen=True)
class Person:
    """A visitor of the shop.

    Parameters:
      population(str): Names the run of people that this one belongs to; ids begin with it.
      number(int): Their number, unique in the population.
      reads(float): Chance that a mail is opened.
      phone(str | None): E.164, for those who give one away.
      mailbox(str): `fine`, `full` now and then, or `dead`.
    """

    population: str
    number: int
    kind: Kind
    arrived: date
    country: Country
    city: str
    first_name: str
    last_name: str
    birth_date: date
    devices: tuple[Device, ...]
    phone: str | None
    reads: float
    mailbox: str

    @property
    def habit(self) -> Habit:
        return HABITS[self.kind]

    @property
    def user_id(self) -> str:
        return f"C{self.population}-{self.number}"

    @property
    def email(self) -> str:
        """An address under a domain that is reserved for examples: no mail can reach anybody."""
        domain = ("example.com", "example.org", "example.net")[self.number % 3]
        return f"{_ascii(self.first_name)}.{_ascii(self.last_name)}{self.number}@{domain}".lower()


def person_of(population: str, number: int, *, arrived: date) -> Person:
    """The person of that number: the same one every time."""
    chance = random.Random(f"{population}/{number}")
    kind = _kind(population, number)
    country = chance.choices(COUNTRIES, [country.share for country in COUNTRIES])[0]
    return Person(
        population=population,
        number=number,
        kind=kind,
        arrived=arrived,
        country=country,
        city=chance.choice(country.cities),
        first_name=chance.choice(country.first_names),
        last_name=chance.choice(country.last_names),
        birth_date=date(chance.randrange(1950, 2007), chance.randrange(1, 13), chance.randrange(1, 29)),
        devices=_devices(population, number, kind=kind, two=chance.random() < 0.5),
        phone=_mobile(country, number) if chance.random() < 0.45 else None,
        reads=chance.uniform(0.1, 0.7),
        mailbox=chance.choices(("fine", "full", "dead"), (82, 9, 9))[0],
    )


def _kind(population: str, number: int) -> Kind:
    chance = random.Random(f"{population}/{number}/kind")
    return chance.choices(list(HABITS), [habit.share for habit in HABITS.values()])[0]


def _devices(population: str, number: int, *, kind: Kind, two: bool) -> tuple[Device, ...]:
    if kind is Kind.ROBOT:
        return (Device(f"demo-{population}-{number}-bot", ROBOT),)
    in_family = number % FAMILIES == 1 and kind in KNOWN and _kind(population, number - 1) in KNOWN
    at_home = number - 1 if in_family else number
    first = Device(f"demo-{population}-{at_home}-a", BROWSERS[at_home % len(BROWSERS)])
    second = Device(f"demo-{population}-{number}-b", BROWSERS[(number + 2) % len(BROWSERS)])
    return (first, second) if two and kind in KNOWN else (first,)


def _mobile(country: Country, number: int) -> str:
    """A number of the country's mobile form; no two people of a population share one."""
    digits = country.mobile.count("#")
    # 7919 is prime, so that this runs through all the numbers before one comes again.
    own = f"{(number * 7919 + 1234567) % 10**digits:0{digits}}"
    return country.mobile.rstrip("#") + own


def _ascii(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.translate(_LETTERS))
    return plain.encode("ascii", "ignore").decode()
