"""Reads the process environment; every bad value is collected, and the boot stops once, naming them all.

Every variable may also be given as ``NAME_FILE``, a path whose content is the value (for mounted secrets). While settings
load, a reader notes what is bad and hands out a stand-in; settings end with ``settle()``. What is read after that stops at
once. No message holds a value or a path: what stands in the wrong variable may be a secret.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import overload

from monitoring.requests import scrubber


@dataclass(frozen=True, slots=True)
class Problem:
    """One variable that cannot be used; ``text`` says why and what to do."""

    variable: str
    text: str


class BadEnvironment(RuntimeError):
    """Variables are missing or have values that cannot be used; the message names each and says what to do."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        lines = "".join(f"\n  {problem.variable}: {problem.text}" for problem in problems)
        count = "1 variable" if len(problems) == 1 else f"{len(problems)} variables"
        super().__init__(f"{count} of the environment cannot be used (.env.example has their meaning):{lines}")


# Names of variables whose values nobody may see.
_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|DSN|WEBHOOK_URL|(?<!PUBLISHABLE)_KEY$")
# Of such an address, libraries quote what follows the host alone.
_PATH = re.compile(r"(?<=[\w\]])/\S+", re.ASCII)
_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


class _Required:
    """Marks a variable without default."""


REQUIRED = _Required()


class Environment:
    """The variables of one process and what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._problems: dict[str, Problem] = {}
        self._settled = self._tolerant = False

    def refuse(self, name: str, text: str) -> None:
        """Notes that the variable cannot be used: the first reason counts. Raises BadEnvironment once settings stand."""
        problem = Problem(name, text)
        if self._settled and not self._tolerant:
            raise BadEnvironment(problem)
        self._problems.setdefault(name, problem)

    def problems(self) -> tuple[Problem, ...]:
        """What is wrong so far, in the order of reading."""
        return tuple(self._problems.values())

    def tolerate(self) -> None:
        """For the preflight alone, which reports these problems together with all others: never stop."""
        self._tolerant = True

    def stop_if_bad(self) -> None:
        """Raises BadEnvironment with everything that is wrong so far."""
        if self._problems and not self._tolerant:
            raise BadEnvironment(*self.problems())

    def settle(self) -> None:
        """The settings stand: stop if anything is wrong, and from now on at each single thing."""
        self._settled = True
        self.stop_if_bad()

    def raw(self, name: str) -> str | None:
        """The value as it stands, from ``NAME`` or the file that ``NAME_FILE`` names; None when neither is there."""
        value, path = self._environ.get(name), self._environ.get(f"{name}_FILE")
        if not path:
            return value
        if value:
            self.refuse(name, f"{name} and {name}_FILE are both set: keep one of them.")
            return value
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            self.refuse(name, f"{name}_FILE names a file that cannot be read: {error.strerror}.")
        except ValueError:
            self.refuse(name, f"{name}_FILE names a file that is not text in UTF-8.")
        return None

    @overload
    def text(self, name: str, default: str | _Required = REQUIRED) -> str: ...
    @overload
    def text(self, name: str, default: None) -> str | None: ...
    def text(self, name: str, default: str | _Required | None = REQUIRED) -> str | None:
        """The variable as text; without ``default`` it is required."""
        value = self.raw(name)
        if value:
            return value
        if isinstance(default, _Required):
            self.refuse(name, "is not set. Set it.")
            return ""
        return default

    def flag(self, name: str, default: bool) -> bool:
        """The variable as a boolean: 1/true/yes/on or 0/false/no/off."""
        value = self.raw(name)
        if value is None:
            return default
        lowered = value.strip().lower()
        if lowered not in _TRUE | _FALSE:
            self.refuse(name, "is neither true nor false. Use 1 or 0.")
            return default
        return lowered in _TRUE

    def number(self, name: str, default: int, *, least: int = 0) -> int:
        """The variable as a whole number, at least ``least``."""
        value = self.raw(name)
        if not value:
            return default
        try:
            parsed = int(value)
        except ValueError:
            self.refuse(name, f"is not a whole number such as {default}.")
            return default
        if parsed < least:
            self.refuse(name, f"is too small: at least {least}.")
            return default
        return parsed

    def seconds(self, name: str, default: float) -> float:
        """The variable as a positive duration in seconds; fractions allowed."""
        value = self.raw(name)
        if not value:
            return default
        try:
            parsed = float(value)
        except ValueError:
            parsed = 0.0
        if not 0 < parsed < float("inf"):
            self.refuse(name, f"is not a positive number of seconds such as {default}.")
            return default
        return parsed

    def words(self, name: str, default: tuple[str, ...] = ()) -> list[str]:
        """The variable as a comma-separated list; blanks around and empty items are dropped."""
        value = self.raw(name)
        if value is None:
            return list(default)
        return [word.strip() for word in value.split(",") if word.strip()]

    def networks(self, name: str) -> list[IPv4Network | IPv6Network]:
        """The variable as a comma-separated list of networks or addresses, such as 10.0.0.0/8."""
        found = []
        for place, word in enumerate(self.words(name), start=1):
            try:
                found.append(ip_network(word))
            except ValueError:
                self.refuse(
                    name, f"its entry {place} is not a network such as 10.0.0.0/8 (a network's host part is zero)."
                )
        return found

    def secret(self, name: str) -> str:
        """A required secret. Its stand-in is random: nobody can guess what a half-set hall signs with."""
        value = self.raw(name)
        if not value or value.isspace():
            self.refuse(name, f"is not set. It is a secret: set {name} or {name}_FILE.")
            return secrets.token_urlsafe(64)
        return value


class _Own(Environment):
    """This process's variables: what is secret among them is masked wherever it would be written down."""

    def raw(self, name: str) -> str | None:
        value = super().raw(name)
        if value and _SECRET.search(name):
            scrubber.learn(value, *(_PATH.findall(value) if name.endswith("_URL") else ()))
        elif value and "://" in value:
            scrubber.learn_url(value)
        return value


_process = _Own(os.environ)
refuse, problems, tolerate = _process.refuse, _process.problems, _process.tolerate
stop_if_bad, settle = _process.stop_if_bad, _process.settle
raw, text, flag, number = _process.raw, _process.text, _process.flag, _process.number
seconds, words, networks, secret = _process.seconds, _process.words, _process.networks, _process.secret
