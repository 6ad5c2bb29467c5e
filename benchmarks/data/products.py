"""Writes large product files for the import benchmark: deterministic, and nothing but the standard library.

`python -m benchmarks.data.products shopify 100000 FILE` writes that many rows after the header.
"""

import csv
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

SHOPIFY_COLUMNS = (
    "Handle", "Title", "Body (HTML)", "Vendor", "Type", "Tags", "Published", "Option1 Name", "Option1 Value",
    "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value", "Variant SKU", "Variant Grams",
    "Variant Inventory Tracker", "Variant Inventory Qty", "Variant Inventory Policy", "Variant Fulfillment Service",
    "Variant Price", "Variant Compare At Price", "Variant Requires Shipping", "Variant Taxable", "Variant Barcode",
    "Image Src", "Image Position", "Image Alt Text", "Gift Card", "Variant Image", "Variant Weight Unit", "Status",
)  # fmt: skip
WOO_COLUMNS = (
    "ID", "Type", "SKU", "Name", "Published", "Short description", "Description", "In stock?", "Stock",
    "Sale price", "Regular price", "Categories", "Tags", "Images", "Parent", "Position", "Attribute 1 name",
    "Attribute 1 value(s)", "Attribute 1 visible", "Attribute 1 global",
)  # fmt: skip
THINGS = ("bowl", "vase", "throw", "cushion", "print", "record", "lamp", "stool", "tray", "jug", "rug", "mirror")
MAKES = ("stoneware", "linen", "walnut", "brass", "porcelain", "wool", "ash", "glass", "paper", "copper", "cork")
COLOURS = ("oat", "slate", "moss", "rust", "cream", "ink", "clay", "sand")
SIZES = ("S", "M", "L", "XL")
CATEGORIES = ("Home > Kitchen", "Home > Living", "Art", "Music > Records", "Textiles")
Row = dict[str, object]


def _words(dice: random.Random, amount: int) -> str:
    return " ".join(dice.choice(MAKES + COLOURS + THINGS) for _ in range(amount))


def _title(dice: random.Random, number: int) -> str:
    return f"{dice.choice(COLOURS)} {dice.choice(MAKES)} {dice.choice(THINGS)} no. {number}".capitalize()


def _body(dice: random.Random) -> str:
    return f"<p>{_words(dice, 40).capitalize()}.</p>\n<ul><li>{_words(dice, 5)}</li><li>{_words(dice, 6)}</li></ul>"


def shopify_rows(seed: int) -> Iterator[Row]:
    """Products without end: four in ten have several variants, half have a second picture in a row of its own."""
    dice = random.Random(seed)
    number = 0
    while True:
        number += 1
        handle = f"thing-{number:06d}"
        sizes = SIZES[: dice.choice((1, 1, 1, 2, 4))]
        for place, size in enumerate(sizes):
            row: Row = {
                "Handle": handle,
                "Option1 Value": size if len(sizes) > 1 else "Default Title",
                "Variant SKU": f"T{number:06d}-{size}",
                "Variant Grams": dice.randrange(100, 4000),
                "Variant Inventory Tracker": "shopify",
                "Variant Inventory Qty": dice.randrange(0, 80),
                "Variant Inventory Policy": "deny",
                "Variant Fulfillment Service": "manual",
                "Variant Price": f"{dice.randrange(300, 40_000) / 100:.2f}",
                "Variant Requires Shipping": "true",
                "Variant Taxable": "true",
                "Variant Weight Unit": "kg",
            }
            if place == 0:
                row |= {
                    "Title": _title(dice, number),
                    "Body (HTML)": _body(dice),
                    "Vendor": dice.choice(MAKES).capitalize(),
                    "Type": dice.choice(THINGS).capitalize(),
                    "Tags": f"{dice.choice(COLOURS)}, {dice.choice(MAKES)}",
                    "Published": "true",
                    "Status": "active",
                    "Option1 Name": "Size" if len(sizes) > 1 else "Title",
                    "Image Src": f"https://pictures.example/{handle}-1.jpg",
                    "Image Position": 1,
                    "Gift Card": "false",
                }
            yield row
        if number % 2:
            yield {"Handle": handle, "Image Src": f"https://pictures.example/{handle}-2.jpg", "Image Position": 2}


def woocommerce_rows(seed: int) -> Iterator[Row]:
    """Products without end; each variable one is followed by its variations only five thousand rows later."""
    dice = random.Random(seed)
    number = 0
    waiting: list[Row] = []
    while True:
        number += 1
        sku = f"W{number:06d}"
        variable = number % 4 == 0
        yield {
            "ID": number,
            "Type": "variable" if variable else "simple",
            "SKU": sku,
            "Name": _title(dice, number),
            "Published": 1,
            "Short description": _words(dice, 8),
            "Description": _body(dice),
            "In stock?": 1,
            "Stock": "" if variable else dice.randrange(0, 80),
            "Regular price": "" if variable else f"{dice.randrange(300, 40_000) / 100:.2f}",
            "Categories": dice.choice(CATEGORIES),
            "Images": f"https://pictures.example/{sku}-1.jpg, https://pictures.example/{sku}-2.jpg",
            "Attribute 1 name": "Size" if variable else "Colour",
            "Attribute 1 value(s)": "S, M, L" if variable else dice.choice(COLOURS),
        }
        if variable:
            waiting.extend(_variations(dice, number, sku))
        if len(waiting) >= 5_000:
            yield from waiting
            waiting.clear()


def _variations(dice: random.Random, number: int, parent: str) -> Iterator[Row]:
    for place, size in enumerate(SIZES[:3]):
        yield {
            "ID": 1_000_000 + number * 10 + place,
            "Type": "variation",
            "SKU": f"{parent}-{size}",
            "Name": f"{parent} {size}",
            "Published": 1,
            "In stock?": 1,
            "Stock": dice.randrange(0, 80),
            "Regular price": f"{dice.randrange(300, 40_000) / 100:.2f}",
            "Parent": parent if number % 8 else f"id:{number}",
            "Position": place,
            "Attribute 1 name": "Size",
            "Attribute 1 value(s)": size,
        }


KINDS: dict[str, tuple[tuple[str, ...], Callable[[int], Iterator[Row]]]] = {
    "shopify": (SHOPIFY_COLUMNS, shopify_rows),
    "woocommerce": (WOO_COLUMNS, woocommerce_rows),
}


def write(path: Path, *, kind: str = "shopify", rows: int = 100_000, seed: int = 1) -> None:
    """Write a product file of `rows` rows after its header; the same seed gives the same bytes."""
    columns, produce = KINDS[kind]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="")
        writer.writeheader()
        for _, row in zip(range(rows), produce(seed), strict=False):
            writer.writerow(row)


if __name__ == "__main__":
    write(Path(sys.argv[3]), kind=sys.argv[1], rows=int(sys.argv[2]))
