"""Goods: a category tree, typed attributes, products with variants, and the offers of many stalls."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models.functions import Upper

from marketplace.sellers.models import Seller


class Category(models.Model):
    """A shelf. ``path`` holds the slugs from the root, so a subtree is a prefix."""

    parent = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="children")
    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)
    path = models.CharField(max_length=400, unique=True)
    blurb = models.CharField(max_length=200, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.name


class ProductType(models.Model):
    """What kind of thing a product is: it decides which attributes it has."""

    name = models.CharField(max_length=80)
    slug = models.SlugField(max_length=80, unique=True)

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """A typed property of a product type; its values stand in ``Product.attributes`` under ``slug``."""

    class Kind(models.TextChoices):
        CHOICE = "choice", "Choice"
        TEXT = "text", "Text"
        NUMBER = "number", "Number"
        BOOLEAN = "boolean", "Yes or no"

    product_type = models.ForeignKey(ProductType, on_delete=models.CASCADE, related_name="attributes")
    slug = models.SlugField(max_length=40)
    label = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    unit = models.CharField(max_length=12, blank=True, default="")
    choices = ArrayField(models.CharField(max_length=60), default=list, blank=True)
    filterable = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["product_type", "slug"], name="attribute_once_per_type")]

    def __str__(self) -> str:
        return self.label


class Product(models.Model):
    """A thing as the catalogue knows it; ``owner`` is the stall that wrote its text and may change it."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        ACTIVE = "active", "Active"
        ARCHIVED = "archived", "Archived"

    slug = models.SlugField(max_length=120, unique=True)
    title = models.CharField(max_length=200)
    # HTML, sanitised when written.
    description = models.TextField(blank=True, default="")
    product_type = models.ForeignKey(ProductType, on_delete=models.PROTECT, related_name="products")
    category = models.ForeignKey(Category, on_delete=models.PROTECT, related_name="products")
    brand = models.CharField(max_length=120, blank=True, default="")
    # {attribute slug: str | int | bool | decimal text}, checked against the type's attributes by the services.
    attributes = models.JSONField(default=dict, blank=True)
    # {label: text}: what an import brought that the type has no attribute for.
    extras = models.JSONField(default=dict, blank=True)
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.DRAFT)
    owner = models.ForeignKey(Seller, on_delete=models.PROTECT, null=True, blank=True, related_name="products")
    # The owner's own key for it (Shopify handle, WooCommerce id or SKU), so that a second import finds it.
    external_key = models.CharField(max_length=200, null=True, blank=True)
    popularity = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["owner", "external_key"], name="product_external_key_once"),
        ]
        indexes = [models.Index(fields=["category", "status"], name="product_category_status")]

    def __str__(self) -> str:
        return self.title


