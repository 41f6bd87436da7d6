"""The made-up shop's shelves, and what it writes to its people."""

from __future__ import annotations

from dataclasses import dataclass

SHOP = "Cumbre, shoes and mountain gear"
SITE = "https://cumbre.example"
CURRENCY = "EUR"
SHIPPING = 495
"""Cents for sending an order; from FREE_FROM on it costs nothing."""
FREE_FROM = 8_000


@dataclass(frozen=True)
class Product:
    """Something to buy; the price is in cents."""

    id: str
    name: str
    category: str
    cents: int

    @property
    def url(self) -> str:
        return f"{SITE}/{self.category}/{self.id.lower()}"

    def line(self, quantity: int = 1) -> dict[str, object]:
        """The product as the e-commerce specification carries it."""
        return {
            "product_id": self.id,
            "name": self.name,
            "category": self.category,
            "price": euros(self.cents),
            "quantity": quantity,
            "currency": CURRENCY,
        }


def euros(cents: int) -> float:
    """An amount as JSON carries it: a number with two decimals."""
    return round(cents / 100, 2)


_SHELVES: dict[str, tuple[tuple[str, int], ...]] = {
    "boots": (("Aneto trekking boot", 13990), ("Moncayo mid boot", 11950), ("Teide winter boot", 16400), ("Gredos light boot", 9990), ("Mulhacén leather boot", 18900), ("Peñalara approach shoe", 10950), ("Urbión wide boot", 12900)),
    "running": (("Sierra trail shoe", 10900), ("Duero road shoe", 8950), ("Ebro stability shoe", 9900), ("Tajo racing flat", 12500), ("Miño cushion shoe", 11900), ("Sil barefoot shoe", 8450), ("Júcar track spike", 9450)),
    "sandals": (("Cala sandal", 4590), ("Playa strap sandal", 3950), ("Menorca avarca", 5900), ("Río water shoe", 4290), ("Tramuntana clog", 4950)),
    "jackets": (("Niebla rain jacket", 12900), ("Bruma wind shell", 7990), ("Ventisca down jacket", 21900), ("Galerna hardshell", 27900), ("Cierzo softshell", 11450), ("Orballo poncho", 5450)),
    "clothing": (("Merino base layer", 5990), ("Fleece, half zip", 4990), ("Trekking trousers", 6990), ("Trail shorts", 3990), ("Long-sleeve sun shirt", 4490), ("Down vest", 9900)),
    "packs": (("Camino 30 l pack", 8900), ("Valle 18 l daypack", 5450), ("Cima 45 l pack", 13900), ("Ruta 60 l pack", 17900), ("Trail vest 5 l", 7450), ("Hip pack", 2990)),
    "socks": (("Merino hiking socks", 1690), ("Running socks, two pairs", 1290), ("Thermal socks", 1450), ("Toe socks", 1190), ("Compression socks", 2490)),
    "tents": (("Refugio tent for two", 24900), ("Vivac ultralight tent", 38900), ("Tarp 3 × 3", 8990), ("Summer sleeping bag", 6990), ("Winter sleeping bag", 18900), ("Inflatable mat", 7990)),
    "gear": (("Carbon poles", 8490), ("Aluminium poles", 4290), ("Head torch, 400 lm", 4490), ("Steel bottle 0.75 l", 2290), ("Titanium mug", 2990), ("First-aid kit", 2450), ("Waterproofing spray", 1290)),
    "children": (("Peque trail shoe", 4990), ("Peque rain jacket", 3990), ("Peque boot", 5490), ("Peque daypack", 2990), ("Balaclava, small", 1290)),
}  # fmt: skip

PRODUCTS: tuple[Product, ...] = tuple(
    Product(f"{shelf[:3].upper()}-{number:02}", name, shelf, cents)
    for shelf, goods in _SHELVES.items()
    for number, (name, cents) in enumerate(goods, start=1)
)

SEARCHES = (
    "trail", "botas", "botas goretex", "rain jacket", "calcetines merino", "size 42", "regalo", "waterproof",
    "poles", "mochila 30", "chaqueta plumas", "tienda 2 personas", "zapatillas trail mujer", "wide fit",
    "chaussures randonnée", "saco de dormir", "sandalias", "niños botas", "head torch", "rebajas",
)  # fmt: skip

PROMOTIONS = (
    "Free shipping from 80 €",
    "Winter is coming: down",
    "Members' days",
    "Repair it, do not replace it",
)

NEWSLETTERS = (
    "Autumn on the trail", "New: Galerna hardshell", "Five walks for a long weekend", "Members' days: 15 %",
    "How to wash a down jacket", "Socks on us", "What our guides carry", "Last sizes",
)  # fmt: skip

REVIEWS = (
    "Muy cómodas desde el primer día", "Fits true to size", "Aguantan la lluvia, pesan un poco",
    "Très confortables", "Sohle könnte griffiger sein", "Great value", "Talla pequeña, cambié por una más",
    "After 300 km still like new",
)  # fmt: skip
