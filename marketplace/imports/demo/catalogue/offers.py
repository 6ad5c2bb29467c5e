"""Who sells what, in which condition, for how much, and how many are left."""

from datetime import date, timedelta

from marketplace.imports.demo.catalogue.dice import Dice
from marketplace.imports.demo.catalogue.draft import Draft
from marketplace.imports.demo.catalogue.shapes import CONDITIONS, Condition, Offer, Product, Stall

# Share of the price when new, by condition.
_WORTH: dict[Condition, float] = {"new": 1.0, "like_new": 0.92, "very_good": 0.8, "good": 0.64, "fair": 0.42}
_USED_WEIGHTS = (0.0, 2.0, 5.0, 4.0, 1.0)
_NEW_WEIGHTS = (9.0, 1.2, 0.5, 0.2, 0.0)
_NOTES: dict[Condition, tuple[str, ...]] = {
    "new": ("", "", "New, in its wrapping.", "New from the maker."),
    "like_new": ("Unwrapped once to be looked at.", "Display piece, no marks.", "A gift that was one too many."),
    "very_good": ("Used with care.", "Light signs of a good home.", "One small mark, not visible in use."),
    "good": ("Honest wear, nothing broken.", "Well used and well kept.", "Marks at the edges, sound everywhere else."),
    "fair": ("Worn, complete and priced for it.", "Has lived. Works as it should."),
}
_RECORD_NOTES: dict[Condition, tuple[str, ...]] = {
    "new": ("Sealed.", "New, opened for inspection.", "New old stock."),
    "like_new": ("Vinyl NM, sleeve NM.", "Played twice, by us.", "Vinyl NM, sleeve EX with a hairline crease."),
    "very_good": ("Vinyl VG+, sleeve VG+.", "A few hairlines, plays clean.", "Vinyl VG+, faint ring on the cover."),
    "good": (
        "Vinyl VG, light crackle between tracks.",
        "Sleeve split at the top, vinyl fine.",
        "Name in biro on the label.",
    ),
    "fair": ("Plays through with noise. Sleeve taped.", "Well loved at parties, sleeve only good."),
}


def _cents(raw: float, *, second_hand: bool) -> int:
    """Round to what a stallholder would write: ….90, ….50 or whole euros; second-hand in whole or half euros."""
    euros = max(2, int(raw // 100))
    rest = raw - euros * 100
    if second_hand:
        return euros * 100 + (50 if rest >= 50 and euros < 30 else 0)
    if euros >= 60:
        return euros * 100
    return euros * 100 + (90 if rest >= 60 else 50 if rest >= 25 else 0)


def _sellers(top: str, stalls: tuple[Stall, ...], popular: float, dice: Dice) -> list[Stall]:
    """Return one stall, or for what is popular two to five of those that keep this kind of goods."""
    able = [stall for stall in stalls if top in stall.sells]
    count = dice.weighted((2, 3, 4, 5), (6, 4, 2, 1)) if popular > 1.15 else 1
    return dice.sample(able, min(count, len(able)))


def _stock(condition: Condition, popular: float, dice: Dice) -> int:
    if dice.chance(0.055):
        return 0
    if condition != "new":
        return 1 if dice.chance(0.85) else 2
    if dice.chance(0.12):
        return 1
    return dice.whole(2, 9) + round(popular * dice.whole(0, 9))


def offers_for(
    draft: Draft, product: Product, top: str, stalls: tuple[Stall, ...], today: date, dice: Dice
) -> list[Offer]:
    """Return every offer of a product: the first stall has all variants, the others most of them."""
    notes = _RECORD_NOTES if draft.type == "record" else _NOTES
    found: list[Offer] = []
    for rank, stall in enumerate(_sellers(top, stalls, draft.popular, dice)):
        level = 1.0 if rank == 0 else dice.skewed(1.02, 0.09)
        asked = _USED_WEIGHTS if draft.used else _NEW_WEIGHTS
        condition: Condition = dice.weighted(CONDITIONS, asked) if rank or draft.used else "new"
        room = max(1, (today - product.created_on).days - 4)
        created = product.created_on if rank == 0 else product.created_on + timedelta(days=dice.whole(1, room))
        for place, (variant, form) in enumerate(zip(product.variants, draft.forms, strict=True)):
            if rank and place and dice.chance(0.4):
                continue
            raw = draft.base_cents * form.factor * level * _WORTH[condition]
            found.append(
                Offer(
                    sku=f"{_initials(stall)}-{variant.sku}",
                    stall=stall.slug,
                    product=product.slug,
                    variant=variant.sku,
                    condition=condition,
                    condition_note=dice.pick(notes[condition]),
                    price_cents=_cents(raw, second_hand=condition != "new"),
                    stock=_stock(condition, draft.popular, dice),
                    created_on=created,
                )
            )
    return found


def _initials(stall: Stall) -> str:
    """Return the letters a stall puts before its own skus, as GG or SS; unique among the demo's stalls."""
    words = stall.slug.split("-")
    return "".join(word[:2] for word in words).upper()[:6]
