from monitoring.supervision.budget import HOUR, PAUSES, Budget


def test_an_hour_has_so_many_restarts_and_no_more() -> None:
    clock = [0.0]
    budget = Budget(3, clock=lambda: clock[0])
    taken = []
    for second in range(0, 2 * int(HOUR), 60):
        clock[0] = float(second)
        if budget.spend():
            taken.append(second)
    assert taken == [0, 60, 120, 3600, 3660, 3720]


def test_none_allowed_is_none_ever() -> None:
    budget = Budget(0)
    assert not budget.spend()
    assert budget.wait() == float("inf")


def test_what_dies_at_once_does_not_spend_the_hour_in_a_moment() -> None:
    budget = Budget(10, clock=lambda: 0.0)
    pauses = []
    for _ in range(7):
        budget.spend()
        pauses.append(budget.pause())
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
