"""The page that Prometheus reads, and the address to which browsers report."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from monitoring.metrics import access, exposition, vitals

_PLAIN = "text/plain; charset=utf-8"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The figures of this group of processes, for who has METRICS_TOKEN; without a token there is no such page."""
    if not access.configured():
        return HttpResponse("Set METRICS_TOKEN to show metrics here.\n", status=404, content_type=_PLAIN)
    if not access.may_read(request.headers.get("Authorization", "")):
        said = "Send Authorization: Bearer and the value of METRICS_TOKEN.\n"
        return HttpResponse(said, status=403, content_type=_PLAIN)
    return HttpResponse(exposition.text(), content_type=exposition.CONTENT_TYPE)


@csrf_exempt
@require_POST
def report_vitals(request: HttpRequest) -> HttpResponse:
    """Takes one report of a browser. It carries nobody's data and changes nothing of anybody's, so it needs no token."""
    if not _from_our_pages(request):
        return HttpResponse("Only our own pages report here.\n", status=403, content_type=_PLAIN)
    body = request.read(vitals.MOST_BYTES + 1)
    if len(body) > vitals.MOST_BYTES:
        return HttpResponse(f"At most {vitals.MOST_BYTES} bytes.\n", status=413, content_type=_PLAIN)
    try:
        report = vitals.read(body)
    except vitals.BadReport as error:
        return HttpResponse(f"{error}\n", status=400, content_type=_PLAIN)
    vitals.note(report)
    return HttpResponse(status=204)


def _from_our_pages(request: HttpRequest) -> bool:
    """Browsers say where a request comes from; a program may say anything, and gains a false figure."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    return request.headers.get("Origin") == f"{request.scheme}://{request.get_host()}"
