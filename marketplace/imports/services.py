"""The catalogue import: batches of whole products, each written in one transaction or not at all."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from django.db import DatabaseError, DataError, IntegrityError, OperationalError, transaction

from marketplace.core import events
from marketplace.core.db import run_again
from marketplace.core.errors import NotFound
from marketplace.core.money import digits, symbol
from marketplace.imports.errors import CatalogueFileError
from marketplace.imports.known import load_known
from marketplace.imports.limits import DEFAULT_LIMITS, Limits
from marketplace.imports.plans import Planned, Planner, wanted_slug
from marketplace.imports.reading import Catalogue, open_catalogue
from marketplace.imports.records import ProductRecord, ReadOptions, RowProblem
from marketplace.imports.report import Outcome, Report, RowResult, Sink, open_sink
from marketplace.imports.shelves import load_shelves
from marketplace.imports.writing import lock_stall, write
from marketplace.sellers.models import Seller
from monitoring.jobs import progress
from monitoring.jobs.progress import Progress

BATCH_PRODUCTS = 500
BATCH_VARIANTS = 1_000
# lock_not_available and query_canceled: one busy row must not cost a whole batch.
_BUSY = {"55P03", "57014"}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to read and write one file. `untracked_stock` is used where the file says "in stock" but not how many."""

    format: str = ""
    encoding: str = ""
    decimal_mark: str | None = None
    untracked_stock: int = 1
    dry_run: bool = False
    report_path: Path | None = None
    limits: Limits = field(default_factory=lambda: DEFAULT_LIMITS)


def import_products(
    *, path: Path, seller_slug: str, currency: str, now: datetime, options: ImportOptions | None = None
) -> Report:
    """Import one file for one stall and tell what became of every row.

    Raises CatalogueFileError when the file cannot be read at all, NotFound when there is no such stall. A dry run does
    the same work and takes every transaction back.
    """
    options = options or ImportOptions()
    seller = Seller.objects.filter(slug=seller_slug).values_list("pk", "slug").first()
    if seller is None:
        raise NotFound(f"There is no stall {seller_slug!r}: check the slug in its address.")
    read_options = ReadOptions(
        currency=currency,
        digits=digits(currency),
        now=now,
        decimal_mark=options.decimal_mark,
        symbols=(symbol(currency),),
    )
    catalogue = open_catalogue(
        path, options=read_options, limits=options.limits, format_name=options.format, encoding=options.encoding
    )
    report = Report(format=catalogue.format, dry_run=options.dry_run)
    title = f"{'Check' if options.dry_run else 'Import'} of {path.name}"
    told = progress.begin("import", title, owner=f"seller:{seller[0]}", total=catalogue.source.rows or None, now=now)
    run = _Run(seller[0], seller[1], now, options, report, told)
    try:
        with open_sink(options.report_path, report) as sink:
            run.run(catalogue, sink)
            report.seconds = run.elapsed()
    except BaseException as error:
        told.fail(run.moment(), f"It ended too soon ({type(error).__name__}): run it again.")
        raise
    _tell_end(told, report, run.moment())
    return report


# What others may want to know of: an import that has changed much of what people look at.
IMPORTED, MANY_ROWS = "imports.finished", 1_000


def _tell_end(told: Progress, report: Report, now: datetime) -> None:
    """How it went, for the seller."""
    skipped = report.rows[Outcome.SKIPPED]
    text = f"{report.rows_read:,} rows read, {skipped:,} left out." if skipped else f"{report.rows_read:,} rows read."
    if report.stopped:
        told.fail(now, report.stopped)
    elif not report.usable:
        told.fail(now, f"No row could be used. {text}")
    else:
        told.finish(now, text=text, done=report.rows_read)
        if not report.dry_run and report.rows_read >= MANY_ROWS:
            with transaction.atomic():
                events.publish(IMPORTED, {"rows": report.rows_read}, now=now)


