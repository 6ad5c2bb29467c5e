"""What is added up at once is what is added one by one."""

from monitoring.metrics.tally import EDGES, Tally


def test_sorted_values_count_as_each_of_them() -> None:
    values = sorted([0.0, 0.0001, *EDGES, *(edge * 1.01 for edge in EDGES), 1000.0])
    one_by_one, at_once = Tally(), Tally()
    for value in values:
        one_by_one.add(value, bad=False)
    at_once.add_sorted(values[:20])
    at_once.add_sorted([])
    at_once.add_sorted(values[20:])
    assert (at_once.count, at_once.bad, at_once.highest) == (one_by_one.count, 0, one_by_one.highest)
    assert at_once.buckets == one_by_one.buckets
    assert abs(at_once.total - one_by_one.total) < 1e-6
