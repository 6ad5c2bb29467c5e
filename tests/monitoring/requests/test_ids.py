import threading

import pytest

from monitoring.requests import ids


def test_a_piece_of_work_has_its_own_id_and_gives_the_former_one_back() -> None:
    outer = ids.begin("outer-id-1", command="sweep")
    with ids.within(sweep="core.outbox") as inner:
        assert ids.current() == inner != outer
        assert ids.facts() == {"command": "sweep", "sweep": "core.outbox"}
        with ids.within("came-from-1"):
            assert ids.current() == "came-from-1"
        assert ids.current() == inner
    assert ids.current() == outer
    assert ids.facts() == {"command": "sweep"}


def test_an_id_that_failed_work_leaves_behind_is_gone() -> None:
    with pytest.raises(ZeroDivisionError), ids.within("came-from-1"):
        _ = 1 / 0
    assert ids.current() == ""


@pytest.mark.parametrize("bad", [None, "", "x" * 65, "short", "new\nline", "ünicode-id"])
def test_only_plain_ids_are_kept(bad: str | None) -> None:
    assert not ids.is_plain(bad)
    assert ids.begin(bad) != bad
    with ids.within(bad) as made:
        assert ids.is_plain(made)


def test_threads_do_not_share_ids() -> None:
    ids.begin("of-the-test-1")
    seen: list[str] = []
    thread = threading.Thread(target=lambda: seen.append(ids.current()))
    thread.start()
    thread.join()
    assert seen == [""]


def test_calls_to_others_carry_it() -> None:
    assert ids.outgoing() == {}
    ids.begin("of-the-test-1")
    assert ids.outgoing() == {"X-Request-ID": "of-the-test-1"}
