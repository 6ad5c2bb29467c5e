"""How each export format lays a product out in rows; text and numbers only, no database."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import zip_longest
from typing import Protocol

from marketplace.imports.cells import escape
from marketplace.imports.formats import awning

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class ExportedOffer:
    """One offer with its variant; `price` is plain decimal text."""

    variant_id: int
    sku: str
    gtin: str
    condition: str
    price: str
    stock: int
    active: bool
    options: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ExportedPicture:
    """One picture by its address."""

    url: str
    alt: str
    variant_id: int | None


@dataclass(frozen=True, slots=True)
class ExportedProduct:
    """One product with the offers of one stall."""

    key: str
    title: str
    body_html: str
    brand: str
    kind: str
    category: tuple[str, ...]
    attributes: tuple[tuple[str, str], ...]
    active: bool
    offers: tuple[ExportedOffer, ...]
    pictures: tuple[ExportedPicture, ...]

    def picture_of(self, offer: ExportedOffer) -> str:
        """The address of the variant's own picture, or blank."""
        return next((picture.url for picture in self.pictures if picture.variant_id == offer.variant_id), "")

    def one_per_variant(self) -> list[ExportedOffer]:
        """The first offer of each variant: other shops know no conditions."""
        return list({offer.variant_id: offer for offer in reversed(self.offers)}.values())[::-1]


class Layout(Protocol):
    """The columns of a file, and the rows of one product."""

    @property
    def columns(self) -> tuple[str, ...]: ...

    def rows(self, product: ExportedProduct) -> Iterator[Row]: ...


class AwningLayout:
    """Our own format: what is read back is what was written."""

    def __init__(self, options: int) -> None:
        places = range(1, max(3, options) + 1)
        pairs = (f"option{place}_{part}" for place in places for part in ("name", "value"))
        self.columns = (*awning.PRODUCT_COLUMNS, *awning.OFFER_COLUMNS, *pairs, *awning.PICTURE_COLUMNS)

    def rows(self, product: ExportedProduct) -> Iterator[Row]:
        for place, (offer, picture) in enumerate(zip_longest(product.offers, product.pictures)):
            row: Row = {"product_key": product.key}
            if place == 0:
                row |= self._product(product)
            if offer is not None:
                row |= self._offer(offer, product)
            if picture is not None:
                row |= {"picture_url": picture.url, "picture_alt": picture.alt}
            yield row

    def _product(self, product: ExportedProduct) -> Row:
        return {
            "title": product.title,
            "description": product.body_html,
            "brand": product.brand,
            "type": product.kind,
            "category": " > ".join(map(escape, product.category)),
            "attributes": "\n".join(f"{escape(label)}: {escape(text)}" for label, text in product.attributes if text),
            "status": "active" if product.active else "draft",
        }

    def _offer(self, offer: ExportedOffer, product: ExportedProduct) -> Row:
        row = {
            "sku": offer.sku,
            "gtin": offer.gtin,
            "condition": offer.condition,
            "price": offer.price,
            "stock": str(offer.stock),
            "offer_status": "active" if offer.active else "paused",
            "variant_picture_url": product.picture_of(offer),
        }
        for place, (name, value) in enumerate(offer.options, start=1):
            row |= {f"option{place}_name": name, f"option{place}_value": value}
        return row


class ShopifyLayout:
    """Shopify's columns; conditions and a fourth option do not fit and are left out."""

    columns = (
        "Handle", "Title", "Body (HTML)", "Vendor", "Product Category", "Type", "Tags", "Published",
        "Option1 Name", "Option1 Value", "Option2 Name", "Option2 Value", "Option3 Name", "Option3 Value",
        "Variant SKU", "Variant Grams", "Variant Inventory Tracker", "Variant Inventory Qty",
        "Variant Inventory Policy", "Variant Fulfillment Service", "Variant Price", "Variant Compare At Price",
        "Variant Requires Shipping", "Variant Taxable", "Variant Barcode", "Image Src", "Image Position",
        "Image Alt Text", "Gift Card", "Variant Image", "Variant Weight Unit", "Status",
    )  # fmt: skip

    def __init__(self, options: int) -> None:
        self._options = options

    def rows(self, product: ExportedProduct) -> Iterator[Row]:
        for place, (offer, picture) in enumerate(zip_longest(product.one_per_variant(), product.pictures)):
            row: Row = {"Handle": product.key}
            if place == 0:
                row |= self._product(product)
            if offer is not None:
                row |= self._offer(offer, product, first=place == 0)
            if picture is not None:
                row |= {"Image Src": picture.url, "Image Position": str(place + 1), "Image Alt Text": picture.alt}
            yield row

    def _product(self, product: ExportedProduct) -> Row:
        extras = dict(product.attributes)
        return {
            "Title": product.title,
            "Body (HTML)": product.body_html,
            "Vendor": product.brand,
            "Product Category": " > ".join(product.category),
            "Type": product.kind or extras.get("Type", ""),
            "Tags": extras.get("Tags", ""),
            "Published": "true" if product.active else "false",
            "Gift Card": "false",
            "Status": "active" if product.active else "draft",
        }

    def _offer(self, offer: ExportedOffer, product: ExportedProduct, *, first: bool) -> Row:
        row = {
            "Variant SKU": offer.sku,
            "Variant Grams": "0",
            "Variant Inventory Tracker": "shopify",
            "Variant Inventory Qty": str(offer.stock),
            "Variant Inventory Policy": "deny",
            "Variant Fulfillment Service": "manual",
            "Variant Price": offer.price,
            "Variant Requires Shipping": "true",
            "Variant Taxable": "true",
            "Variant Barcode": offer.gtin,
            "Variant Image": product.picture_of(offer),
            "Variant Weight Unit": "kg",
        }
        for place, (name, value) in enumerate(offer.options[:3] or (("Title", "Default Title"),), start=1):
            row[f"Option{place} Value"] = value
            if first:
                row[f"Option{place} Name"] = name
        return row


