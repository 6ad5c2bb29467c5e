"""Which operating-system user PostgreSQL runs as, and where that user can reach its files.

PostgreSQL refuses to run as root. Started by root, it runs as `nobody`; where that user cannot enter the project's folder
(/root, or a private temporary directory), programs are copied and data is kept under SHARED_ROOT instead.
"""

import hashlib
import os
import pwd
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from config.embedded.errors import EmbeddedError

UNPRIVILEGED: Final = "nobody"
SHARED_ROOT: Final = Path("/var/lib/awning")


@dataclass(frozen=True)
class Account:
    """The operating-system user a server runs as, when that is not the caller."""

    name: str
    uid: int
    gid: int


def server_account() -> Account | None:
    """Return the unprivileged user when the caller is root, else None: the caller's own."""
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam(UNPRIVILEGED)
    except KeyError:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and this system has no user {UNPRIVILEGED!r}: run as an ordinary user"
        ) from None
    return Account(name=entry.pw_name, uid=entry.pw_uid, gid=entry.pw_gid)


def can_enter(directory: Path, account: Account | None) -> bool:
    """Whether the account may pass through the directory and everything above it."""
    if account is None:
        return True
    real = directory.resolve()
    return all(_may_pass(step, account) for step in (real, *real.parents))


def _may_pass(directory: Path, account: Account) -> bool:
    status = directory.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & stat.S_IXUSR)
    if status.st_gid == account.gid:
        return bool(status.st_mode & stat.S_IXGRP)
    return bool(status.st_mode & stat.S_IXOTH)


def reachable_packages(site: Path, parts: tuple[str, ...], *, name: str, account: Account | None) -> Path:
    """Return the site directory, or one with copies of its `parts` that the account can reach.

    Parts keep their places beside each other, because programs find their libraries by relative path; `name` carries the
    version, so a copy is made once.
    """
    if all(can_enter(site / part, account) for part in parts):
        return site
    copy = _shared(name)
    if not copy.exists():
        draft = copy.with_name(f"{copy.name}.{os.getpid()}")
        for part in parts:
            shutil.copytree(site / part, draft / part, symlinks=True)
        for directory in (draft, *(path for path in draft.rglob("*") if path.is_dir())):
            directory.chmod(0o755)
        try:
            draft.rename(copy)
        except OSError:  # another start was faster
            shutil.rmtree(draft)
    return copy


def private_directory(wanted: Path, account: Account | None) -> Path:
    """Return where data meant for `wanted` is kept: an existing or new directory only the account may read.

    If the account cannot get there, `wanted` becomes a link to a directory it can reach.
    """
    try:
        wanted.parent.mkdir(parents=True, exist_ok=True)
        if wanted.is_symlink() and not wanted.exists():
            wanted.unlink()
        if not wanted.exists() and not can_enter(wanted.parent, account):
            home = _shared(f"data-{hashlib.sha256(str(wanted.absolute()).encode()).hexdigest()[:12]}")
            home.mkdir(exist_ok=True)
            wanted.symlink_to(home)
        wanted.mkdir(exist_ok=True)
        if account is not None:
            os.chown(wanted, account.uid, account.gid)
        wanted.chmod(0o700)
    except OSError as error:
        raise EmbeddedError(
            f"cannot write {error.filename or wanted} ({error.strerror}): choose another folder, or change its permissions"
        ) from error
    return wanted.resolve()


def remove_directory(wanted: Path) -> None:
    """Remove what `private_directory` made, the link and what it points to."""
    if wanted.is_symlink():
        target = wanted.resolve()
        wanted.unlink()
        wanted = target
    if wanted.exists():
        shutil.rmtree(wanted)


def _shared(name: str) -> Path:
    """Return a path under SHARED_ROOT, which root alone can write and everybody can enter."""
    try:
        SHARED_ROOT.mkdir(mode=0o755, parents=True, exist_ok=True)
        SHARED_ROOT.chmod(0o755)
    except OSError as error:
        raise EmbeddedError(
            f"PostgreSQL does not run as root, and user {UNPRIVILEGED!r} can reach neither this folder nor {SHARED_ROOT}"
            f" ({error.strerror}): run as an ordinary user, or move the project to a folder others can enter"
        ) from error
    return SHARED_ROOT / name
