"""The catalogue import on a large file: rows per second and peak memory, each run in a process of its own."""

import json
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.data import products
from benchmarks.entries import Entry, at_least, at_most

NAMES = (
    "import.first_run",
    "import.second_run_unchanged",
    "import.woocommerce_first_run",
    "import.first_run_cpu",
    "import.peak_memory",
    "import.memory_growth_10k_to_100k",
)
ROOT = Path(__file__).resolve().parent.parent
ROWS = 100_000
FEW = 10_000


def run() -> dict[str, Entry]:
    """Imports generated files into stalls of their own and reads the command's own summary."""
    with tempfile.TemporaryDirectory(prefix="awning-bench-import-") as folder:
        few, many, woo = (Path(folder) / name for name in ("few.csv", "many.csv", "woo.csv"))
        products.write(few, rows=FEW, seed=7)
        products.write(many, rows=ROWS)
        products.write(woo, kind="woocommerce", rows=ROWS)
        small = _import(few, _stall("bench-import-few"))
        first = _import(many, _stall("bench-import-many"))
        second = _import(many, "bench-import-many")
        other = _import(woo, _stall("bench-import-woo"))
    reference = f"{ROWS:,} rows, {first['products']} products"
    peak = max(each["peak_memory_mib"] for each in (first, second, other))
    growth = first["peak_memory_mib"] / small["peak_memory_mib"]
    # Wall figures depend on what else the machine does; their targets only catch a collapse. CPU is what we hold.
    return {
        "import.first_run": at_least(first["rows_per_second"], 500, "rows/s", reference),
        "import.second_run_unchanged": at_least(second["rows_per_second"], 800, "rows/s", "nothing is written"),
        "import.woocommerce_first_run": at_least(
            other["rows_per_second"], 400, "rows/s", "variations 5,000 rows after their parents"
        ),
        "import.first_run_cpu": at_least(
            ROWS / first["cpu_seconds"], 2_000, "rows/CPU s", "the importing process alone, without PostgreSQL"
        ),
        "import.peak_memory": at_most(peak, 256, "MiB", "resident set, Django included"),
        "import.memory_growth_10k_to_100k": at_most(
            growth, 1.25, "×", f"{small['peak_memory_mib']} MiB at 10,000 rows"
        ),
    }


def _stall(slug: str) -> str:
    from marketplace.sellers.models import Seller

    now = datetime.now(tz=UTC)
    values = {"name": slug, "hue": 1, "country": "DE", "email": f"{slug}@example.test", "created_at": now}
    Seller.objects.get_or_create(slug=slug, defaults=values)
    return slug


def _import(path: Path, seller: str) -> dict[str, float]:
    """The summary of one run. Raises CalledProcessError when the command fails."""
    command = [sys.executable, str(ROOT / "manage.py"), "import_products", str(path), "--seller", seller, "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    summary = json.loads(done.stdout)
    expected = "unchanged" if summary["rows"]["unchanged"] else "created"
    assert summary["rows"][expected] > 0.98 * sum(summary["rows"].values()), summary
    return {
        "rows_per_second": summary["rows_per_second"],
        "cpu_seconds": summary["cpu_seconds"],
        "peak_memory_mib": summary["peak_memory_mib"],
        "products": sum(summary["products"].values()),
    }
