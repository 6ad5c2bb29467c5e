#!/usr/bin/env python
"""The entry point of every management command."""

import os
import sys

from config.metrics import prepare


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.update(prepare(os.environ.get("PROCESS_KIND", "command")))
    from django.core.management import execute_from_command_line

    from config.env import BadEnvironment, tolerate
    from monitoring.errors.commands import reported_command
    from monitoring.requests import ids, logs

    logs.watch_crashes()
    ids.begin(command=next(filter(str.isidentifier, sys.argv[1:2]), ""))
    if sys.argv[1:2] == ["preflight"]:
        # It reports bad variables together with everything else that is wrong.
        tolerate()
    try:
        with reported_command(sys.argv):
            execute_from_command_line(sys.argv)
    except BadEnvironment as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
