"""The made-up shop's shelves, and the names of its people."""

from __future__ import annotations

from dataclasses import dataclass

SHOP = "Cumbre, shoes and mountain gear"
CURRENCY = "EUR"


@dataclass(frozen=True)
class Product:
    """Something to buy; the price is in cents."""

    id: str
    name: str
    category: str
    cents: int

    @property
    def price(self) -> float:
        return self.cents / 100

    def line(self, quantity: int = 1) -> dict[str, object]:
        """The product as the e-commerce specification carries it."""
        return {
            "product_id": self.id,
            "name": self.name,
            "category": self.category,
            "price": self.price,
            "quantity": quantity,
            "currency": CURRENCY,
        }


_SHELVES: dict[str, tuple[tuple[str, int], ...]] = {
    "boots": (("Aneto trekking boot", 13990), ("Moncayo mid boot", 11950), ("Teide winter boot", 16400), ("Gredos light boot", 9990)),
    "running": (("Sierra trail shoe", 10900), ("Duero road shoe", 8950), ("Ebro stability shoe", 9900), ("Tajo racing flat", 12500)),
    "sandals": (("Cala sandal", 4590), ("Playa strap sandal", 3950), ("Menorca avarca", 5900)),
    "jackets": (("Niebla rain jacket", 12900), ("Bruma wind shell", 7990), ("Ventisca down jacket", 21900)),
    "packs": (("Camino 30 l pack", 8900), ("Valle 18 l daypack", 5450), ("Cima 45 l pack", 13900)),
    "socks": (("Merino hiking socks", 1690), ("Running socks, two pairs", 1290), ("Thermal socks", 1450)),
    "poles": (("Carbon poles", 8490), ("Aluminium poles", 4290)),
    "children": (("Peque trail shoe", 4990), ("Peque rain jacket", 3990), ("Peque boot", 5490)),
}  # fmt: skip

PRODUCTS: tuple[Product, ...] = tuple(
    Product(f"{shelf[:3].upper()}-{number:02}", name, shelf, cents)
    for shelf, goods in _SHELVES.items()
    for number, (name, cents) in enumerate(goods, start=1)
)

FIRST_NAMES = (
    "Ana", "Lucía", "María", "Carmen", "Íñigo", "Javier", "Pablo", "Nuria", "Jordi", "Aitor", "Sofía", "Zoë",
    "François", "Chloé", "Björn", "Åsa", "Müge", "Łukasz", "Agnieszka", "Siobhán", "Emma", "Oliver", "Grace",
    "Matteo", "Giulia", "João", "Inês", "Anke", "Jürgen", "Noémie",
)  # fmt: skip
LAST_NAMES = (
    "García", "Fernández", "Muñoz", "Ibáñez", "Etxeberria", "Puig", "López de Haro", "Martín", "Núñez", "Ruiz",
    "Smith", "O'Neill", "Dubois", "Lefèvre", "Jørgensen", "Håkansson", "Yılmaz", "Kowalska", "Nowak", "Rossi",
    "Esposito", "Ferreira", "Schäfer", "Weiß", "van den Berg",
)  # fmt: skip
CITIES = (("Madrid", "ES"), ("Barcelona", "ES"), ("Bilbao", "ES"), ("Sevilla", "ES"), ("Lisboa", "PT"), ("Lyon", "FR"), ("München", "DE"), ("Dublin", "IE"))  # fmt: skip
SEARCHES = ("trail", "botas", "rain jacket", "calcetines merino", "size 42", "regalo", "waterproof", "poles", "mochila 30")  # fmt: skip
CAMPAIGNS = ("Autumn on the trail", "New: Niebla", "Your cart is waiting", "Black week", "Socks on us")
BROWSERS = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1 Version/18.0 Mobile Safari/604.1",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1 Version/17.5 Safari/605.1",
)
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
