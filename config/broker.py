"""Celery's settings: a wake-up call; PostgreSQL holds the work."""

import os

from config.env import number, seconds, text
from config.redis_urls import redis_url

broker_url = redis_url("CELERY_BROKER_URL")
task_ignore_result = True
task_serializer = "json"
accept_content = ["json"]
task_acks_late = True
task_reject_on_worker_lost = True
worker_prefetch_multiplier = 1
worker_concurrency = number("WORKER_CONCURRENCY", os.cpu_count() or 1, least=1)
task_soft_time_limit, task_time_limit = 240, 300
task_publish_retry = False
task_publish_retry_policy = {
    "max_retries": 1,
    "interval_start": 0.05,
    "interval_step": 0.05,
    "interval_max": 0.1,
}
# Longer than any task may run, so that no task runs twice at once (seconds).
broker_transport_options = {
    "visibility_timeout": 900,
    "socket_connect_timeout": 1,
    # Of several queues the first one named comes first.
    "queue_order_strategy": "priority",
    # A page that publishes waits for this long when the broker hangs; a worker's blocking read needs longer.
    "socket_timeout": 5 if text("PROCESS_KIND", "command") == "worker" else 1,
}
broker_connection_retry_on_startup = True
worker_soft_shutdown_timeout = 5
task_default_queue = "default"
timezone = "UTC"
# Keeps one connection per worker process instead of one per task; close_old_connections mends what the server dropped.
db_reuse_max = 1_000_000
# Gives its own sign of life.
beat_scheduler = "config.beat:Scheduler"
# How long a beat that dies keeps the others waiting; it renews three times as often.
beat_lease_seconds = seconds("BEAT_LEASE", 6.0)
