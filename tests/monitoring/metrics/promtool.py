"""Prometheus' own checker, as the tests of metrics and rules run it."""

import shutil
import subprocess

import pytest


def promtool(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """Runs Prometheus' own checker; a machine without it fails the test, and never skips it."""
    program = shutil.which("promtool")
    if program is None:
        pytest.fail("These tests need promtool: apt-get install prometheus.")
    return subprocess.run([program, *arguments], input=given, capture_output=True, timeout=60, check=False)
