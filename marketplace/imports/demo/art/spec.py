"""What a picture is drawn from: a small frozen description, the same for every size and view."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ArtSpec:
    """One product's looks.

    family: which module draws it ("record", "print", "ceramic", "textile", "lamp", "candle", "paper", "wood", "plant").
    design: the form within the family, as "vase.bottle" or "sunrise".
    seed: everything that is left to chance.
    palette: sRGB hex colours, the main one first; their meaning is the family's own.
    params: further named choices, as (("glaze", "drip"),).
    texts: words that stand in the picture, as a record's title and artist.
    views: how many pictures there are (2 to 4).
    """

    family: str
    design: str
    seed: int
    palette: tuple[str, ...]
    params: tuple[tuple[str, str], ...] = ()
    texts: tuple[str, ...] = ()
    views: int = 2

    def param(self, name: str, default: str = "") -> str:
        """Return a named choice, or the default when the spec does not make it."""
        for key, value in self.params:
            if key == name:
                return value
        return default
