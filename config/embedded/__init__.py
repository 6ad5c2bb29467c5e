"""Real servers as child processes, for the demo and for the tests: no root, no system packages, nothing left behind."""
