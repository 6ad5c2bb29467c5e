"""A large catalogue, made inside the database: the same one for the same size, in set-based statements.

Words follow a skewed distribution (a few are on a fifth of all titles, many on a handful), prices a log-normal one.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.core.management import call_command
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from marketplace.catalog.models import Product
from marketplace.catalog.queries import forget
from marketplace.catalog.services.indexing import reindex_all
from marketplace.core import cache

# What every page needs, and no page loads anew.
_SMALL = frozenset({"shelves", "facets", "kinds", "tiles"})
COMMON = "vase"
RARE = "celadonite"
TYPO = "speckeld"
_KINDS = (
    "vase",
    "bowl",
    "mug",
    "print",
    "record",
    "throw",
    "lamp",
    "notebook",
    "board",
    "planter",
    "candle",
    "cushion",
)
_ADJECTIVES = (
    "tall", "small", "round", "speckled", "ribbed", "matt", "glossy", "striped", "woven", "turned", "folded", "blue",
    "green", "amber", "white", "black", "grey", "ochre", "rust", "linen", "oak", "walnut", "brass", "stoneware",
)  # fmt: skip
_PLACES = ("Lisbon", "Porto", "Berlin", "Vienna", "Graz", "Ghent", "Lyon", "Turin", "Gdansk", "Cork", "Malmo", "Delft")
_COLOURS = ("White", "Black", "Blue", "Green", "Red", "Ochre", "Grey", "Natural")
_MATERIALS = ("Stoneware", "Porcelain", "Oak", "Linen", "Wool", "Paper", "Brass", "Glass")

# md5 spreads numbers evenly and is the same on every machine; the shift picks another part of it for each column.
_DICE = """
CREATE OR REPLACE FUNCTION pg_temp.dice(number bigint, salt int, sides int) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT abs(('x' || substr(md5(number || ':' || salt), 1, 7))::bit(28)::int) % sides $$
"""
_SKEWED = "(floor(power(pg_temp.dice(n, {salt}, 10000) / 10000.0, {power}) * {sides}))::int"


@dataclass(frozen=True, slots=True)
class Made:
    """How long it took, in seconds."""

    products: int
    rows_seconds: float
    index_seconds: float


@contextmanager
def catalogue_of(products: int) -> Iterator[None]:
    """Points Django at a database of its own that holds ``products`` things; the next caller finds it made already.

    Inside, the shared cache is off: figures of pages and searches are those of what must be loaded, and two databases have
    the same keys.
    """
    settings = connection.settings_dict
    name = settings["NAME"]
    own = f"{name}_catalogue_{products}"
    _create_database(own)
    connection.close()
    settings["NAME"] = own
    engine = cache.engine()
    before, engine.enabled, engine.in_memory = engine.enabled, False, _SMALL
    try:
        call_command("migrate", verbosity=0)
        if Product.objects.count() != products:
            print(f" {_make(products)}", end="", flush=True)
        forget()
        yield
    finally:
        connection.close()
        settings["NAME"] = name
        engine.enabled, engine.in_memory = before, frozenset()
        forget()


def _create_database(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if cursor.fetchone() is None:
            cursor.execute(f"CREATE DATABASE {connection.ops.quote_name(name)}")


def _make(products: int, *, stalls: int = 200) -> Made:
    """Fills an empty catalogue with ``products`` things, an offer each and a second one on every fifth."""
    begin = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_DICE)
        _shelves(cursor)
        _stalls(cursor, stalls)
        _products(cursor, products)
        _offers(cursor, stalls)
    rows = time.monotonic() - begin
    begin = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    reindex_all()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    return Made(products, rows, time.monotonic() - begin)


def _shelves(cursor: CursorWrapper) -> None:
    """Twelve top shelves with four under each, and one product type with four attributes."""
    cursor.execute(
        """
        INSERT INTO catalog_category (name, slug, path, blurb, position)
        SELECT initcap(kind) || 's', kind || 's', kind || 's', '', place
        FROM unnest(%s::text[]) WITH ORDINALITY AS kind (kind, place)
        """,
        [list(_KINDS)],
    )
    cursor.execute(
        """
        INSERT INTO catalog_category (parent_id, name, slug, path, blurb, position)
        SELECT id, name || ' ' || n, slug || '-' || n, slug || '/' || slug || '-' || n, '', n
        FROM catalog_category, generate_series(1, 4) AS n
        """
    )
    cursor.execute(
        "INSERT INTO catalog_producttype (name, slug) VALUES ('General goods', 'general-goods') RETURNING id"
    )
    type_id = cursor.fetchone()[0]
    cursor.execute(
        """
        INSERT INTO catalog_attribute (product_type_id, slug, label, kind, unit, choices, filterable, position) VALUES
        (%(type)s, 'colour', 'Colour', 'choice', '', %(colours)s, true, 1),
        (%(type)s, 'material', 'Material', 'choice', '', %(materials)s, true, 2),
        (%(type)s, 'signed', 'Signed', 'boolean', '', '{}', true, 3),
        (%(type)s, 'height', 'Height', 'number', 'cm', '{}', false, 4)
        """,
        {"type": type_id, "colours": list(_COLOURS), "materials": list(_MATERIALS)},
    )


def _stalls(cursor: CursorWrapper, stalls: int) -> None:
    cursor.execute(
        """
        INSERT INTO sellers_seller (slug, name, hue, place, country, blurb, story, email, status, dispatch_days_min,
                                    dispatch_days_max, returns_days, created_at, approved_at)
        SELECT 'stall-' || n, 'Stall ' || n, n %% 8 + 1, (%(places)s::text[])[n %% 12 + 1], 'DE', '', '',
               'stall' || n || '@example.test', 'approved', 1, 3, 14, now(), now()
        FROM generate_series(1, %(stalls)s) AS n
        """,
        {"stalls": stalls, "places": list(_PLACES)},
    )
    cursor.execute(
        """
        INSERT INTO sellers_shippingoption (seller_id, name, countries, price_minor, free_from_minor, days_min,
                                            days_max, is_active)
        SELECT id, 'Standard', '{}', 490, 10000, 2, 4, true FROM sellers_seller
        """
    )


def _products(cursor: CursorWrapper, products: int) -> None:
    kind = f"{_SKEWED.format(salt=1, power=2, sides=len(_KINDS))} + 1"
    cursor.execute(
        f"""
        INSERT INTO catalog_product (slug, title, description, product_type_id, category_id, brand, attributes, extras,
                                     status, popularity, created_at, updated_at)
        SELECT 'thing-' || n,
               initcap(adjective) || ' ' || (%(adjectives)s::text[])[pg_temp.dice(n, 3, 24) + 1] || ' ' || kind
               || CASE WHEN n %% 2500 = 7 THEN ' {RARE}' ELSE '' END || ' no ' || n,
               '<p>' || initcap(kind) || ' from ' || place || ', made by hand in a small workshop. Ceramics and wood '
               || 'since ' || 1950 + n %% 70 || '. ' || repeat('It keeps well and ages better. ', 4) || '</p>',
               type.id, shelf.id, place || ' works',
               jsonb_build_object('colour', (%(colours)s::text[])[pg_temp.dice(n, 4, 8) + 1],
                                  'material', (%(materials)s::text[])[pg_temp.dice(n, 5, 8) + 1],
                                  'signed', n %% 3 = 0, 'height', (5 + n %% 40)::text),
               '{{}}', 'active', {_SKEWED.format(salt=6, power=8, sides=5000)},
               now() - n * interval '1 minute', now() - n * interval '1 minute'
        FROM generate_series(1, %(products)s) AS n
        CROSS JOIN LATERAL (SELECT (%(kinds)s::text[])[{kind}] AS kind,
                                   (%(adjectives)s::text[])[pg_temp.dice(n, 2, 24) + 1] AS adjective,
                                   (%(places)s::text[])[pg_temp.dice(n, 7, 12) + 1] AS place) drawn
        JOIN catalog_category shelf ON shelf.slug = kind || 's-' || n %% 4 + 1
        CROSS JOIN catalog_producttype type
        """,
        {
            "products": products,
            "kinds": list(_KINDS),
            "adjectives": list(_ADJECTIVES),
            "places": list(_PLACES),
            "colours": list(_COLOURS),
            "materials": list(_MATERIALS),
        },
    )


def _offers(cursor: CursorWrapper, stalls: int) -> None:
    """One variant per product; every fifth is sold by two stalls; one in twelve is sold out. Pictures are keys only."""
    cursor.execute(
        """
        INSERT INTO catalog_productvariant (product_id, title, options, options_key, gtin, position)
        SELECT id, '', '[]', '', '', 0 FROM catalog_product
        """
    )
    cursor.execute(
        """
        INSERT INTO catalog_offer (seller_id, variant_id, sku, condition, note, price_minor, status, in_stock,
                                   created_at, updated_at)
        SELECT seller.id, variant.id, 'SKU-' || n || '-' || which,
               (ARRAY['new', 'new', 'new', 'like_new', 'very_good', 'good', 'fair'])[pg_temp.dice(n, 8, 7) + 1], '',
               greatest(200, round(exp(3.2 + 0.9 * sqrt(-2 * ln((pg_temp.dice(n, 9, 9999) + 1) / 10000.0))
                     * cos(6.283 * pg_temp.dice(n, 10, 10000) / 10000.0)) * 100 + which * 150)),
               'active', n % 12 > 0, now(), now()
        FROM (SELECT id, product_id AS n FROM catalog_productvariant) variant
        CROSS JOIN generate_series(0, 1) AS which
        JOIN sellers_seller seller ON seller.slug = 'stall-' || pg_temp.dice(n + which * 7, 11, """
        + str(stalls)
        + """) + 1
        WHERE which = 0 OR n % 5 = 0
        """
    )
    cursor.execute(
        """
        INSERT INTO inventory_stockitem (offer_id, on_hand, reserved)
        SELECT id, CASE WHEN in_stock THEN 1 + id % 20 ELSE 0 END, 0 FROM catalog_offer
        """
    )
    cursor.execute(
        """
        INSERT INTO catalog_productimage (product_id, position, alt, key, width, height, state, source_url, attempts, error)
        SELECT id, place, '', 'bench/' || id || '-' || place, 1200, 1200, 'ready', '', 0, ''
        FROM catalog_product, generate_series(0, 1) AS place
        """
    )