def _batches(catalogue: Catalogue, report: Report, sink: Sink | None) -> Iterator[list[ProductRecord]]:
    """Products in batches; problems of reading go straight to the report."""
    batch: list[ProductRecord] = []
    variants = 0
    try:
        for entry in catalogue.entries():
            if isinstance(entry, RowProblem):
                report.add(entry, sink)
                continue
            batch.append(entry)
            variants += len(entry.variants)
            if len(batch) >= BATCH_PRODUCTS or variants >= BATCH_VARIANTS:
                yield batch
                batch, variants = [], 0
    except (CatalogueFileError, OSError) as error:
        report.stopped = f"{error} Everything read before is imported; correct the file and run the import again."
    if batch:
        yield batch


@dataclass(slots=True)
class _Run:
    """One run over one file."""

    seller_id: int
    seller_slug: str
    now: datetime
    options: ImportOptions
    report: Report
    told: Progress
    sink: Sink | None = None
    started: float = field(default_factory=time.perf_counter)

    def elapsed(self) -> float:
        """Seconds since it began."""
        return time.perf_counter() - self.started

    def moment(self) -> datetime:
        """The caller's now, moved on."""
        return self.now + timedelta(seconds=self.elapsed())

    def run(self, catalogue: Catalogue, sink: Sink | None) -> None:
        """Writes batch after batch; a lost database ends the run with what is committed so far."""
        self.sink = sink
        for batch in _batches(catalogue, self.report, self.sink):
            try:
                self._batch(batch)
            except DatabaseError as error:
                self.report.stopped = (
                    f"The database failed at row {batch[0].row} ({type(error).__name__}): "
                    "everything before it is imported; run the import again."
                )
                return
            self.told.advance(self.report.rows_read, self.moment())

    def _batch(self, records: list[ProductRecord]) -> None:
        """One transaction; when the database refuses it, each half on its own, down to the product at fault."""
        try:
            results = run_again(lambda: self._attempt(records))
        except (IntegrityError, DataError, OperationalError) as error:
            if isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) not in _BUSY:
                raise
            if len(records) > 1:
                middle = len(records) // 2
                self._batch(records[:middle])
                self._batch(records[middle:])
            else:
                self._refused(records[0], error)
            return
        for planned in results:
            self._count(planned)

    def _attempt(self, records: list[ProductRecord]) -> list[Planned]:
        lock_stall(self.seller_id)
        known = load_known(records, [wanted_slug(record) for record in records], self.seller_id)
        planner = Planner(
            seller_id=self.seller_id,
            seller_slug=self.seller_slug,
            now=self.now,
            known=known,
            shelves=load_shelves(),
            untracked_stock=self.options.untracked_stock,
        )
        results = [planner.plan(record) for record in records]
        write(planner.changes, now=self.now)
        if self.options.dry_run:
            transaction.set_rollback(True)
        return results

    def _refused(self, record: ProductRecord, error: Exception) -> None:
        reason = str(error.__cause__ or error).splitlines()[0]
        for row in record.rows:
            self.report.add(RowProblem(row, "", f"The database refused the product: {reason}"), self.sink)

    def _count(self, planned: Planned) -> None:
        report = self.report
        skus = {variant.row: variant.sku for variant in planned.record.variants}
        for problem in planned.problems:
            report.add(problem, self.sink)
        report.rows.update(planned.rows.values())
        report.offers.update(planned.offers.values())
        if planned.product is not None:
            report.products[planned.product] += 1
        report.joined += planned.joined
        report.pictures_noted += planned.pictures_noted
        report.uncounted += planned.uncounted
        if planned.missing_category and len(report.missing_categories) < self.options.limits.problems_kept:
            report.missing_categories[planned.missing_category] += 1
        if self.sink is not None:
            for row, outcome in planned.rows.items():
                self.sink.write(RowResult(row, skus.get(row, ""), outcome.value))


__all__ = ["ImportOptions", "Outcome", "Report", "import_products"]