class WooCommerceLayout:
    """WooCommerce's columns: a product with options is a parent and its variations. IDs are left to the other shop."""

    _FIXED = (
        "ID", "Type", "SKU", "GTIN, UPC, EAN, or ISBN", "Name", "Published", "Visibility in catalog",
        "Short description", "Description", "Tax status", "In stock?", "Stock", "Sale price", "Regular price",
        "Categories", "Tags", "Images", "Parent", "Position", "Brands",
    )  # fmt: skip
    _EXTRA_ATTRIBUTES = 8

    def __init__(self, options: int) -> None:
        parts = ("name", "value(s)", "visible", "global")
        places = range(1, options + self._EXTRA_ATTRIBUTES + 1)
        self.columns = (*self._FIXED, *(f"Attribute {place} {part}" for place in places for part in parts))
        self._places = len(places)

    def rows(self, product: ExportedProduct) -> Iterator[Row]:
        offers = product.one_per_variant()
        if len(offers) == 1 and not offers[0].options:
            yield self._top(product) | self._sold(offers[0]) | {"Type": "simple"}
            return
        parent = product.key.replace(":", "-")  # "id:7" would name the other shop's product 7
        yield self._top(product) | {"Type": "variable", "SKU": parent, "In stock?": "1"}
        for place, offer in enumerate(offers):
            row = self._sold(offer) | {"Type": "variation", "Parent": parent, "Position": str(place)}
            row |= {
                "Name": product.title,
                "Images": product.picture_of(offer),
                "Published": "1" if offer.active else "0",
            }
            for number, (name, value) in enumerate(offer.options, start=1):
                row |= {f"Attribute {number} name": name, f"Attribute {number} value(s)": escape(value)}
            yield row

    def _top(self, product: ExportedProduct) -> Row:
        row = {
            "Name": product.title,
            "Published": "1" if product.active else "-1",
            "Visibility in catalog": "visible",
            "Description": product.body_html.replace("\n", "\\n"),
            "Tax status": "taxable",
            "Categories": " > ".join(map(escape, product.category)),
            "Images": ", ".join(picture.url.replace(",", "%2C") for picture in product.pictures),
            "Brands": escape(product.brand),
        }
        values: dict[str, list[str]] = {}
        for offer in product.offers:
            for name, value in offer.options:
                values.setdefault(name, []).append(value)
        pairs = [(name, ", ".join(map(escape, dict.fromkeys(each)))) for name, each in values.items()]
        pairs += [(label, escape(text)) for label, text in product.attributes if text and label not in values]
        for number, (name, listed) in enumerate(pairs[: self._places], start=1):
            row |= {
                f"Attribute {number} name": name,
                f"Attribute {number} value(s)": listed,
                f"Attribute {number} visible": "1",
                f"Attribute {number} global": "0",
            }
        return row

    def _sold(self, offer: ExportedOffer) -> Row:
        return {
            "SKU": offer.sku,
            "GTIN, UPC, EAN, or ISBN": offer.gtin,
            "In stock?": "1" if offer.stock else "0",
            "Stock": str(offer.stock),
            "Regular price": offer.price,
        }


LAYOUTS: dict[str, Callable[[int], Layout]] = {
    "awning": AwningLayout,
    "shopify": ShopifyLayout,
    "woocommerce": WooCommerceLayout,
}
