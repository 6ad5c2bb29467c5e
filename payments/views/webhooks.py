"""Where the provider reports what has happened."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from marketplace.core.nudges import Nudge
from payments import webhooks
from payments.provider import BadSignature
from payments.tasks import process_inbox

_wake_worker = Nudge(process_inbox.delay)


@csrf_exempt
@require_POST
def stripe(request: HttpRequest) -> HttpResponse:
    """200 once stored, also for a duplicate; 400 unless the provider signed it just now; 413 when too large."""
    # One byte more than allowed is enough to know; a body without a length is read no further either.
    raw = request.read(webhooks.MAX_BYTES + 1)
    if len(raw) > webhooks.MAX_BYTES:
        return HttpResponse("The body is larger than 256 kB.", status=413, content_type="text/plain")
    try:
        stored = webhooks.receive(raw=raw, signature=request.headers.get("Stripe-Signature", ""), now=timezone.now())
    except BadSignature as error:
        return HttpResponse(error.message, status=error.status, content_type="text/plain")
    if stored:
        _wake_worker()
    return HttpResponse(status=200)
