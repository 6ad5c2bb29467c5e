"""The potters' glazes: what they are called, what they look like and how they take the light."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glaze:
    """A glaze: main and second colour, speck colour, how it lies ("solid", "speckle", "dip", "drip", …), its finish."""

    name: str
    colour: str
    main: str
    second: str
    speck: str
    lies: str
    finish: str


GLAZES: tuple[Glaze, ...] = (
    Glaze("oatmeal speckle", "Cream", "#e4d8c2", "#cdb797", "#6b4a2f", "speckle", "Satin"),
    Glaze("ash white", "White", "#efebe2", "#d9d2c3", "#8d7a62", "solid", "Matt"),
    Glaze("tenmoku", "Brown", "#2d1c14", "#a4592a", "#d98b45", "reactive", "Gloss"),
    Glaze("celadon", "Green", "#a9c3ae", "#86a98f", "#5d7f68", "solid", "Gloss"),
    Glaze("harbour blue", "Blue", "#3e6285", "#89a8bf", "#1f3349", "reactive", "Satin"),
    Glaze("iron red", "Terracotta", "#a2432a", "#6a2718", "#2c120c", "reactive", "Satin"),
    Glaze("chalk and clay", "Natural", "#efe9dc", "#b9734b", "#8a5a3c", "dip", "Matt"),
    Glaze("midnight dip", "Blue", "#1f3150", "#e7dfcf", "#121d31", "dip", "Gloss"),
    Glaze("moss run", "Green", "#5c6f45", "#9fae74", "#2e3a24", "drip", "Gloss"),
    Glaze("honey drip", "Yellow", "#d39a3a", "#efe3c8", "#8a5a1f", "drip", "Gloss"),
    Glaze("soot", "Black", "#2b2a29", "#4a4745", "#111111", "solid", "Matt"),
    Glaze("pebble grey", "Grey", "#a6a49c", "#82807a", "#4d4b47", "speckle", "Matt"),
    Glaze("rose slip", "Pink", "#dba79a", "#c98878", "#8f5448", "speckle", "Matt"),
    Glaze("cobalt brush", "Blue", "#efeae0", "#274c86", "#274c86", "brush", "Gloss"),
    Glaze("iron brush", "Brown", "#e6dac3", "#5a3a26", "#5a3a26", "brush", "Satin"),
    Glaze("tide lines", "Teal", "#e9e4d6", "#3c7d80", "#2a5a5e", "bands", "Satin"),
    Glaze("harvest bands", "Orange", "#eadfc9", "#cf7a3a", "#7d4322", "bands", "Satin"),
    Glaze("butter", "Yellow", "#eed58d", "#dcb95f", "#9c7a2f", "solid", "Gloss"),
    Glaze("lagoon", "Teal", "#3b8b8a", "#9fcbbb", "#1f4f52", "reactive", "Gloss"),
    Glaze("plum", "Purple", "#5b3450", "#8d5d7c", "#2f1a2a", "solid", "Gloss"),
    Glaze("coral", "Orange", "#e2785a", "#f0a88c", "#9a4630", "solid", "Satin"),
    Glaze("crackle white", "White", "#ece8de", "#cfc7b6", "#9a8d78", "crackle", "Gloss"),
    Glaze("raw terracotta", "Terracotta", "#bd6b47", "#a3573a", "#6e3824", "raw", "Matt"),
    Glaze("blue snow", "Blue", "#6f93b4", "#e9edf0", "#2c4a68", "drip", "Satin"),
    Glaze("ink drip", "Black", "#23262b", "#e6dfd0", "#0e1013", "drip", "Gloss"),
    Glaze("bottle green", "Green", "#274e3d", "#4f7f66", "#12281f", "solid", "Gloss"),
    Glaze("sea fog", "Grey", "#c4cccb", "#97a5a7", "#5d6c70", "reactive", "Satin"),
    Glaze("persimmon", "Red", "#b8472b", "#dd7a4a", "#6a2415", "solid", "Gloss"),
)
