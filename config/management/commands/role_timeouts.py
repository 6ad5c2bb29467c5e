"""`manage.py role_timeouts`: limits that hold on every connection of a role, whoever made it, a pooler too."""

from argparse import ArgumentParser
from typing import Any, Final

from django.core.management.base import BaseCommand
from django.db import connection
from psycopg import sql

from config.databases import WEB_TIMEOUTS, WORKER_TIMEOUTS

KINDS: Final = {"web": WEB_TIMEOUTS, "worker": WORKER_TIMEOUTS}


class Command(BaseCommand):
    """Sets the time-outs of the role in DATABASE_URL, in its database; a connection's own still come before them."""

    help = "Gives the role of DATABASE_URL the statement, lock and idle-in-transaction time-outs of web or worker processes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("kind", choices=sorted(KINDS), help="whose limits")
        parser.add_argument("--role", default="", help="another role than the one of DATABASE_URL")

    def handle(self, *args: Any, **options: Any) -> None:
        """Takes effect with the next connection: PgBouncer's are told with RECONNECT."""
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user, current_database()")
            own, database = cursor.fetchone()
            role = options["role"] or own
            for name, value in KINDS[options["kind"]].items():
                statement = sql.SQL("ALTER ROLE {} IN DATABASE {} SET {} = {}").format(
                    sql.Identifier(role), sql.Identifier(database), sql.Identifier(name), sql.Literal(f"{value}ms")
                )
                cursor.execute(statement.as_string(connection.connection))
                self.stdout.write(f"{role} in {database}: {name} = {value} ms")
