"""The Jinja2 environment of our pages and e-mails."""

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.urls import get_script_prefix, get_urlconf, reverse
from jinja2 import Environment, FileSystemBytecodeCache, StrictUndefined, select_autoescape
from markupsafe import Markup

from marketplace.core.page_parts import field_from


def environment(**options: Any) -> Environment:
    """Build the environment: escaping on, and a name that was not given is an error, also in production.

    Page modules hand over finished text, so there are globals for what depends on the deployment and no filters.
    """
    options |= {
        # Everything but plain text; a template without a name is escaped too.
        "autoescape": select_autoescape(disabled_extensions=("txt",), default=True, default_for_string=True),
        "undefined": StrictUndefined,
        "trim_blocks": True,
        "lstrip_blocks": True,
        "bytecode_cache": None if options.get("auto_reload") else _compiled(),
    }
    env = Environment(**options)  # noqa: S701 - autoescape is on, above
    env.globals.update(static=static, static_or_plain=static_or_plain, url=url, icon=icon, field_from=field_from)
    return env


def _compiled() -> FileSystemBytecodeCache:
    # Compiled templates carry the escaping they were compiled with, so they are kept apart per version of this file.
    version = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()[:16]
    return FileSystemBytecodeCache(pattern=f"awning_{version}_%s.cache")


def static_or_plain(path: str) -> str:
    """The URL of a static file, also where the manifest lacks it: an error page must not fail for its stylesheet."""
    try:
        return str(staticfiles_storage.url(path))
    except ValueError:
        return f"{settings.STATIC_URL}{path}"


def url(name: str, *args: Any) -> str:
    """The path of a named URL; paths without arguments are remembered, as every page asks for the same ones."""
    if args:
        return reverse(name, args=args)
    return _plain_url(name, get_urlconf(), get_script_prefix())


@lru_cache(maxsize=256)
def _plain_url(name: str, urlconf: str | None, prefix: str) -> str:
    return reverse(name)


@lru_cache(maxsize=512)
def icon(name: str, classes: str = "") -> Markup:
    """A decorative icon of the sprite. Raises LookupError for a name the sprite lacks."""
    if name not in _icon_names():
        raise LookupError(f"static/icons.svg has no icon {name!r}: add it to build_icons and run the command")
    css = f"i {classes}".strip()
    return Markup('<svg class="{}" aria-hidden="true"><use href="{}#{}"/></svg>').format(css, static("icons.svg"), name)


@lru_cache(maxsize=1)
def _icon_names() -> frozenset[str]:
    sprite = (Path(settings.BASE_DIR) / "static" / "icons.svg").read_text(encoding="utf-8")
    return frozenset(re.findall(r'<symbol id="([^"]+)"', sprite))
