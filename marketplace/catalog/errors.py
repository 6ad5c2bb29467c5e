"""What can be wrong with goods."""

from marketplace.core.errors import AwningError, NotFound


class BadProduct(AwningError):
    """A product, variant, attribute or offer that cannot be stored; ``fields`` says where."""

    code = "bad_product"
    status = 422


class Gone(NotFound):
    """The product was sold here once and has been taken down for good."""

    code = "gone"
    status = 410
