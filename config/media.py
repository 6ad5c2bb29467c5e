"""Serves public pictures where they lie in files; with object storage in front, nobody asks for them here."""

from django.core.exceptions import SuspiciousFileOperation
from django.core.files.storage import FileSystemStorage, storages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_safe
from django.views.static import serve

# Keys are content hashes: what a name stands for never changes.
_FOR_EVER = "public, max-age=31536000, immutable"
# No key is that long, and a file system refuses names that are longer (NAME_MAX).
_LONGEST = 255


@require_safe
def picture(request: HttpRequest, path: str) -> HttpResponseBase:
    """A stored WebP file; nothing else is ever given out from there."""
    storage = storages["default"]
    if not path.endswith(".webp") or len(path.encode()) > _LONGEST or not isinstance(storage, FileSystemStorage):
        raise Http404
    try:
        response = serve(request, path, document_root=str(storage.location))
    except SuspiciousFileOperation as error:
        # A path that leads out of the folder.
        raise Http404 from error
    response["Cache-Control"] = _FOR_EVER
    # Pictures are for everybody: feeds and the API's callers show them on pages of their own.
    response["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
