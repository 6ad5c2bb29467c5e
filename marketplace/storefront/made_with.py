"""What the pages of this process are made with: another release's pages name style sheets and pictures that are not there."""

from collections.abc import Iterator
from functools import cache
from hashlib import blake2b
from pathlib import Path

from django.contrib.staticfiles.storage import staticfiles_storage
from django.template import engines
from django.template.backends.jinja2 import Jinja2


@cache
def made_with() -> str:
    """The same word in all processes that would render the same pages: of templates, page modules and static files."""
    digest = blake2b(str(getattr(staticfiles_storage, "manifest_hash", "")).encode(), digest_size=6)
    for file in _files():
        digest.update(file.name.encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _files() -> Iterator[Path]:
    for folder in (Path(__file__).parent, *_templates()):
        yield from sorted(file for file in folder.rglob("*") if file.suffix in {".py", ".html", ".svg"})


def _templates() -> Iterator[Path]:
    for engine in engines.all():
        if isinstance(engine, Jinja2):
            yield from (Path(folder) for folder in engine.template_dirs)
