from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitoring.metrics import machine, samples

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


def test_a_container_counts_against_its_limit_without_what_the_kernel_gives_back(tmp_path: Path) -> None:
    (tmp_path / "memory.max").write_text("1000\n")
    (tmp_path / "memory.current").write_text("900\n")
    (tmp_path / "memory.stat").write_text("anon 1\ninactive_file 300\nfile 400\n")
    assert machine.memory(tmp_path) == machine.Memory(used=600, limit=1000)
    assert machine.memory(tmp_path).share == pytest.approx(0.6)


def test_the_older_kind_of_container_counts_too(tmp_path: Path) -> None:
    folder = tmp_path / "memory"
    folder.mkdir()
    (folder / "memory.limit_in_bytes").write_text("1000\n")
    (folder / "memory.usage_in_bytes").write_text("500\n")
    (folder / "memory.stat").write_text("total_inactive_file 100\n")
    assert machine.memory(tmp_path) == machine.Memory(used=400, limit=1000)


@pytest.mark.parametrize("limit", ["max", str(1 << 62), "", "nonsense"])
def test_without_a_limit_the_machine_counts(tmp_path: Path, limit: str) -> None:
    (tmp_path / "memory.max").write_text(limit)
    (tmp_path / "memory.current").write_text("900\n")
    found = machine.memory(tmp_path)
    assert found.limit > 100_000_000
    assert 0 < found.share < 1


def test_a_container_with_half_a_processor_is_full_at_half(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    (tmp_path / "cpu.stat").write_text("usage_usec 1000000\n")
    processor = machine.Processor(tmp_path)
    assert processor.share(at=10.0) is None
    (tmp_path / "cpu.stat").write_text("usage_usec 1400000\n")
    assert processor.share(at=11.0) == pytest.approx(0.8)


def test_without_a_quota_the_machine_counts(tmp_path: Path) -> None:
    (tmp_path / "cpu.max").write_text("max 100000\n")
    share = machine.Processor(tmp_path).share()
    assert share is not None
    assert 0 <= share <= 1


def test_the_levels_are_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    levels: dict[str, float] = {}
    monkeypatch.setattr(samples, "level", lambda name, value: levels.update({name: value}))
    machine.note(NOW)
    machine.note(NOW)
    assert levels.keys() == {"memory", "cpu", "disk"}
    assert all(0 <= value <= 1 for value in levels.values())
