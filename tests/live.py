"""The hall on a port of its own, for browsers and for webhooks."""

from wsgiref.types import WSGIApplication

from pytest_django.live_server_helper import LiveServer


class Hall(LiveServer):
    """Serves what production serves: WhiteNoise gives out the static files, the hall its own pictures.

    Django's live server would answer for both with handlers of its own, which send other headers.
    """

    def __init__(self, address: str) -> None:
        super().__init__(address, start=False)
        from config.wsgi import application

        def ours(_: WSGIApplication) -> WSGIApplication:
            return application

        self.thread.static_handler = ours  # type: ignore[assignment]
        self.start()
