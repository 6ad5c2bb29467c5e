#!/usr/bin/env python
"""The entry point of every management command."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.env import BadEnvironment, tolerate

    if sys.argv[1:2] == ["preflight"]:
        # It reports bad variables together with everything else that is wrong.
        tolerate()
    try:
        execute_from_command_line(sys.argv)
    except BadEnvironment as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
