"""From specs to files: picks the family's drawing module, encodes, spreads the work over processes."""

import io
import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from marketplace.imports.demo.art import candle, ceramic, framed, lamp, paper, plant, record, textile, wood
from marketplace.imports.demo.art.spec import ArtSpec

_FAMILIES: dict[str, Callable[[ArtSpec, int, int], Image.Image]] = {
    "record": record.draw,
    "print": framed.draw,
    "ceramic": ceramic.draw,
    "textile": textile.draw,
    "lamp": lamp.draw,
    "candle": candle.draw,
    "paper": paper.draw,
    "wood": wood.draw,
    "plant": plant.draw,
}
_SMALLEST = 64
_QUALITY = 82


@dataclass(frozen=True, slots=True)
class Job:
    """One file to be drawn."""

    name: str
    spec: ArtSpec
    view: int
    sizes: tuple[int, ...]

    def files(self) -> tuple[str, ...]:
        """Return the names of its files, one for each size."""
        return tuple(f"{self.name}-{self.view}-{size}.webp" for size in self.sizes)


def draw(spec: ArtSpec, view: int, size: int) -> Image.Image:
    """Return one view of a thing as a square RGB picture.

    Raises ValueError for a family, a view or a size that there is not.
    """
    family = _FAMILIES.get(spec.family)
    if family is None:
        raise ValueError(f"No pictures of {spec.family!r}: use one of {', '.join(_FAMILIES)}.")
    if not 0 <= view < spec.views:
        raise ValueError(f"View {view} of a {spec.family} that has {spec.views}: use 0 to {spec.views - 1}.")
    if size < _SMALLEST:
        raise ValueError(f"A picture of {size} pixels is too small to draw: use at least {_SMALLEST}.")
    return family(spec, view, size)


def _encode(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", quality=_QUALITY, method=0 if picture.width > 600 else 2)
    return buffer.getvalue()


def webp(spec: ArtSpec, view: int, size: int) -> bytes:
    """Return one view as a WebP file; errors as draw's."""
    return _encode(draw(spec, view, size))


def jobs(
    named: Iterable[tuple[str, ArtSpec]], *, views: Sequence[int] | None = None, sizes: tuple[int, ...] = (1200, 480)
) -> list[Job]:
    """Return what there is to draw for (name, spec) pairs: all first views, then all second ones, and so on.

    views: only these (those that a spec has); sizes: each file's, the largest is drawn and the others reduced from it.
    """
    pairs = list(named)
    most = max((spec.views for _name, spec in pairs), default=0)
    wanted = range(most) if views is None else views
    largest_first = tuple(sorted(sizes, reverse=True))
    return [Job(name, spec, view, largest_first) for view in wanted for name, spec in pairs if view < spec.views]


def _write(task: tuple[Job, str]) -> tuple[str, ...]:
    job, folder = task
    picture = draw(job.spec, job.view, job.sizes[0])
    for size, name in zip(job.sizes, job.files(), strict=True):
        fitted = (
            picture if size == picture.width else picture.resize((size, size), Image.Resampling.BOX, reducing_gap=2.0)
        )
        path = Path(folder) / name
        part = path.with_suffix(".part")
        part.write_bytes(_encode(fitted))
        part.rename(path)
    return job.files()


def render_all(work: Sequence[Job], folder: Path, *, processes: int = 2) -> Iterator[str]:
    """Draw the files into a folder, yielding each name once it is whole; a file that is there already is kept.

    The processes are spawned, so callers with open connections lose none to a fork.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tasks = [(job, str(folder)) for job in work if not all((folder / name).exists() for name in job.files())]
    for job in work:
        if all((folder / name).exists() for name in job.files()):
            yield from job.files()
    if processes == 1 or len(tasks) < 8:
        for task in tasks:
            yield from _write(task)
        return
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for names in pool.imap_unordered(_write, tasks, chunksize=4):
            yield from names
