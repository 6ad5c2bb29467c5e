"""What can be wrong with a catalogue file, a row or a cell."""


class CatalogueFileError(Exception):
    """The file as a whole cannot be read; the message says what to do about it."""


class CellError(Exception):
    """One cell cannot be read; the row that holds it is left out."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


class RecordTooLongError(Exception):
    """A record ran past the caps: almost always a quotation mark that is never closed."""
