"""Write `static/icons.svg`: the icons our templates name, as one sprite."""

import importlib
from pathlib import Path
from xml.etree import ElementTree

from django.core.management.base import BaseCommand, CommandError, CommandParser

SPRITE = Path(__file__).resolve().parents[4] / "static" / "icons.svg"
ICONS = (
    "arrow-down",
    "arrow-left",
    "arrow-right",
    "arrow-up",
    "ban",
    "banknote",
    "bell",
    "bitcoin",
    "chart-line",
    "check",
    "chevron-down",
    "chevron-left",
    "chevron-right",
    "circle-alert",
    "circle-check",
    "circle-question-mark",
    "clock",
    "credit-card",
    "external-link",
    "eye",
    "heart",
    "image",
    "info",
    "layout-grid",
    "lock",
    "log-out",
    "mail",
    "map-pin",
    "message-circle",
    "minus",
    "package",
    "plus",
    "printer",
    "rotate-ccw",
    "search",
    "settings",
    "shield-check",
    "shopping-bag",
    "sliders-horizontal",
    "star",
    "store",
    "tag",
    "trash-2",
    "trending-up",
    "triangle-alert",
    "truck",
    "undo-2",
    "upload",
    "user",
    "x",
)


class Command(BaseCommand):
    """Icons come from the PyPI package `lucide` (Lucide, ISC), needed only to run this."""

    help = "Write static/icons.svg from the Lucide icons. Needs: pip install lucide"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--output", type=Path, default=SPRITE)

    def handle(self, *args: object, output: Path = SPRITE, **options: object) -> None:
        try:
            lucide = importlib.import_module("lucide.jinja")
        except ModuleNotFoundError as error:
            raise CommandError("The icons come from a package that is not installed: pip install lucide") from error
        symbols = []
        for name in ICONS:
            icon = ElementTree.fromstring(lucide.lucide(name, size=None))  # noqa: S314 - a pinned package's own file
            shapes = "".join(ElementTree.tostring(shape, encoding="unicode").strip() for shape in icon)
            symbols.append(f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>\n')
        head = "<!-- Icons: Lucide, ISC licence, see icons-LICENSE.txt. Written by manage.py build_icons. -->\n"
        output.write_text(
            f'<svg xmlns="http://www.w3.org/2000/svg">\n{head}{"".join(symbols)}</svg>\n', encoding="utf-8"
        )
        self.stdout.write(f"{len(ICONS)} icons, {output.stat().st_size:,} bytes: {output}")
