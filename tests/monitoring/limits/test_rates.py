"""How rates are written, and what the environment may say."""

import pytest

from config import env
from config.limits import limits
from monitoring.limits.rates import BadRate, Window, parse, parse_concurrent


@pytest.mark.parametrize(
    ("text", "windows"),
    [
        ("100/minute", [(100, 60)]),
        ("1000/15 minutes;100/minute", [(100, 60), (1000, 900)]),
        (" 5 per 10 second ", [(5, 10)]),
        ("10/15 minutes", [(10, 900)]),
        ("1/day", [(1, 86_400)]),
    ],
)
def test_a_rate_is_windows_shortest_first(text: str, windows: list[tuple[int, int]]) -> None:
    assert parse(text) == tuple(Window(*window) for window in windows)


@pytest.mark.parametrize(
    "text",
    ["", "100", "100/60,1000/900", "0/minute", "-1/minute", "100/week 2", "1/2 days", "999999999/minute", "a/minute",
     "5/minute;6/minute", "5/0 minute", "1e3/minute", "5/minute;"],
)  # fmt: skip
def test_what_is_no_rate_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(BadRate, match="minute"):
        parse(text)


@pytest.mark.parametrize(("text", "found"), [("20", (20, None)), ("20;50", (20, 50)), (" 5 ; 7 ", (5, 7))])
def test_places_per_user_and_per_address(text: str, found: tuple[int, int | None]) -> None:
    assert parse_concurrent(text) == found


@pytest.mark.parametrize("text", ["", "0", "20/minute", "1;2;3", "-1", "²", "20;"])
def test_what_is_no_number_of_places_is_refused(text: str) -> None:
    with pytest.raises(BadRate, match="20;50"):
        parse_concurrent(text)


def test_the_table_says_what_the_contract_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DEFAULT", "ANONYMOUS", "BURST", "EXPENSIVE", "CHECKOUT", "UPLOAD", "SIGN_IN", "CONCURRENT"):
        monkeypatch.delenv(f"RATE_LIMIT_{name}", raising=False)
    tiers = limits("a-secret").tiers
    told = {name: [(window.amount, window.seconds) for window in tier.rate] for name, tier in tiers.items()}
    assert told["user"] == [(100, 60), (1000, 900)]
    assert told["anonymous"] == [(60, 60)]
    assert told["sign-in"] == told["checkout"] == [(10, 60)]
    assert told["upload"] == [(5, 60)]
    assert told["expensive"] == [(10, 900)]
    assert (told["concurrent-user"][0][0], told["concurrent-address"][0][0]) == (20, 50)
    assert {name for name, tier in tiers.items() if tier.guarded} == {"sign-in", "letter", "checkout", "payout"}
    assert {name for name, tier in tiers.items() if not tier.spared} == {"sign-in", "letter", "payout"}
    assert set(tiers["sign-in"].key) == {"account", "address"}


@pytest.mark.parametrize(
    "name",
    ["DEFAULT", "ANONYMOUS", "BURST", "EXPENSIVE", "CHECKOUT", "UPLOAD", "SIGN_IN", "CONCURRENT", "REDIS_URL"],
)
def test_a_bad_value_stops_the_start_and_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"RATE_LIMIT_{name}", "many")
    with pytest.raises(env.BadEnvironment) as told:
        limits("a-secret")
    assert f"RATE_LIMIT_{name}" in str(told.value)
    assert ("redis://" if name == "REDIS_URL" else "write") in str(told.value)
