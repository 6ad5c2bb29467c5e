"""`python -m config.embedded.seed.artist`: draws the large pictures and the other views while the hall is open.

The popular things come first. It may be stopped at any time: the next run goes on where this one ended.
"""

import os
import sys
from pathlib import Path

import django

from config.embedded.seed import drawing
from config.embedded.seed.hall import demo_hall
from marketplace.core.pictures import LARGE
from marketplace.imports.demo.art import ArtSpec, jobs, render_all

# Buyers' pages come before pictures.
POLITENESS = 15
LATER_VIEWS = (1, 2, 3)


def main() -> int:
    """Draws what is missing and says so in the database, picture by picture."""
    os.nice(POLITENESS)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    by_stem = {drawing.stem(spec): spec for spec in drawing.specs(demo_hall()).values()}
    # The small first views are drawn, and pages may have been given them: only their large files are missing.
    work = [*jobs(by_stem.items(), views=(0,), sizes=(LARGE,)), *jobs(by_stem.items(), views=LATER_VIEWS)]
    folder = drawing.media_root() / drawing.FOLDER
    for file_name in render_all(work, folder, processes=1):
        stem, view, size = Path(file_name).stem.rsplit("-", 2)
        if int(size) == LARGE:
            _show(by_stem[stem], int(view))
    return 0


def _show(spec: ArtSpec, view: int) -> None:
    """Lets pages use the picture; doing it again changes nothing."""
    from marketplace.catalog.models import ProductImage

    key = drawing.key(spec, view)
    if ProductImage.objects.filter(key=key).exclude(width=LARGE).update(width=LARGE, height=LARGE):
        return
    first = ProductImage.objects.filter(key=drawing.key(spec, 0)).first()
    if first is None or ProductImage.objects.filter(key=key).exists():
        return
    ProductImage.objects.create(
        product_id=first.product_id,
        variant_id=first.variant_id,
        position=view,
        key=key,
        width=LARGE,
        height=LARGE,
        alt=f"{first.alt}, view {view + 1}",
        state=ProductImage.State.READY,
    )


if __name__ == "__main__":
    sys.exit(main())
