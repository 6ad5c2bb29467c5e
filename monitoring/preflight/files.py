"""Files: object storage that takes and gives them, collected static files, room on the disks."""

import secrets
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.contrib.staticfiles.finders import get_finders
from django.core.checks import CheckMessage
from django.core.files.base import ContentFile
from django.core.files.storage import Storage

from monitoring.preflight.findings import error, warning

# Shares of a disk in use. The first is where the alert on disks begins.
NEARLY_FULL, FULL = 0.85, 0.95
BYTES_NEEDED = 500_000_000


def storage(variable: str, where: Storage) -> Iterator[CheckMessage]:
    """Writes a small file, reads it, deletes it."""
    content = secrets.token_bytes(32)
    name = where.save(f"preflight-{secrets.token_hex(8)}.txt", ContentFile(content))
    try:
        with where.open(name) as file:
            intact = file.read() == content
    finally:
        where.delete(name)
    if not intact:
        yield error("storage.damaged", variable, "gives back other bytes than it was given.", hint="Check the bucket.")
    if where.exists(name):
        yield error("storage.delete", variable, "keeps what is deleted.", hint="Grant the right to delete objects.")


def static_files(variable: str, where: Storage) -> Iterator[CheckMessage]:
    """Hashed names for every source file."""
    known: Mapping[str, str] | None = getattr(where, "hashed_files", None)
    if known is None:
        yield error(
            "static.unhashed", "STATIC_UNHASHED", "serves style sheets from their sources.",
            hint="Unset it, and let the release collect static files.",
        )  # fmt: skip
        return
    missing = sorted(
        path.replace("\\", "/") for finder in get_finders() for path, _ in finder.list(None) if path not in known
    )
    lost = sorted(path for path, hashed in known.items() if not where.exists(hashed))
    if missing or lost:
        yield error(
            "static.collected", variable,
            f"lacks {len(missing) + len(lost)} static files, such as {(missing or lost)[0]}.",
            hint="Run manage.py collectstatic --no-input in this release.",
        )  # fmt: skip


def room(folders: Iterable[Path]) -> Iterator[CheckMessage]:
    """Free space where the hall writes; folders on one disk count once."""
    seen: set[int] = set()
    for folder in folders:
        there = next((parent for parent in (folder, *folder.parents) if parent.exists()), Path("/"))
        if there.stat().st_dev in seen:
            continue
        seen.add(there.stat().st_dev)
        usage = shutil.disk_usage(there)
        share = 1 - usage.free / usage.total if usage.total else 1.0
        if share < NEARLY_FULL and usage.free >= BYTES_NEEDED:
            continue
        make = error if share >= FULL and usage.free < BYTES_NEEDED * 10 else warning
        text = f"the disk of {there} is {share:.0%} full ({usage.free // 1_000_000:,} MB are free)."
        yield make("disk.full", "", text, hint="Make room: logs, old releases, files of former tests.")
