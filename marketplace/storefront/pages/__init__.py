"""Page modules: queries in, frozen dataclasses of finished text out. Templates hold no logic.

Queries per page, warm caches, signed in with a cart (three of them the shell's): home 8, list and search 10,
product 8, stall 8. Tests hold them to it.
"""
