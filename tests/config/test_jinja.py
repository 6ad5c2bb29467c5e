"""The templates as a whole: they compile, escape, and keep to what the Content-Security-Policy allows."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.forms import CharField, ChoiceField, Form
from django.template import engines
from jinja2 import Environment, UndefinedError

from config.jinja import icon, url
from marketplace.core.page_parts import Choice, Meta, Shell, field_from
from marketplace.storefront.management.commands.build_icons import ICONS

TEMPLATES = Path(settings.BASE_DIR) / "templates"
ALL = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*") if path.is_file())
PAGES = [name for name in ALL if not name.startswith("emails/")]
MAILS = sorted(name.removesuffix(".html") for name in ALL if name.startswith("emails/") and name.endswith(".html"))
FRAMES = {"emails/base", "emails/parts"}


@pytest.fixture
def env() -> Environment:
    return engines["jinja2"].env  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("name", ALL)
def test_every_template_compiles(env: Environment, name: str) -> None:
    env.get_template(name)


@pytest.mark.parametrize("name", PAGES)
def test_pages_carry_no_inline_style_or_script(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    assert not re.search(r"\sstyle=|<style|\son\w+=|javascript:", source)
    scripts = re.findall(r"<script([^>]*)>", source)
    assert all("src=" in script or 'type="application/ld+json"' in script for script in scripts)


@pytest.mark.parametrize("name", PAGES)
def test_static_files_and_icons_that_a_template_names_exist(name: str) -> None:
    source = (TEMPLATES / name).read_text(encoding="utf-8")
    for path in re.findall(r"static(?:_or_plain)?\(['\"]([^'\"]+)", source):
        assert finders.find(path), path
    for symbol in re.findall(r"icon\(['\"]([^'\"]+)['\"](?! *~)", source):
        assert icon(symbol)


def test_the_sprite_holds_the_icons_that_the_command_lists() -> None:
    sprite = (Path(settings.BASE_DIR) / "static" / "icons.svg").read_text(encoding="utf-8")
    assert re.findall(r'<symbol id="([^"]+)"', sprite) == list(ICONS)


def test_an_icon_that_is_not_in_the_sprite_is_named() -> None:
    with pytest.raises(LookupError, match="no icon 'unicorn'"):
        icon("unicorn")


def test_text_is_escaped_and_a_missing_name_is_an_error(env: Environment) -> None:
    assert env.from_string("{{ word }}").render(word="<b>") == "&lt;b&gt;"
    with pytest.raises(UndefinedError):
        env.from_string("{{ nothing }}").render()


def test_plain_text_mails_are_not_escaped(env: Environment) -> None:
    seller = {
        "number": "1",
        "stall": "Ham & Eggs",
        "lines": [],
        "sums": [],
        "address": [],
        "ship_by": "",
        "order_url": "",
    }
    assert "Ham & Eggs" in env.get_template("emails/order_placed_seller.txt").render(seller)


@pytest.mark.parametrize("name", [name for name in MAILS if name not in FRAMES])
def test_every_mail_has_a_text_part_and_a_subject_of_one_line(env: Environment, name: str) -> None:
    env.get_template(f"{name}.txt")
    subject = env.get_template(f"{name}_subject.txt").render(number="A-1", buyer_place="Graz", amount="€1.00")
    assert subject.strip()
    assert "\n" not in subject


@pytest.mark.parametrize("name", MAILS)
def test_mails_use_literal_colours(name: str) -> None:
    source = (TEMPLATES / f"{name}.html").read_text(encoding="utf-8")
    assert "var(" not in source
    assert "light-dark" not in source


def test_structured_data_cannot_close_its_script(env: Environment) -> None:
    shell = Shell(home_href="/", search_href="/search/", cart_href="/cart/", sign_in_href="/account/login/")
    meta = Meta("Vase", structured_data={"name": "</script><b>"})
    head = env.get_template("page.html").render(shell=shell, page={"meta": meta}).partition("</head>")[0]
    assert '"name": "\\u003c/script\\u003e\\u003cb\\u003e"' in head


def test_titles_are_escaped_in_pages(env: Environment) -> None:
    shell = Shell(home_href="/", search_href="/search/", cart_href="/cart/", sign_in_href="/", user_name="<b>Mira</b>")
    page = env.get_template("page.html").render(shell=shell, page={"meta": Meta("<i>Vase</i>")})
    assert "&lt;i&gt;Vase&lt;/i&gt; | Awning" in page
    assert "&lt;b&gt;Mira" in page


def test_plain_paths_are_remembered_per_url_configuration(settings: object) -> None:
    assert url("account_login") == url("account_login") == "/account/login/"


class Colours(Form):
    colour = ChoiceField(choices=[("r", "Red"), ("b", "Blue")])
    name = CharField(max_length=5, required=False)


def test_a_form_field_becomes_a_field_with_its_errors() -> None:
    form = Colours({"colour": "b", "name": "too long"})
    assert not form.is_valid()
    colour, name = field_from(form["colour"]), field_from(form["name"], label="Name", autocomplete="name")
    assert colour.kind == "select"
    assert colour.choices == (Choice("r", "Red"), Choice("b", "Blue", current=True))
    assert (name.value, name.maxlength, name.required, name.html_id) == ("too long", 5, False, "id_name")
    assert name.errors == ("Ensure this value has at most 5 characters (it has 8).",)
