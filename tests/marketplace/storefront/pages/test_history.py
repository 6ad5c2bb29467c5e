"""What a product page and a card say of prices through time: only what is true."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from django.db import transaction
from django.test import Client

from marketplace.catalog import queries as catalog
from marketplace.catalog.models import Offer
from marketplace.catalog.queries import CardRow
from marketplace.catalog.services import reindex
from marketplace.orders.sold import Sale
from marketplace.prices import rollups, services
from marketplace.prices.queries import DayRow, History, OfferPast
from marketplace.prices.services import PastAsk
from marketplace.prices.steps import Present
from marketplace.sellers.models import Seller
from marketplace.storefront.pages import drawing, history, trends
from tests.conftest import NOW
from tests.factories import an_offer

TODAY = NOW.date()


def some_days(*lows: int | None, offers: int = 1) -> tuple[DayRow, ...]:
    """One day per price, ending today."""
    first = TODAY - timedelta(days=len(lows) - 1)
    return tuple(
        DayRow(first + timedelta(days=n), low, low, low, low, low, offers if low else 0) for n, low in enumerate(lows)
    )


def told(
    *lows: int | None, present: Present | None = None, lowest: int | None = None, sales: tuple[Sale, ...] = ()
) -> history.Told:
    days = some_days(*lows)
    return history.Told(History(days, days[0].day, OfferPast(present, lowest)), sales, NOW)


def a_price(price: int, *, days: int, before: int | None) -> Present:
    return Present(price, NOW - timedelta(days=days), before, before)


def test_a_reduction_is_said_with_the_price_that_proves_it() -> None:
    badge, text = history.claims(told(*[1000] * 40, present=a_price(800, days=4, before=1000)), 800)
    assert badge is not None
    assert (badge.text, badge.tone) == ("€2 less than before", "drop")
    assert text == "Lowest price in the 30 days before Wed 18 Nov: €10."


@pytest.mark.parametrize(
    "present", [a_price(800, days=4, before=800), a_price(800, days=4, before=None), a_price(800, days=31, before=1000)]
)
def test_what_is_no_reduction_is_not_called_one(present: Present) -> None:
    badge, text = history.claims(told(*[800] * 40, present=present, lowest=800), 800)
    assert badge is None
    assert text == "Lowest price in the last 30 days: €8."


def test_less_than_usual_is_another_claim_and_true_as_well() -> None:
    badge, text = history.claims(told(*[1000] * 60, present=a_price(800, days=4, before=700), lowest=700), 800)
    assert badge is not None
    assert (badge.text, badge.tone) == ("€2 under its 90-day median", "plain")
    assert text == "Lowest price in the last 30 days: €7."


def test_nothing_is_said_while_the_history_is_behind_the_price() -> None:
    assert history.claims(told(*[1000] * 40, present=a_price(900, days=4, before=1000)), 800) == (None, "")


def test_the_usual_price_is_what_was_paid_once_enough_was() -> None:
    sales = tuple(Sale(NOW - timedelta(days=n), 700 + n, 1, "new") for n in range(5))
    assert history.usual(told(*[1000] * 60, sales=sales)) == (702, "from 5 sales")
    assert history.usual(told(*[1000] * 60, sales=sales[1:])) == (1000, "of daily asking prices")
    assert history.usual(told(*[1000] * 20)) is None


def test_too_little_is_no_chart() -> None:
    assert history.panel(told(1000, 900), wanted="1y", href="/p/x/").empty_text.startswith(
        "Not enough history yet. Prices of"
    )
    assert history.panel(told(*[None] * 20), wanted="1y", href="/p/x/").chart is None
    nothing = history.Told(History(), (), NOW)
    assert history.panel(nothing, wanted="1y", href="/p/x/").empty_text == "Not enough history yet."


@pytest.mark.parametrize(
    ("wanted", "rows", "first"), [("1m", 31, "23 Oct 2026"), ("6m", 27, "24 May 2026"), ("1y", 53, "23 Nov 2025")]
)
def test_rows_are_as_far_apart_as_the_crosshair_steps(wanted: str, rows: int, first: str) -> None:
    panel = history.panel(told(*[1000] * 400), wanted=wanted, href="/p/x/?variant=3")
    assert (len(panel.rows), panel.rows[0].day, panel.rows[-1].day) == (rows, first, "22 Nov 2026")
    current = [link for link in panel.ranges if link.current]
    assert [link.text for link in current] == [history.RANGES[wanted][0]]
    ending = "#history" if wanted == "1y" else f"&range={wanted}#history"
    assert current[0].href == f"/p/x/?variant=3{ending}"


def test_the_table_sums_up_what_lies_between_its_rows() -> None:
    sales = (Sale(NOW - timedelta(days=2), 990, 3, "new"), Sale(NOW - timedelta(days=9), 990, 1, "new"))
    panel = history.panel(told(*[1000] * 394, *[900] * 3, *[1000] * 3, sales=sales), wanted="1y", href="/p/x/")
    assert [(row.low, row.sold) for row in panel.rows[-3:]] == [("10", "0"), ("10", "1"), ("9", "3")]


def test_the_line_is_a_step_and_breaks_where_nobody_asks() -> None:
    days = some_days(1000, 1000, 800, None, 900)
    frame = drawing.frame(days, [])
    path = drawing.ask_path(frame, days)
    assert path.count("M") == 2
    assert path.startswith(f"M0.0 {frame.y(1000):.1f}H500.0V{frame.y(800):.1f}H750.0M1000.0")
    assert frame.low <= 800 <= 1000 <= frame.high


def test_one_ask_has_no_band() -> None:
    days = some_days(1000, 1100, 1200)
    assert drawing.band_path(drawing.frame(days, []), days) == ""
    two = some_days(1000, 1100, 1200, offers=2)
    assert drawing.band_path(drawing.frame(two, []), two).endswith("Z")


@pytest.mark.parametrize("price", [1, 99, 100_000_000])
def test_a_price_that_never_changed_still_has_a_frame(price: int) -> None:
    days = some_days(*[price] * 10)
    frame = drawing.frame(days, [])
    assert frame.low <= price <= frame.high
    assert 2 <= len(drawing.y_ticks(frame, None)) <= 12
    assert "" not in [tick.text for tick in drawing.y_ticks(frame, None)]
    assert "" in [tick.text for tick in drawing.y_ticks(frame, frame.low)], "the present price would lie on it"
    assert drawing.marks(frame, days[0], days[-1]) == ()


@pytest.mark.parametrize(("price", "width"), [(4800, 51), (123_450, 73), (1_000_000_000, 87)])
def test_the_present_price_fits_its_pill(price: int, width: int) -> None:
    chart = history.panel(told(*[price] * 10), wanted="1m", href="/p/x/").chart
    assert chart is not None
    assert chart.now_width == width


def a_row(**fields: object) -> CardRow:
    known: dict[str, object] = {
        "product_id": 1, "slug": "x", "title": "X", "price_minor": 900, "in_stock": True, "tokens": [], "stalls": 1,
        "condition": "new", "varied": False, "stall_name": "S", "hue": 1, "image_key": "", "image_width": 0,
        "image_height": 0, "image_alt": "",
    }  # fmt: skip
    return CardRow(**{**known, **fields})  # type: ignore[arg-type]


def test_a_move_is_rounded_towards_none_and_named() -> None:
    assert trends.delta(a_row(prior_low=1000)) == trends.Delta("10%", "down")
    assert trends.delta(a_row(prior_low=907)) is None
    assert trends.delta(a_row(prior_low=800)) == trends.Delta("12%", "up")
    assert trends.delta(a_row(prior_low=None)) is None
    assert trends.delta(a_row(prior_low=1000, in_stock=False)) is None


def test_a_sparkline_goes_on_with_the_present_price() -> None:
    spark = trends.spark(a_row(lows=[1000] * 80 + [900] * 10, stale_days=5), None)
    assert spark is not None
    assert (spark.path, spark.end) == ("M0 2H84.27V28H100", "100 28")
    assert spark.text == "Price over 90 days: from €10 to €9, between €9 and €10"
    assert trends.spark(a_row(lows=[None] * 80 + [900] * 10), None) is None
    assert trends.spark(a_row(lows=None), None) is None


@pytest.fixture
def vase(kiln: Seller) -> Offer:
    """In the hall for a hundred days at 10.00, and reduced to 8.00 a week ago."""
    offer = an_offer(seller=kiln, price_minor=800, stock=3)
    now = datetime.now(UTC)
    ids = (offer.pk, offer.variant_id, offer.variant.product_id, kiln.pk)
    with transaction.atomic():
        services.backfill(
            [
                PastAsk(*ids, price_minor=price, asking=True, changed_at=now - timedelta(days=back))
                for price, back in ((1000, 100), (800, 7))
            ]
        )
        rollups.roll_up([ids[2]], since=now.date() - timedelta(days=100), now=now)
    reindex([ids[2]])
    return offer


@pytest.mark.django_db
def test_the_page_draws_the_chart_without_styles_or_scripts(client: Client, vase: Offer) -> None:
    address = f"/p/{vase.variant.product.slug}/"
    body = client.get(address, {"range": "3m"}).content.decode()
    panel = body[body.index('id="history"') : body.index("</section>", body.index('id="history"'))]
    assert '<path class="ask" d="M0.0 ' in panel
    assert "€2 less than before" in body
    assert "style=" not in panel
    assert "<script" not in panel
    assert f'href="{address}?range=6m#history"' in panel
    assert f'{address}">' in body[body.index('rel="canonical"') :].split("\n")[0]
    assert client.get(address, {"range": "forever"}).status_code == 200


@pytest.mark.django_db
def test_a_new_thing_says_since_when(client: Client, kiln: Seller) -> None:
    offer = an_offer(seller=kiln)
    body = client.get(f"/p/{offer.variant.product.slug}/").content.decode()
    assert "Not enough history yet." in body
    assert "less than before" not in body


@pytest.mark.django_db
def test_a_card_tells_the_move_and_that_it_was_never_lower(vase: Offer) -> None:
    (row,) = catalog.cards([vase.variant.product_id])
    assert (row.prior_low, row.lowest_ever, row.stale_days) == (1000, True, 0)
    assert row.lows is not None
    assert row.lows[-9:] == [1000, *[800] * 8]
    Offer.objects.filter(pk=vase.pk).update(price_minor=700)
    reindex([vase.variant.product_id])
    (row,) = catalog.cards([vase.variant.product_id])
    assert (row.lows, row.prior_low, row.lowest_ever) == (None, None, False), "the history does not know this price"


def test_dates_of_a_chart_do_not_lie_on_each_other() -> None:
    for span in (7, 30, 90, 182, 364, 1000):
        frame = drawing.Frame(TODAY - timedelta(days=span), TODAY, 0, 100, 20)
        xs = [float(tick.x) for tick in drawing.x_ticks(frame)]
        assert xs == sorted(xs)
        assert all(after - before >= 4 for before, after in pairwise(xs)), (span, xs)
        assert xs[0] == 0
        assert xs[-1] == 100
    assert date(2026, 11, 22) == TODAY
