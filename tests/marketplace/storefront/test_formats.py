from marketplace.storefront import formats


def test_counts_and_prices() -> None:
    assert [formats.things(n) for n in (0, 1, 1284, 10_000)] == [
        "0 things",
        "1 thing",
        "1,284 things",
        "10,000+ things",
    ]
    assert [formats.price(n) for n in (84_600, 6_450)] == ["€846", "€64.50"]
    assert formats.listed(("Blue", "", "Large")) == "Blue, Large"
