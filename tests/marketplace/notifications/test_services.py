import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import transaction

from marketplace.accounts.models import User
from marketplace.core import services as outbox
from marketplace.core.db import OpenTransaction
from marketplace.core.errors import NotFound
from marketplace.core.events import Json, publish
from marketplace.core.models import OutboxEvent
from marketplace.notifications import services
from marketplace.notifications.errors import BadMail
from marketplace.notifications.rendering import render
from marketplace.orders import services as orders
from marketplace.orders.models import OrderGroup
from marketplace.sellers.models import Seller
from tests.conftest import NOW
from tests.factories import a_product, a_variant, an_offer
from tests.marketplace.carts.baskets import a_ready_cart
from tests.marketplace.orders.test_placing import place

RESET: dict[str, Json] = {"password_reset_url": "https://awning.test/account/password/reset/key/1-abc/"}


def a_paid_group(kiln: Seller, groove: Seller, *, user: User | None = None) -> OrderGroup:
    vase = an_offer(
        seller=kiln,
        variant=a_variant(a_product(title='Vase "Tall" & <wide>', owner=kiln), size="Large"),
        price_minor=2400,
        condition="very_good",
    )
    record = an_offer(seller=groove, product=a_product(title="Night record", owner=groove), price_minor=10_000)
    group = place(a_ready_cart(vase, record, user=user, quantity=2))
    orders.mark_group_paid(group_id=group.pk, now=NOW)
    return group


def deliver_all() -> None:
    while outbox.relay(now=NOW):
        pass


def sent() -> dict[str, EmailMultiAlternatives]:
    """Mails by recipient."""
    return {message.to[0]: message for message in mail.outbox if isinstance(message, EmailMultiAlternatives)}


def html_of(message: EmailMultiAlternatives) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def send(
    *, template: str = "account_password_reset_key", to: str = "mira@example.test", number: int | None = 7
) -> None:
    services.send(template=template, to=to, values=RESET, outbox_id=number)


def test_a_mail_has_a_subject_text_and_html(db: None) -> None:
    send()
    (message,) = mail.outbox
    assert isinstance(message, EmailMultiAlternatives)
    assert message.to == ["mira@example.test"]
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert "\n" not in message.subject
    assert str(RESET["password_reset_url"]) in message.body
    assert str(RESET["password_reset_url"]) in html_of(message)


def test_every_attempt_of_one_row_carries_the_same_keys(db: None) -> None:
    send(number=7)
    send(number=7)
    send(number=8)
    send(number=None)
    first, again, other, loose = (message.extra_headers for message in mail.outbox)
    assert first == again
    assert re.fullmatch(r"[0-9a-f-]{36}", first["idempotencyKey"])
    assert first["Message-ID"].startswith(f"<{first['idempotencyKey']}@")
    assert first["idempotencyKey"] != other["idempotencyKey"]
    assert loose == {}


