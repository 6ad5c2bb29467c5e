"""Several processes, one page: what they count is added up, what they leave behind is handled."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from config.metrics import prepare
from monitoring.metrics import remains

PROJECT = Path(__file__).resolve().parents[3]
PREPARE = 'from config.metrics import prepare; print(prepare("web")["PROMETHEUS_MULTIPROC_DIR"], flush=True)'

# Without Django's apps, which would make each process ten times slower and add nothing here.
COUNT = """
import sys
from monitoring.metrics.instruments import counter, gauge, histogram
counter("things", "Things.", ["kind"]).labels("a").inc(float(sys.argv[1]))
histogram("thing_seconds", "Durations.").observe(0.2)
gauge("things_in_flight", "Things in flight.").inc(5)
"""
SCRAPE = """
import sys
from monitoring.metrics import exposition
from monitoring.metrics.instruments import counter
counter("unused", "Nobody has used it.", ["kind"])
sys.stdout.buffer.write(exposition.text())
"""
HUNG = """
import django; django.setup()
import os, sys, time
from monitoring.metrics import exposition
begin = time.perf_counter(); text = exposition.text(); first = time.perf_counter() - begin
begin = time.perf_counter(); text = exposition.text(); again = time.perf_counter() - begin
print(first, again, b"\\nawning_disk_free_bytes " in text); sys.stdout.flush(); os._exit(0)
"""


def run(code: str, *arguments: str, folder: Path, **variables: str) -> str:
    own = {"PROMETHEUS_MULTIPROC_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "config.settings", "PROCESS_KIND": "web"}
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        env=os.environ | own | variables,
        cwd=PROJECT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def value(page: str, series: str) -> float | None:
    found = [line for line in page.splitlines() if line.startswith(f"{series} ")]
    return float(found[0].split()[-1]) if found else None


def test_what_processes_count_is_added_up_also_when_they_are_gone(tmp_path: Path) -> None:
    run(COUNT, "3", folder=tmp_path)
    run(COUNT, "4", folder=tmp_path)
    page = run(SCRAPE, folder=tmp_path)
    assert value(page, 'awning_things_total{kind="a"}') == 7
    assert value(page, "awning_thing_seconds_count") == 2
    assert value(page, 'awning_thing_seconds_bucket{le="0.25"}') == 2


def test_the_levels_of_dead_processes_are_taken_out(tmp_path: Path) -> None:
    """It left with five in flight, as if it had been killed."""
    run(COUNT, "1", folder=tmp_path)
    assert list(tmp_path.glob("gauge_livesum_*.db"))
    page = run(SCRAPE, folder=tmp_path)
    assert "awning_things_in_flight " not in page
    assert not list(tmp_path.glob("gauge_livesum_*.db"))


def test_two_scrapes_at_once_may_find_the_same_dead(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(COUNT, "1", folder=tmp_path)
    mark = remains._mark_dead

    def second(pid: int, shared: str) -> None:
        """The other one was faster, between our look and our deed."""
        mark(pid, shared)
        raise FileNotFoundError

    monkeypatch.setattr(remains, "_mark_dead", second)
    remains.tidy(tmp_path)
    assert not list(tmp_path.glob("gauge_live*.db"))


def test_instruments_that_nobody_has_used_are_on_the_page_too(tmp_path: Path) -> None:
    page = run(SCRAPE, folder=tmp_path)
    assert "# HELP awning_unused_total Nobody has used it." in page
    assert "# TYPE awning_unused_total counter" in page


def test_many_dead_processes_do_not_make_the_page_slow(tmp_path: Path) -> None:
    run(COUNT, "2", folder=tmp_path)
    for number in range(remains.MOST_DEAD):
        # As if as many processes had come and gone, each with the counts of the first.
        for kind in ("counter", "histogram"):
            original = next(tmp_path.glob(f"{kind}_*.db"))
            (tmp_path / f"{kind}_{5_000_000 + number}.db").write_bytes(original.read_bytes())
    page = run(SCRAPE, folder=tmp_path)
    everything = 2 * (remains.MOST_DEAD + 1)
    assert value(page, 'awning_things_total{kind="a"}') == everything
    assert len(list(tmp_path.glob("*_*.db"))) < 6, "what the dead have counted is in one file of each kind"
    run(COUNT, "1", folder=tmp_path)
    page = run(SCRAPE, folder=tmp_path)
    assert value(page, 'awning_things_total{kind="a"}') == everything + 1
    assert value(page, "awning_thing_seconds_count") == remains.MOST_DEAD + 2
    assert value(page, 'awning_thing_seconds_bucket{le="0.1"}') == 0


def test_a_folder_that_was_swept_away_costs_only_what_was_in_it(tmp_path: Path) -> None:
    code = SCRAPE + "import os, shutil; shutil.rmtree(os.environ['PROMETHEUS_MULTIPROC_DIR'])\n"
    page = run(code + "sys.stdout.buffer.write(exposition.text())\n", folder=tmp_path)
    assert page.count("# TYPE awning_collected_up gauge") == 2


@pytest.mark.parametrize("variable", ["DATABASE_URL", "CELERY_BROKER_URL"])
def test_a_store_that_hangs_does_not_hold_the_page(tmp_path: Path, silent_port: int, variable: str) -> None:
    """The port accepts and never answers, as a paused server does."""
    scheme = "postgres://awning@" if variable == "DATABASE_URL" else "redis://"
    first, again, rest = run(HUNG, folder=tmp_path, **{variable: f"{scheme}127.0.0.1:{silent_port}/0"}).split()[-3:]
    assert float(first) < 0.5
    assert float(again) < 0.5
    assert rest == "True", "the other gauges are there"


def test_a_process_gets_a_private_folder_and_its_children_share_it(tmp_path: Path) -> None:
    code = """
    import os, stat
    from config.metrics import prepare
    made = prepare("web"); os.environ.update(made)
    path = made["PROMETHEUS_MULTIPROC_DIR"]
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700
    assert prepare("web") == made, "a child finds it in its environment"
    print(path)
    """
    path = Path(run(code, folder=tmp_path, PROMETHEUS_MULTIPROC_DIR="").strip())
    assert path.name.startswith("awning-metrics-web-")
    assert not path.exists(), "the launcher removes it when it ends"


def test_what_a_killed_launcher_left_behind_is_removed_by_the_next(tmp_path: Path) -> None:
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": ""}
    killed = [sys.executable, "-c", PREPARE + "; import os; os.kill(os.getpid(), 9)"]
    dead = subprocess.run(killed, env=environ, cwd=PROJECT, capture_output=True, text=True, check=False)
    left = Path(dead.stdout.strip())
    assert left.exists()
    with subprocess.Popen(
        [sys.executable, "-c", PREPARE + "; input()"],
        env=environ,
        cwd=PROJECT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as alive:
        assert alive.stdout is not None
        in_use = Path(alive.stdout.readline().strip())
        assert not left.exists()
        run(PREPARE, folder=tmp_path, PROMETHEUS_MULTIPROC_DIR="")
        assert in_use.exists(), "a folder in use is nobody else's to remove"
        alive.communicate("\n", timeout=10)
    assert not in_use.exists()


def test_a_command_counts_for_itself(tmp_path: Path) -> None:
    code = """
    import os
    from config.metrics import prepare
    assert prepare("command") == {}
    print("PROMETHEUS_MULTIPROC_DIR" in os.environ)
    """
    assert run(code, folder=tmp_path).strip() == "False"


def test_a_process_that_has_begun_to_count_gets_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)
    assert prepare("web") == {}
