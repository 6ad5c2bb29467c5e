"""The allow-list: names of fields that log lines and error reports may show. A value under any other name is removed.

A name stands here when its values are ours and harmless: ids, counts, durations, codes, names of code. Nothing that a
person typed, nothing that opens something.
"""

from typing import Final

KNOWN: Final = frozenset(
    # One word a line would hide which belong together.
    """
    request_id correlation_id process pid thread task task_id sweep command job handler
    method route status duration_ms bytes user_id client host_ok view scheme reason
    event_id event_type type topic kind state status_code code error error_type problem row rows permanent
    payment_id provider_id refund_id group_id order_id order_number cart_id seller_id product_id offer_id image_id import_id
    given_up attempts attempt count total size limit tier rate remaining retry_after breaker pair provider providers shared by
    seconds age_s latency_ms waited_ms queries query_ms statement plan page table index sqlstate
    check finding figures value threshold rule alert channel window severity fingerprint level occurrences dropped release
    version environment instance worker beat queue queue_depth queued delivered failed restarts restarts_left signal phase
    draining in_flight uptime_s memory cpu disk pool pool_size pool_waiting origin setting variable gauge port
    module function line file exception frames stack cause
    """.split()  # noqa: SIM905
)