def test_the_outbox_gives_its_row_and_tries_again(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    with transaction.atomic():
        publish(
            "email.requested",
            {"template": "account_password_reset_key", "to": "mira@example.test", "values": RESET},
            now=NOW,
        )
    seen: list[str] = []

    def away(message: EmailMultiAlternatives, fail_silently: bool = False) -> int:
        seen.append(message.extra_headers["idempotencyKey"])
        raise ConnectionRefusedError("no mail server")

    with monkeypatch.context() as patched:
        patched.setattr(EmailMultiAlternatives, "send", away)
        assert outbox.relay(now=NOW) == 0
    event = OutboxEvent.objects.get()
    assert event.dead_at is None
    assert outbox.relay(now=event.due_at) == 1
    (message,) = mail.outbox
    assert seen == [message.extra_headers["idempotencyKey"]]
    event.refresh_from_db()
    assert event.processed_at == event.due_at


def test_no_mail_leaves_inside_a_transaction(db: None) -> None:
    with pytest.raises(OpenTransaction), transaction.atomic():
        send()
    assert mail.outbox == []


@pytest.mark.parametrize("to", ["", "mira", "a@b.test\nBcc: all@b.test", "a b@c.test"])
def test_a_bad_address_never_goes_out(db: None, to: str) -> None:
    with pytest.raises(BadMail):
        send(to=to)


@pytest.mark.parametrize("template", ["", "no_such_mail", "../base", "emails/receipt", "Receipt"])
def test_an_unknown_mail_is_named_and_never_tried_again(db: None, template: str) -> None:
    with pytest.raises(BadMail) as caught:
        send(template=template)
    assert caught.value.permanent


def test_a_subject_stays_one_line(kiln: Seller, groove: Seller) -> None:
    values: dict[str, Json] = {"number": "A-1\r\nBcc: all@example.test", "buyer_place": ""}
    values |= {"stall": "", "hue": 1, "order_url": "", "lines": [], "sums": [], "address": [], "ship_by": ""}
    assert "\n" not in render("order_placed_seller", values).subject


def test_paying_sends_a_receipt_and_tells_each_stall(kiln: Seller, groove: Seller, mira: User) -> None:
    group = a_paid_group(kiln, groove, user=mira)
    deliver_all()
    mails = sent()
    assert set(mails) == {"mira@example.test", kiln.email, groove.email}
    receipt = mails["mira@example.test"]
    assert group.number in receipt.subject
    for part in (receipt.body, html_of(receipt)):
        assert "Kiln Street" in part
        assert "Second Groove" in part
        assert "Night record" in part
        assert "2 pieces, Large, very good" in part
        assert "€252.90" in part
        assert "Kettenbrückengasse 5" in part
        assert "Thu 26 Nov to Wed 2 Dec" in part
        assert f"{settings.SITE_URL}/orders/{group.number}/" in part
    assert 'Vase "Tall" & <wide>' in receipt.body
    assert "&lt;wide&gt;" in html_of(receipt)
    assert "token=" not in receipt.body


def test_a_stall_reads_of_its_own_order_only(kiln: Seller, groove: Seller) -> None:
    group = a_paid_group(kiln, groove)
    deliver_all()
    own, other = group.orders.get(seller=groove), group.orders.get(seller=kiln)
    message = sent()[groove.email]
    assert own.number in message.subject
    for part in (message.body, html_of(message)):
        assert "Night record" in part
        assert "€200.00" in part
        assert "Vase" not in part
        assert other.number not in part
        assert group.number not in part
        assert group.access_token not in part
        assert f"{settings.SITE_URL}/sell/second-groove/orders/{own.number}/" in part


def test_a_guest_gets_a_link_that_opens_the_order(kiln: Seller, groove: Seller) -> None:
    group = a_paid_group(kiln, groove)
    deliver_all()
    link = f"{settings.SITE_URL}/orders/{group.number}/?token={group.access_token}"
    receipt = sent()[group.email]
    assert link in receipt.body
    assert link in html_of(receipt)


def test_telling_twice_mails_once(kiln: Seller, groove: Seller) -> None:
    group = a_paid_group(kiln, groove)
    services.announce_payment(number=group.number, now=NOW)
    services.announce_payment(number=group.number, now=NOW)
    deliver_all()
    assert len(mail.outbox) == 3
    assert not OutboxEvent.objects.filter(processed_at__isnull=True).exists()


def test_a_payment_of_nothing_is_an_error(db: None) -> None:
    with pytest.raises(NotFound):
        services.announce_payment(number="A-NEVER", now=NOW)


def test_mails_use_literal_colours_and_no_foreign_pictures(kiln: Seller, groove: Seller) -> None:
    a_paid_group(kiln, groove)
    deliver_all()
    for message in sent().values():
        html = html_of(message)
        assert "var(" not in html
        assert "<script" not in html
        assert "<link" not in html
        assert all(link.startswith(settings.SITE_URL) for link in re.findall(r'src="([^"]*)', html))


MAILS = sorted(path.stem for path in (Path(settings.BASE_DIR) / "templates" / "emails").glob("account_*.html"))


@pytest.mark.parametrize("template", MAILS)
def test_every_account_mail_renders_from_what_the_adapter_passes(template: str) -> None:
    values: dict[str, Json] = {
        name: f"https://awning.test/{name}" for name in ("activate_url", "password_reset_url", "signup_url", "code")
    }
    mail_ = render(template, values)
    assert mail_.subject
    assert mail_.text.strip()
    assert "<html" in mail_.html
