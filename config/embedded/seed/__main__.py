"""`python -m config.embedded.seed`: fills an empty hall; a hall that has goods is left as it is."""

import os
import sys

import django

from config.embedded.errors import EmbeddedError


def main() -> int:
    """Fills the hall and says what it did, line by line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from config.embedded.seed.filling import fill

    try:
        for line in fill():
            print(line, flush=True)
    except EmbeddedError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
