import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command

from marketplace.storefront.management.commands.build_icons import ICONS

DRAWN = '<svg viewBox="0 0 24 24" fill="none"><path d="M1 1h2" /><circle cx="4" cy="4" r="1" /></svg>'


def test_without_the_package_the_way_to_get_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lucide.jinja", None)
    with pytest.raises(CommandError, match="pip install lucide"):
        call_command("build_icons")


def test_every_icon_becomes_a_symbol_with_its_shapes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "lucide", SimpleNamespace())
    monkeypatch.setitem(sys.modules, "lucide.jinja", SimpleNamespace(lucide=lambda name, size: DRAWN))
    call_command("build_icons", output=tmp_path / "icons.svg")
    sprite = (tmp_path / "icons.svg").read_text(encoding="utf-8")
    assert sprite.count("<symbol ") == len(ICONS)
    assert (
        '<symbol id="arrow-down" viewBox="0 0 24 24"><path d="M1 1h2" /><circle cx="4" cy="4" r="1" /></symbol>'
        in sprite
    )
