"""The memory of one process: bounded, and quick to forget."""

from marketplace.core.cache.local import Entry, Local


def entry(size: int = 100, *tags: str, until: float = 10.0) -> Entry:
    return Entry("value", until, until, dict.fromkeys(tags, "g"), size)


def test_it_never_holds_more_than_its_bytes() -> None:
    local = Local(most=1_000)
    for number in range(100):
        local.put(("f", str(number)), entry(), since=0)
    assert local.size == 1_000
    assert len(local) == 10
    assert local.evicted == 90


def test_what_was_read_stays_longer_than_what_was_not() -> None:
    local = Local(most=1_000)
    for number in range(10):
        local.put(("f", str(number)), entry(), since=0)
    assert local.get(("f", "0"), 1.0) is not None
    for number in range(10, 15):
        local.put(("f", str(number)), entry(), since=0)
    assert local.get(("f", "0"), 1.0) is not None
    assert local.get(("f", "1"), 1.0) is None


def test_one_value_does_not_drive_out_all_others() -> None:
    local = Local(most=1_000)
    assert not local.put(("f", "large"), entry(251), since=0)


def test_an_entry_ends() -> None:
    local = Local(most=1_000)
    local.put(("f", "a"), entry(), since=0)
    assert local.get(("f", "a"), 9.9) is not None
    assert local.get(("f", "a"), 10.0) is None


def test_a_touch_takes_what_is_there_and_what_is_on_its_way() -> None:
    local = Local(most=1_000)
    local.put(("f", "a"), entry(100, "product:1"), since=0)
    before = local.moment()
    local.touch(["product:1"])
    assert local.get(("f", "a"), 1.0) is None
    assert not local.put(("f", "a"), entry(100, "product:1"), since=before)
    assert local.put(("f", "a"), entry(100, "product:1"), since=local.moment())
    assert local.size == 100


def test_many_touches_are_forgotten_on_the_safe_side() -> None:
    local = Local(most=1_000)
    before = local.moment()
    local.touch(["product:1"])
    local.touch([f"product:{number}" for number in range(20_000)])
    assert not local.put(("f", "a"), entry(100, "product:1"), since=before)
    assert not local.put(("f", "b"), entry(100, "product:99999"), since=before)
