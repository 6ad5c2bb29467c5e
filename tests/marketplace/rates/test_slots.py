"""No provider is called twice within three seconds, whoever asks and whatever happens to them."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.db import connection, connections
from django.utils import timezone

from marketplace.rates import slots
from marketplace.rates.models import ProviderSlot
from marketplace.rates.slots import reserved

pytestmark = pytest.mark.django_db


def free_in(provider: str = "house") -> float:
    """Seconds until the provider may be called, by the database's clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT extract(epoch FROM free_at - clock_timestamp()) FROM rates_providerslot WHERE provider = %s",
            [provider],
        )
        return float(cursor.fetchone()[0])


def wait_over(seconds: float) -> None:
    """As if so much time had passed."""
    row = ProviderSlot.objects.get()
    ProviderSlot.objects.update(free_at=row.free_at - timedelta(seconds=seconds))


def test_the_wait_begins_when_the_call_ends() -> None:
    with reserved("house") as slot:
        assert slot is not None
        assert free_in() == pytest.approx(14, abs=0.5)
        with reserved("house") as other:
            assert other is None
    assert free_in() == pytest.approx(3, abs=0.5)
    wait_over(2.5)
    with reserved("house") as early:
        assert early is None
    wait_over(0.6)
    with reserved("house") as late:
        assert late is not None


def test_houses_do_not_wait_for_each_other() -> None:
    with reserved("house") as one, reserved("other") as two:
        assert one is not None
        assert two is not None


def test_a_process_that_died_frees_the_slot_by_its_lease() -> None:
    with ExitStack() as killed:
        assert killed.enter_context(reserved("house")) is not None
        wait_over(14.1)
        with reserved("house") as next_one:
            assert next_one is not None
            killed.close()
            # Its late end is not the end of the other's call.
            assert free_in() == pytest.approx(14, abs=0.5)


def test_an_error_in_the_call_ends_it() -> None:
    with pytest.raises(RuntimeError), reserved("house"):
        raise RuntimeError
    assert free_in() == pytest.approx(3, abs=0.5)


def test_who_was_held_up_does_not_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with reserved("house") as slot:
        assert slot is not None
        assert slot.prompt
        monkeypatch.setattr(slots, "monotonic", lambda: slot.asked + 1.01)
        assert not slot.prompt


def test_a_clock_that_was_set_back_keeps_nobody_out() -> None:
    ProviderSlot.objects.create(provider="house", free_at=timezone.now() + timedelta(hours=9))
    with reserved("house") as slot:
        assert slot is not None


@pytest.mark.django_db(transaction=True)
def test_of_many_at_once_one_has_the_slot() -> None:
    together, over = threading.Barrier(8), threading.Barrier(8)

    def take(number: int) -> bool:
        try:
            together.wait(10)
            with reserved("raced") as slot:
                over.wait(10)
                return slot is not None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert sum(threads.map(take, range(8))) == 1
