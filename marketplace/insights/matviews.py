"""The materialized views of this app: what each is called, how long a refresh of it may take, what makes it old."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

# CONTRACT "materialized views": refreshed when dirty, at most every 5 minutes.
EVERY: Final = timedelta(minutes=5)
# Figures of "the last 30 days" change without any new fact: such a view is refreshed at least so often.
AGES: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Matview:
    """``limit_s`` is what one refresh may take (seconds); ``ages`` says that its figures depend on today's date."""

    name: str
    title: str
    limit_s: int = 60
    ages: bool = False

    @property
    def table(self) -> str:
        """Its name in PostgreSQL."""
        return f"insights_{self.name}"


SELLER_DAY: Final = Matview("seller_day", "Sales per stall and day")
PRODUCT: Final = Matview("product", "Sales and popularity of products", ages=True)
CATEGORY: Final = Matview("category", "Prices per category")
MARKET: Final = Matview("market", "The market in numbers", ages=True)

ALL: Final = (SELLER_DAY, PRODUCT, CATEGORY, MARKET)
# What a sale changes, and what a change of goods, prices, stock or stalls does.
OF_SALES: Final = (SELLER_DAY, PRODUCT, MARKET)
OF_GOODS: Final = (CATEGORY, MARKET)
