"""Variants as links: each opens the page with its own address, price, picture and stock."""

from collections.abc import Iterable
from urllib.parse import urlencode

from marketplace.catalog.queries import ProductRow, VariantRow
from marketplace.inventory.queries import NUMBERED
from marketplace.storefront import formats, links
from marketplace.storefront.pages.offering import Offering, Priced
from marketplace.storefront.viewmodels import VariantChoice, VariantGroup


def variant_groups(product: ProductRow, offering: Offering) -> tuple[VariantGroup, ...]:
    """One group per option, and one for the condition where the chosen variant is sold in several."""
    current = next((variant for variant in product.variants if variant.pk == offering.variant_id), None)
    if current is None:
        return ()
    names = list(dict.fromkeys(name for variant in product.variants for name, _ in variant.options))
    groups = [_group(product, offering, current, name) for name in names]
    conditions = _conditions(product, offering)
    return tuple(group for group in [*groups, conditions] if group is not None and len(group.choices) > 1)


def _group(product: ProductRow, offering: Offering, current: VariantRow, name: str) -> VariantGroup:
    having: dict[str, list[VariantRow]] = {}
    for variant in product.variants:
        for option, value in variant.options:
            if option == name:
                having.setdefault(value, []).append(variant)
    chosen = dict(current.options).get(name)
    choices = []
    for value, variants in having.items():
        variant = _nearest(variants, offering, current, name)
        best = next(iter(offering.of_variant(variant.pk)), None)
        choices.append(_choice(value, variant_href(product.slug, variant.pk), best, current=value == chosen))
    return VariantGroup(name, tuple(choices))


def _nearest(variants: list[VariantRow], offering: Offering, current: VariantRow, name: str) -> VariantRow:
    """The variant that shares most of the choices other than this one; of equals, one that can be bought."""
    others = {pair for pair in current.options if pair[0] != name}

    def rank(variant: VariantRow) -> tuple[int, bool]:
        best = next(iter(offering.of_variant(variant.pk)), None)
        return len(others & set(variant.options)), best is not None and best.free > 0

    return max(variants, key=rank)


def _conditions(product: ProductRow, offering: Offering) -> VariantGroup | None:
    best: dict[str, Priced] = {}
    for priced in offering.of_variant(offering.variant_id):
        best.setdefault(priced.offer.condition, priced)
    chosen = offering.best.offer.condition if offering.best else ""
    choices = [
        _choice(
            label,
            variant_href(product.slug, offering.variant_id, condition=value),
            best[value],
            current=value == chosen,
        )
        for value, label in formats.CONDITIONS.items()
        if value in best
    ]
    return VariantGroup("Condition", tuple(choices))


def _choice(text: str, href: str, best: Priced | None, *, current: bool) -> VariantChoice:
    if best is None or best.free <= 0:
        return VariantChoice(text, href, "Sold out", current=current, sold_out=True)
    left = f"{best.free} left" if best.free <= NUMBERED else ""
    return VariantChoice(text, href, formats.listed((formats.price(best.offer.price_minor), left)), current=current)


def variant_href(slug: str, variant_id: int | None, *, condition: str = "") -> str:
    """The product's address with one variant, and one condition, chosen."""
    chosen: Iterable[tuple[str, object]] = (("variant", variant_id), ("condition", condition))
    return f"{links.product(slug)}?{urlencode([(name, value) for name, value in chosen if value])}"
