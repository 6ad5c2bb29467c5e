"""How long the sweep lets a job rest that fails: neither a full log nor a hall that is slow to come back."""

import pytest

from marketplace.core.management.commands.sweep import LONGEST_PAUSE, Command, pause
from marketplace.core.sweeps import Job

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("every", "failures", "seconds"),
    [(1.0, 0, 1.0), (1.0, 1, 2.0), (1.0, 3, 8.0), (1.0, 9000, LONGEST_PAUSE), (600.0, 0, 600.0), (600.0, 5, 600.0)],
)
def test_a_job_that_fails_rests_longer_each_time_but_not_for_long(every: float, failures: int, seconds: float) -> None:
    assert pause(Job("some", every, lambda now: 0), failures) == seconds


def test_a_round_says_whether_it_went_well() -> None:
    def fail(now: object) -> int:
        raise OSError("away")

    sweep = Command()
    assert [sweep.run(Job("bad", 1.0, fail)), sweep.run(Job("good", 1.0, lambda now: 3))] == [False, True]