class ProductVariant(models.Model):
    """One version of a product, such as a size; a product without options has one variant without options."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="variants")
    title = models.CharField(max_length=120, blank=True, default="")
    # [{"name": "Size", "value": "M"}], in display order.
    options = models.JSONField(default=list, blank=True)
    # The options in canonical text, so that a product has each combination once.
    options_key = models.CharField(max_length=300, blank=True, default="")
    # GTIN-8, -12, -13 or -14 of GS1, digits only.
    gtin = models.CharField(max_length=14, blank=True, default="")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [models.UniqueConstraint(fields=["product", "options_key"], name="variant_options_once")]
        indexes = [models.Index(fields=["gtin"], name="variant_gtin", condition=~models.Q(gtin=""))]

    def __str__(self) -> str:
        return self.title or f"variant {self.pk}"


class ProductImage(models.Model):
    """A picture; ``key`` names its stored files ``<key>-480.webp`` and ``<key>-1200.webp`` once it is ready."""

    class State(models.TextChoices):
        PENDING = "pending", "To be fetched"
        READY = "ready", "Ready"
        FAILED = "failed", "Given up"

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="images")
    variant = models.ForeignKey(ProductVariant, on_delete=models.SET_NULL, null=True, blank=True, related_name="images")
    position = models.PositiveSmallIntegerField(default=0)
    alt = models.CharField(max_length=200, blank=True, default="")
    key = models.CharField(max_length=200, blank=True, default="")
    width = models.PositiveSmallIntegerField(default=0)
    height = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    source_url = models.URLField(max_length=2000, blank=True, default="")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    locked_until = models.DateTimeField(null=True, blank=True)
    error = models.CharField(max_length=300, blank=True, default="")

    class Meta:
        ordering = ["position", "pk"]
        indexes = [
            models.Index(fields=["due_at", "id"], name="image_to_fetch", condition=models.Q(state="pending")),
        ]

    def __str__(self) -> str:
        return self.alt or self.key or self.source_url


class Offer(models.Model):
    """What one stall asks for one variant in one condition. Prices are minor units of the hall's currency."""

    class Condition(models.TextChoices):
        NEW = "new", "New"
        LIKE_NEW = "like_new", "Like new"
        VERY_GOOD = "very_good", "Very good"
        GOOD = "good", "Good"
        FAIR = "fair", "Fair"

    class Status(models.TextChoices):
        ACTIVE = "active", "Active"
        PAUSED = "paused", "Paused"
        ARCHIVED = "archived", "Archived"

    seller = models.ForeignKey(Seller, on_delete=models.PROTECT, related_name="offers")
    variant = models.ForeignKey(ProductVariant, on_delete=models.PROTECT, related_name="offers")
    sku = models.CharField(max_length=120)
    condition = models.CharField(max_length=9, choices=Condition.choices, default=Condition.NEW)
    note = models.CharField(max_length=200, blank=True, default="")
    price_minor = models.PositiveBigIntegerField()
    status = models.CharField(max_length=8, choices=Status.choices, default=Status.ACTIVE)
    # Whether anything is free to sell; kept by inventory in the transaction that moves the stock.
    in_stock = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["seller", "sku"], name="offer_sku_once_per_seller"),
            models.CheckConstraint(condition=models.Q(price_minor__gt=0), name="offer_price_positive"),
        ]
        indexes = [
            models.Index(fields=["variant", "status", "price_minor"], name="offer_variant_price"),
            models.Index(fields=["seller", "status", "id"], name="offer_seller_list"),
            models.Index(Upper("sku"), name="offer_sku_upper"),
        ]

    def __str__(self) -> str:
        return f"{self.sku} of {self.seller_id}"


class SearchEntry(models.Model):
    """One row per product that can be found: everything a list needs, without a join. Rebuilt from the tables above."""

    product = models.OneToOneField(Product, on_delete=models.CASCADE, primary_key=True, related_name="search_entry")
    document = SearchVectorField()
    # The product's category and all above it.
    categories = ArrayField(models.BigIntegerField())
    sellers = ArrayField(models.BigIntegerField())
    # Facet tokens such as "condition:new" and "glaze:celadon".
    tokens = ArrayField(models.CharField(max_length=120))
    price_minor = models.PositiveBigIntegerField()
    in_stock = models.BooleanField()
    popularity = models.PositiveIntegerField()
    created_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "search entries"
        indexes = [
            GinIndex(fields=["document"], name="search_document"),
            GinIndex(fields=["tokens"], name="search_tokens"),
            GinIndex(fields=["categories"], name="search_categories"),
            GinIndex(fields=["sellers"], name="search_sellers"),
            models.Index(fields=["price_minor", "product"], name="search_price"),
            models.Index(fields=["-created_at", "product"], name="search_newest"),
            models.Index(fields=["-popularity", "product"], name="search_popular"),
        ]

    def __str__(self) -> str:
        return f"search entry of {self.product_id}"


class SearchWord(models.Model):
    """A word of the catalogue and how many products hold it: typos are looked up here, not in every title."""

    word = models.CharField(max_length=60, primary_key=True)
    products = models.PositiveIntegerField()

    class Meta:
        indexes = [GinIndex(fields=["word"], name="search_word_trigram", opclasses=["gin_trgm_ops"])]

    def __str__(self) -> str:
        return self.word
