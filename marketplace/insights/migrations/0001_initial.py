import django.db.models.deletion
from django.db import migrations, models
from django.db.models.functions import Now

# Sales are orders that were paid and not taken back; a refund is spread over the group's orders by their size, on the
# day of the sale. The hall's calendar is UTC. REFRESH … CONCURRENTLY needs the unique index of each view.
_SELLER_DAY = """
CREATE MATERIALIZED VIEW insights_seller_day AS
WITH refunded AS (SELECT group_id, sum(amount_minor) AS minor FROM insights_refunded GROUP BY group_id),
packed AS (SELECT order_id, sum(quantity) AS units FROM orders_orderline GROUP BY order_id)
SELECT sold.seller_id, (sold.paid_at AT TIME ZONE 'UTC')::date AS day, bought.currency,
       count(*)::integer AS orders, coalesce(sum(packed.units), 0)::bigint AS units,
       sum(sold.total_minor - coalesce(round(refunded.minor * sold.total_minor / nullif(bought.total_minor, 0)), 0))::bigint
           AS sales_minor
FROM orders_order sold
JOIN orders_ordergroup bought ON bought.id = sold.group_id
LEFT JOIN packed ON packed.order_id = sold.id
LEFT JOIN refunded ON refunded.group_id = sold.group_id
WHERE sold.paid_at IS NOT NULL AND sold.state IN ('paid', 'shipped', 'delivered')
GROUP BY 1, 2, 3;
CREATE UNIQUE INDEX insights_seller_day_once ON insights_seller_day (seller_id, day, currency);
"""

# Only products that were ever sold have a row. `watchers`, `rating` and `ratings` have no tables to come from yet: nobody
# watches and nothing is rated. The app that brings watches or reviews replaces this view: a migration of insights that
# depends on that app drops it, creates it anew with the counts joined in, and adds them to `popularity`.
# Popularity is units sold, recent ones weighing more: ten for each of the last 30 days, three to 90 days, one to a year.
_PRODUCT = """
CREATE MATERIALIZED VIEW insights_product AS
WITH sold AS (
    SELECT variant.product_id, line.quantity, now() - sold.paid_at AS age
    FROM orders_order sold
    JOIN orders_orderline line ON line.order_id = sold.id
    JOIN catalog_offer offer ON offer.id = line.offer_id
    JOIN catalog_productvariant variant ON variant.id = offer.variant_id
    WHERE sold.paid_at IS NOT NULL AND sold.state IN ('paid', 'shipped', 'delivered')
), summed AS (
    SELECT product_id, sum(quantity) AS units,
           coalesce(sum(quantity) FILTER (WHERE age < interval '30 days'), 0) AS units_30,
           coalesce(sum(quantity) FILTER (WHERE age < interval '90 days'), 0) AS units_90,
           coalesce(sum(quantity) FILTER (WHERE age < interval '365 days'), 0) AS units_365
    FROM sold GROUP BY product_id
)
SELECT product_id, units::bigint, units_30::bigint, 0 AS watchers, NULL::numeric(3, 2) AS rating, 0 AS ratings,
       least(2147483647, 7 * units_30 + 2 * units_90 + units_365)::integer AS popularity
FROM summed;
CREATE UNIQUE INDEX insights_product_once ON insights_product (product_id);
CREATE INDEX insights_product_wanted ON insights_product (units_30 DESC, popularity DESC, product_id);
"""

# From the goods themselves and not from the search index, which is brought up to date by the same facts as this view:
# refreshed between the two, the view would miss a change for good. Category 0 is the whole market. The bars are those of
# the search: equal steps from the lowest price to the 98th percentile, the last one with all that is dearer.
_CATEGORY = """
CREATE MATERIALIZED VIEW insights_category AS
WITH goods AS (
    SELECT product.id, product.category_id, min(offer.price_minor) FILTER (WHERE offer.in_stock) AS price_minor
    FROM catalog_product product
    JOIN catalog_productvariant variant ON variant.product_id = product.id
    JOIN catalog_offer offer ON offer.variant_id = variant.id AND offer.status = 'active'
    JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
    WHERE product.status = 'active'
    GROUP BY product.id
), above AS (
    SELECT shelf.id AS shelf_id, upper.id AS category_id
    FROM catalog_category shelf
    JOIN catalog_category upper ON shelf.path = upper.path OR starts_with(shelf.path, upper.path || '/')
    UNION ALL
    SELECT id, 0 FROM catalog_category
), shelved AS MATERIALIZED (
    SELECT above.category_id, goods.price_minor FROM goods JOIN above ON above.shelf_id = goods.category_id
), bounds AS MATERIALIZED (
    SELECT category_id, count(*) AS products, count(price_minor) AS in_stock, min(price_minor) AS low,
           greatest(percentile_disc(0.98) WITHIN GROUP (ORDER BY price_minor), min(price_minor) + 1) AS high,
           percentile_disc(0.25) WITHIN GROUP (ORDER BY price_minor) AS quarter,
           percentile_disc(0.5) WITHIN GROUP (ORDER BY price_minor) AS median,
           percentile_disc(0.75) WITHIN GROUP (ORDER BY price_minor) AS three_quarters
    FROM shelved GROUP BY category_id
), counted AS (
    SELECT category_id, least(width_bucket(price_minor, low, high, 20), 20) AS bar, count(*) AS products
    FROM shelved JOIN bounds USING (category_id) WHERE price_minor IS NOT NULL GROUP BY 1, 2
), drawn AS (
    SELECT bounds.category_id, array_agg(coalesce(counted.products, 0)::integer ORDER BY bar.number) AS bars
    FROM bounds CROSS JOIN generate_series(1, 20) AS bar (number)
    LEFT JOIN counted ON counted.category_id = bounds.category_id AND counted.bar = bar.number
    GROUP BY bounds.category_id
)
SELECT bounds.*, drawn.bars FROM bounds JOIN drawn USING (category_id);
CREATE UNIQUE INDEX insights_category_once ON insights_category (category_id);
"""

