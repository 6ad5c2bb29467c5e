"""What the embedded servers raise."""


class EmbeddedError(Exception):
    """A server cannot be started; the message is one line that says what to do."""
