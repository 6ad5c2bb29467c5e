import time

import psycopg
import pytest
from django.db import DataError, IntegrityError, connection, transaction

from marketplace.accounts.models import User
from monitoring.errors import traces
from tests.monitoring.errors.raising import bang, boom, caught, chained, deep, either


def test_the_same_function_is_the_same_kind_whatever_the_line_and_the_text() -> None:
    assert traces.fingerprint(caught(either, True)) == traces.fingerprint(caught(either, False))
    assert traces.fingerprint(caught(boom, "a")) == traces.fingerprint(caught(boom, "b"))


def test_another_function_or_another_type_is_another_kind() -> None:
    kinds = {traces.fingerprint(caught(call)) for call in (boom, bang, chained)}
    kinds.add(traces.fingerprint(caught(int, "x")))
    assert len(kinds) == 4


def test_a_new_wrapper_far_outside_does_not_change_the_kind() -> None:
    def wrapped(levels: int) -> None:
        deep(levels)

    def again(levels: int) -> None:
        wrapped(levels)

    assert traces.fingerprint(caught(deep, 1)) == traces.fingerprint(caught(deep, 60)), "recursion is one step"
    six = [f"def step{n}(next): next()" for n in range(6)]
    names: dict[str, object] = {}
    exec(compile("\n".join(six), f"{traces._home.root}/marketplace/made_up.py", "exec"), names)  # noqa: S102

    def outer(count: int) -> None:
        call = boom
        for n in range(count):
            call = (lambda step, inner: lambda: step(inner))(names[f"step{n}"], call)  # type: ignore[assignment, misc]
        call()

    assert traces.fingerprint(caught(outer, 5)) == traces.fingerprint(caught(outer, 6))


def test_an_error_that_was_never_raised_broke_where_it_was_reported() -> None:
    def here() -> str:
        return traces.fingerprint(ValueError("made"))

    def there() -> str:
        return traces.fingerprint(ValueError("made"))

    assert here() != there()


def test_frames_name_file_line_and_function_and_nothing_else() -> None:
    link = traces.chain(caught(boom))[0]
    last = link.frames[-1]
    assert (last.file, last.function, last.ours) == ("tests/monitoring/errors/raising.py", "boom", True)
    assert last.line > 0
    assert set(last.__slots__) == {"file", "line", "function", "ours"}


def test_a_library_frame_is_not_ours_and_the_culprit_is() -> None:
    error = caught(lambda: User.objects.get(nothing=1))
    links = traces.chain(error)
    assert any(frame.file.startswith("django/") and not frame.ours for frame in links[0].frames)
    assert traces.culprit(links).startswith("tests/monitoring/errors/test_traces.py in ")


def test_the_chain_holds_the_causes_and_ends() -> None:
    assert [link.type for link in traces.chain(caught(chained))] == ["RuntimeError", "ValueError"]
    first, second = ValueError("a"), ValueError("b")
    first.__cause__, second.__cause__ = second, first
    assert len(traces.chain(first)) == 2, "a ring ends"


def test_a_deep_stack_keeps_its_ends() -> None:
    frames = traces.chain(caught(deep, 500))[0].frames
    assert len(frames) == traces.OUTERMOST + traces.INNERMOST
    assert frames[-1].function == "deep"
    assert frames[0].function == "caught"


def test_the_deepest_stack_costs_little() -> None:
    error = caught(deep, 900)
    times = []
    for _ in range(20):
        begin = time.perf_counter()
        traces.fingerprint(error)
        traces.chain(error)
        times.append(time.perf_counter() - begin)
    assert min(times) < 0.0008


def test_a_text_that_cannot_be_made_is_empty() -> None:
    class Broken(Exception):
        def __str__(self) -> str:
            raise RuntimeError("no text")

    assert traces.chain(Broken())[0].text == ""


def test_of_a_database_error_only_the_sentence_is_kept(mira: User) -> None:
    with pytest.raises(IntegrityError) as raised, transaction.atomic():
        User.objects.create(email=mira.email, password="x")
    assert mira.email in str(raised.value), "PostgreSQL quotes the row"
    for link in traces.chain(raised.value):
        assert mira.email not in link.text
        assert "duplicate key value" in link.text


def test_the_state_of_a_database_error_tells_kinds_apart(db: None) -> None:
    def run(sql: str) -> BaseException:
        with pytest.raises(DataError) as raised, transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
        return raised.value

    prints = {traces.fingerprint(run(sql)) for sql in ("SELECT 1/0", "SELECT 'x'::int", "SELECT 'y'::int")}
    assert len(prints) == 2


def test_a_connection_error_of_psycopg_says_its_first_line() -> None:
    with pytest.raises(psycopg.OperationalError) as raised:
        psycopg.connect("postgres://u:hidden-word@127.0.0.1:1/x", connect_timeout=1)
    assert "\n" not in traces.text_of(raised.value)
