"""The ledger's entries of the past year, in bulk, exactly as ``payments.ledger.settle_payment`` writes each."""

from collections.abc import Sequence

from config.embedded.seed.goods import BATCH
from payments import ledger
from payments.models import JournalEntry, LedgerAccount, Payment, PaymentAllocation, Posting

Kind = LedgerAccount.Kind


def add_payments(payments: Sequence[Payment], allocations: Sequence[PaymentAllocation]) -> None:
    """The payments, who their money is for, and the books."""
    Payment.objects.bulk_create(payments, batch_size=BATCH)
    PaymentAllocation.objects.bulk_create(allocations, batch_size=BATCH)
    _add_entries(payments, allocations)


def _add_entries(payments: Sequence[Payment], allocations: Sequence[PaymentAllocation]) -> None:
    """One entry per payment: what the provider holds against what each seller is owed."""
    currency = payments[0].currency
    held = LedgerAccount.objects.create(kind=Kind.PROVIDER_CLEARING, currency=currency)
    sellers = sorted({allocation.order.seller_id for allocation in allocations})
    owed = {
        account.seller_id: account
        for account in LedgerAccount.objects.bulk_create(
            LedgerAccount(kind=Kind.SELLER_PAYABLE, seller_id=seller, currency=currency) for seller in sellers
        )
    }
    entries = {
        payment.pk: JournalEntry(
            ref=ledger.settled_ref(payment), kind="payment", created_at=payment.succeeded_at or payment.created_at
        )
        for payment in payments
    }
    JournalEntry.objects.bulk_create(entries.values(), batch_size=BATCH)
    postings = [
        Posting(entry=entries[payment.pk], account=held, amount_minor=payment.captured_minor, currency=currency)
        for payment in payments
    ]
    postings += [
        Posting(
            entry=entries[allocation.payment_id],
            account=owed[allocation.order.seller_id],
            amount_minor=-allocation.amount_minor,
            currency=currency,
        )
        for allocation in allocations
    ]
    Posting.objects.bulk_create(postings, batch_size=BATCH)
