"""What operators see of the rates, and what wakes them."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from marketplace.rates import alert_rules, ops_panels, services, watching
from marketplace.rates.coins import PAIRS, Pair
from marketplace.rates.providers import Provider
from marketplace.rates.providers.calls import ProviderFailed
from marketplace.rates.tiers import Quoted
from tests.marketplace.rates.conftest import prices

pytestmark = pytest.mark.django_db
Chain = Callable[..., list[Provider]]


def limited(now: datetime) -> list[Quoted]:
    raise ProviderFailed("status 429", retry_after=120)


def cells(table: int, now: datetime) -> list[list[str]]:
    return [
        [cell.mark.text if cell.mark else cell.text for cell in row.cells]
        for row in ops_panels.panel(now).tables[table].rows
    ]


def test_each_house_says_how_it_is_and_when_it_is_tried_again(chain: Chain) -> None:
    now = timezone.now()
    chain(first=limited, second=prices)
    services.poll(now=now)
    body = ops_panels.panel(now)
    (one, two) = body.tables[0].rows
    assert (one.cells[0].text, one.cells[0].small, one.cells[1].mark) == (
        "first",
        "status 429",
        ops_panels._STATES["open"],
    )
    assert one.cells[2].text == "never"
    again = datetime.strptime(one.cells[3].text, "%H:%M:%S").replace(tzinfo=now.tzinfo)
    assert (
        100
        < (again - again.replace(hour=now.hour, minute=now.minute, second=now.second)).total_seconds() % 86_400
        < 130
    )
    assert [act.name for act in one.acts] == ["breaker-reset"]
    assert (two.cells[3].text, two.cells[4].text, two.acts) == ("when due", "90", ())
    assert (body.mark.tone, body.mark.text) == ("warn", "1 of 2 left alone")


@pytest.mark.parametrize(
    ("minutes", "tier", "tone", "priced"),
    [(0, 0, "good", "90 of 90"), (7, 1, "good", "90 of 90"), (30, 2, "bad", "0 of 90"), (70, 3, "bad", "0 of 90")],
)
def test_the_panel_counts_pairs_by_age(chain: Chain, minutes: int, tier: int, tone: str, priced: str) -> None:
    now = timezone.now()
    chain(first=prices)
    services.poll(now=now)
    later = now + timedelta(minutes=minutes)
    assert [row[1] for row in cells(1, later)] == ["90" if place == tier else "0" for place in range(4)]
    body = ops_panels.panel(later)
    assert (body.mark.tone, body.figures[0].value) == (tone, priced)


def test_a_hall_without_rates_says_so(chain: Chain) -> None:
    chain()
    body = ops_panels.panel(timezone.now())
    assert (body.mark.tone, body.figures[1].value, body.figures[2].value) == ("bad", "never", "~$66,000")
    assert "RATES_PROVIDERS" in body.note


def test_alerts_speak_of_old_and_of_missing_rates(chain: Chain) -> None:
    now = timezone.now()
    assert not alert_rules._age(now)
    assert not alert_rules._unusable(now)
    chain(first=lambda now: [quoted for quoted in prices(now) if quoted.pair != Pair("BTC", "EUR")])
    services.poll(now=now)
    assert alert_rules._unusable(now)[0].value == 1
    later = now + timedelta(minutes=16)
    assert alert_rules._age(later)[0].value == 960
    assert alert_rules._unusable(later)[0].value == len(PAIRS)


def test_metrics_count_pairs_by_tier(chain: Chain) -> None:
    chain(first=prices)
    services.poll(now=timezone.now())
    assert {labels["tier"]: value for labels, value in watching.pairs()}["fresh"] == 90