# One row. Money is {currency: minor units}: a hall that changed its currency has sales in both.
_MARKET = """
CREATE MATERIALIZED VIEW insights_market AS
WITH refunded AS (SELECT group_id, sum(amount_minor) AS minor FROM insights_refunded GROUP BY group_id),
sold AS (
    SELECT sold.id, bought.currency, sold.paid_at > now() - interval '30 days' AS recent,
           sold.total_minor - coalesce(round(refunded.minor * sold.total_minor / nullif(bought.total_minor, 0)), 0)
               AS net_minor
    FROM orders_order sold JOIN orders_ordergroup bought ON bought.id = sold.group_id
    LEFT JOIN refunded ON refunded.group_id = sold.group_id
    WHERE sold.paid_at > now() - interval '60 days' AND sold.state IN ('paid', 'shipped', 'delivered')
), money AS (
    SELECT currency, coalesce(sum(net_minor) FILTER (WHERE recent), 0)::bigint AS now_minor,
           coalesce(sum(net_minor) FILTER (WHERE NOT recent), 0)::bigint AS before_minor
    FROM sold GROUP BY currency
), goods AS (
    SELECT product.id, bool_or(offer.in_stock) AS in_stock
    FROM catalog_product product
    JOIN catalog_productvariant variant ON variant.product_id = product.id
    JOIN catalog_offer offer ON offer.variant_id = variant.id AND offer.status = 'active'
    JOIN sellers_seller seller ON seller.id = offer.seller_id AND seller.status = 'approved'
    WHERE product.status = 'active'
    GROUP BY product.id
)
SELECT 1 AS id,
       (SELECT count(*) FROM sellers_seller WHERE status = 'approved') AS stalls,
       (SELECT count(*) FROM goods) AS products,
       (SELECT count(*) FROM goods WHERE in_stock) AS products_in_stock,
       (SELECT count(*) FROM sold WHERE recent) AS orders_30,
       (SELECT count(*) FROM sold WHERE NOT recent) AS orders_before,
       coalesce((SELECT jsonb_object_agg(currency, now_minor) FROM money), '{}') AS sales_30,
       coalesce((SELECT jsonb_object_agg(currency, before_minor) FROM money), '{}') AS sales_before;
CREATE UNIQUE INDEX insights_market_once ON insights_market (id);
"""


def _view(name: str, create: str) -> migrations.RunSQL:
    """Filled as it is made, so that a reader never meets a view without contents."""
    return migrations.RunSQL(create, f"DROP MATERIALIZED VIEW insights_{name}")


class Migration(migrations.Migration):
    initial = True
    dependencies = [
        ('catalog', '0001_initial'),
        ('orders', '0001_initial'),
        ('sellers', '0001_initial'),
    ]
    operations = [
        migrations.CreateModel(
            name='ViewState',
            fields=[
                ('name', models.CharField(max_length=40, primary_key=True, serialize=False)),
                ('dirty_generation', models.BigIntegerField(db_default=1)),
                ('refreshed_generation', models.BigIntegerField(db_default=0)),
                ('dirty_since', models.DateTimeField(blank=True, db_default=Now(), null=True)),
                ('refreshed_at', models.DateTimeField(blank=True, null=True)),
                ('applied_at', models.DateTimeField(blank=True, null=True)),
                ('duration_ms', models.PositiveIntegerField(blank=True, null=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('attempts', models.PositiveSmallIntegerField(db_default=0)),
                ('failed_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, db_default='', max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Refunded',
            fields=[
                ('reference', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('amount_minor', models.PositiveBigIntegerField()),
                ('created_at', models.DateTimeField()),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='orders.ordergroup')),
            ],
            options={'verbose_name_plural': 'refunded'},
        ),
        _view('seller_day', _SELLER_DAY),
        _view('product', _PRODUCT),
        _view('category', _CATEGORY),
        _view('market', _MARKET),
    ]
