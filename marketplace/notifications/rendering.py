"""Renders e-mails: subject, text and HTML from three templates of one name."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from django.template.exceptions import TemplateDoesNotExist
from django.template.loader import render_to_string

from marketplace.core.events import Json
from marketplace.notifications.errors import BadMail

_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Rendered:
    subject: str
    text: str
    html: str


def render(template: str, values: Mapping[str, Json]) -> Rendered:
    """The e-mail `templates/emails/<template>`. Raises BadMail when there is none, UndefinedError for a missing value."""
    if not _NAME.fullmatch(template):
        raise BadMail(f"{template!r} is not the name of an e-mail.")
    try:
        subject, text, html = (
            render_to_string(f"emails/{template}{ending}", dict(values), using="jinja2")
            for ending in ("_subject.txt", ".txt", ".html")
        )
    except TemplateDoesNotExist as error:
        raise BadMail(f"There is no e-mail {template!r}: {error} is missing.") from error
    # One line, whatever the values held: a header ends at a line break.
    return Rendered(" ".join(subject.split()), text.strip() + "\n", html)
