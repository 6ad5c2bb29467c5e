"""Turns a media URL into Django's storage settings: ``file:///path`` or ``s3://bucket/prefix?endpoint=…``."""

from collections.abc import Callable
from importlib import import_module
from typing import Any
from urllib.parse import parse_qs, urlsplit

from config.env import refuse

# Keys are content hashes, so what they name never changes.
_FOR_EVER = "public, max-age=31536000, immutable"


def storage(name: str, url: str, *, public: bool) -> dict[str, Any]:
    """Settings of one storage; ``name`` is the variable, for the error message; a bad URL is refused.

    ``s3://key:secret@bucket/prefix?endpoint=https://…&region=…&domain=media.example.com``; credentials may be left to
    the environment. ``domain`` is the public host name in front of the bucket.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme == "file" and parts.path:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": parts.path, "base_url": "/media/" if public else None},
        }
    if parts.scheme != "s3" or not parts.hostname:
        refuse(name, "must be file:///absolute/path or s3://bucket/prefix?endpoint=https://host.")
        return {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    # Not at the top: half a second, for halls that keep their files in a bucket.
    client_config: Callable[..., object] = import_module("botocore.config").Config
    limits = client_config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2})
    options: dict[str, Any] = {
        "client_config": limits,
        "bucket_name": parts.hostname,
        "location": parts.path.strip("/"),
        "endpoint_url": query.get("endpoint"),
        "region_name": query.get("region"),
        "custom_domain": query.get("domain"),
        "access_key": parts.username,
        "secret_key": parts.password,
        "querystring_auth": not public,
        "default_acl": None,
        "file_overwrite": True,
        "object_parameters": {"CacheControl": _FOR_EVER if public else "private, no-store"},
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
