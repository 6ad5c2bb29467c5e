"""Functions that fail, so that tests have frames of our own to look at."""


def boom(text: str = "no seat left") -> None:
    raise ValueError(text)


def bang(text: str = "no seat left") -> None:
    raise ValueError(text)


def either(first: bool) -> None:
    """Two lines of one function: the same kind of error."""
    if first:
        raise ValueError("no seat left")
    raise ValueError("no bed left")


def chained() -> None:
    try:
        boom("the first")
    except ValueError as error:
        raise RuntimeError("the second") from error


def deep(levels: int) -> None:
    if levels == 0:
        raise ValueError("at the bottom")
    deep(levels - 1)


def caught(call: object, *args: object) -> BaseException:
    """What the call raises."""
    try:
        call(*args)  # type: ignore[operator]
    except Exception as error:  # noqa: BLE001 - whatever it is, the test wants it
        return error
    raise AssertionError("nothing was raised")
