"""Where rates come from."""

from dataclasses import dataclass, field

from config.env import refuse, text, words

# Asked in this order; the first that knows a pair has the word, the next confirm what looks odd.
HOUSES = ("coingecko", "coinbase", "bitstamp")


@dataclass(frozen=True, slots=True)
class Rates:
    """``api_base`` and ``api_key`` are CoinGecko's."""

    api_base: str
    providers: tuple[str, ...]
    api_key: str = field(repr=False)


def rates() -> Rates:
    """What the environment says."""
    providers = tuple(words("RATES_PROVIDERS", HOUSES))
    unknown = [name for name in providers if name not in HOUSES]
    if unknown:
        refuse("RATES_PROVIDERS", f"{unknown[0]!r} is no house we know: choose of {', '.join(HOUSES)}.")
        providers = HOUSES
    return Rates(
        api_base=text("RATES_API_BASE", "https://api.coingecko.com/api/v3").rstrip("/"),
        api_key=text("COINGECKO_API_KEY", ""),
        providers=providers,
    )
