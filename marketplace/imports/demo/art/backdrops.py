"""Studio papers, chosen per family so that a shelf hangs together and every thing stands out from what is behind it."""

from marketplace.imports.demo.art.colour import lightness, rgb

# wall, floor
_PAPERS: dict[str, tuple[tuple[str, str], ...]] = {
    "ceramic": (
        ("#d9d3c8", "#e3ddd2"), ("#cfd4d0", "#dcdfda"), ("#b8a893", "#c9bba7"), ("#9fa9a6", "#b3bbb7"), ("#e6dfd3", "#eee8dd"),
        ("#c7b3a2", "#d6c5b5"), ("#8d9490", "#a3a9a4"), ("#d5c9b4", "#e2d8c6"), ("#b9c2c8", "#ccd2d5"), ("#7d8a8c", "#93a0a0"),
        ("#a88f7a", "#bba48f"), ("#dfd8d4", "#eae4e0"),
    ),
    "record": (
        ("#cdd6d8", "#dce2e2"), ("#e2d6c4", "#ece2d3"), ("#c9c3b6", "#d8d2c6"), ("#a9bcb9", "#bccbc7"), ("#d9bfa9", "#e6d0bd"),
        ("#b7b9bd", "#c9cbcd"), ("#e6e2da", "#efece6"), ("#8fa0a6", "#a4b3b7"), ("#d8b7a6", "#e4c9ba"), ("#bdb59c", "#cec7b1"),
        ("#6f7f84", "#86959a"), ("#c4ccc0", "#d4dacf"),
    ),
    "print": (
        ("#e4e0d8", "#d2c8b8"), ("#d8dcd9", "#c4b9a6"), ("#dcd2c4", "#b99f80"), ("#c3cbc6", "#b7a68f"), ("#e8e3da", "#c9b79c"),
        ("#cfc6bb", "#a98e70"), ("#b9c3c6", "#c0ae95"), ("#d9c8b9", "#b59676"),
    ),
    "textile": (
        ("#e0dbd1", "#e8e3da"), ("#cfd3cf", "#dbdedb"), ("#d8cab8", "#e2d6c6"), ("#c0c7c6", "#cfd4d2"), ("#e5ddd6", "#eee8e2"),
        ("#b8b1a4", "#c8c2b6"), ("#d3d7dc", "#e0e3e6"), ("#9ea6a3", "#b1b8b4"),
    ),
    "lamp": (
        ("#a89f92", "#8f8576"), ("#8f9a98", "#7a8481"), ("#b5a08b", "#94806b"), ("#7f8a90", "#697479"), ("#b9ada0", "#998c7d"),
        ("#8b8178", "#726860"), ("#9aa392", "#7f8877"), ("#a8938c", "#8a766f"),
    ),
    "candle": (
        ("#cbbfae", "#d8cebf"), ("#b3aca2", "#c2bbb1"), ("#c9b5a3", "#d5c4b4"), ("#9fa6a2", "#b0b6b1"), ("#d8d0c4", "#e2dbd0"),
        ("#8d8a86", "#a09d98"),
    ),
    "paper": (
        ("#dfe0da", "#e6e6e0"), ("#e4d8c8", "#eae0d2"), ("#c8d0d2", "#d2d9da"), ("#d9c6b8", "#e2d2c6"), ("#c9cdbf", "#d4d8cb"),
        ("#e8e2d8", "#eee9e1"), ("#b4bec2", "#c1cace"), ("#cdbfb4", "#d8ccc2"),
    ),
    "wood": (
        ("#d8dcd8", "#e2e5e1"), ("#e2dcd1", "#eae5db"), ("#b9c3c1", "#c8d0cd"), ("#cfd3d6", "#dbdee0"), ("#a7b2b0", "#b8c1be"),
        ("#d7cfc4", "#e1dad0"), ("#8f9c9c", "#a3aeac"),
    ),
    "plant": (
        ("#e0d8ca", "#e9e2d6"), ("#d5dad6", "#e0e4e0"), ("#d9c4b0", "#e4d3c2"), ("#c5ced1", "#d4dbdc"), ("#d3b49c", "#dfc5b0"),
        ("#e6e1d9", "#eeeae3"), ("#b7c0b4", "#c6cec3"), ("#cbb9a8", "#d8c9ba"),
    ),
}  # fmt: skip


def _apart(first: str, second: str) -> float:
    """Return how different two colours are: mostly lightness, a little hue."""
    hue = sum(abs(a - b) for a, b in zip(rgb(first), rgb(second), strict=True)) / 765
    return abs(lightness(first) - lightness(second)) + 0.7 * hue


def paper(family: str, main: str, seed: int, view: int = 0) -> tuple[str, str]:
    """Return wall and floor for a thing of this colour: one of the half that sets it off best, fixed by the seed."""
    ranked = sorted(_PAPERS[family], key=lambda pair: -_apart(pair[0], main))
    chosen = ranked[: max(3, len(ranked) * 2 // 3)]
    return chosen[(seed // 7 + view * 2) % len(chosen)]
