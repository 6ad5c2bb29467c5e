"""What this process is called among its like, and since when it runs."""

import os
import socket
from datetime import UTC, datetime
from typing import Final

import psutil
from django.apps import apps

# Set by a supervisor for what it supervises: a worker's children sign with the name of the whole.
VARIABLE: Final = "AWNING_INSTANCE"


def instance() -> str:
    """The name: host and process id, or what the supervisor says."""
    return os.environ.get(VARIABLE) or name_of(os.getpid())


def name_of(pid: int) -> str:
    """The name of the process ``pid`` on this machine."""
    return f"{socket.gethostname()[:100]}:{pid}"


def started_at() -> datetime:
    """When this process began."""
    return datetime.fromtimestamp(psutil.Process().create_time(), UTC)


def release() -> str:
    """The version of the hall that this process runs; empty when nobody said."""
    said: str = apps.get_app_config("supervision").release  # type: ignore[attr-defined]
    return said
