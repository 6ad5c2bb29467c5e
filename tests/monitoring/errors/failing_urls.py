"""Pages that fail with secrets in everything they touch."""

from django.db import connection, transaction
from django.http import HttpRequest, HttpResponse
from django.urls import path

from marketplace.accounts.models import User
from tests.monitoring.errors.canaries import CANARIES


def locals_and_all(request: HttpRequest) -> HttpResponse:
    secret = CANARIES["local"]
    held = {"nested": [CANARIES["nested local"]], "post": request.POST.get("password"), "cookie": request.COOKIES}
    raise ValueError(
        f"no session {CANARIES['session in text']} for {CANARIES['e-mail in text']}: {len(secret)} {len(held)}"
    )


def chained(request: HttpRequest) -> HttpResponse:
    try:
        try:
            raise KeyError(CANARIES["first cause"])
        except KeyError as error:
            raise RuntimeError(f"provider said {CANARIES['provider key in text']}") from error
    except RuntimeError:
        raise OSError(f"cannot reach {CANARIES['address in text']} with password {CANARIES['password in text']}")  # noqa: B904


def refused_row(request: HttpRequest) -> HttpResponse:
    with transaction.atomic():
        User.objects.create(email=CANARIES["sql parameter"], password="x")
        User.objects.create(email=CANARIES["sql parameter"], password="x")
    return HttpResponse()


def refused_value(request: HttpRequest) -> HttpResponse:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT %s::int", [CANARIES["cast parameter"]])
    return HttpResponse()


urlpatterns = [
    path("fails/<str:token>/", locals_and_all),
    path("chained/", chained),
    path("refused/", refused_row),
    path("cast/", refused_value),
]
