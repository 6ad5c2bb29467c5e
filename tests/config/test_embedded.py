import os
def test_x(db):
    from django.db import connection
    with connection.cursor() as c:
        c.execute("select current_database(), version()"); print(c.fetchone())
    print(os.environ["REDIS_URL"], os.environ["CELERY_BROKER_URL"])
