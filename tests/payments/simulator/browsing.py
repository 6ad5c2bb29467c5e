"""A real Chromium in a thread of its own, and a small shop with a strict content security policy."""

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, Page, Playwright, sync_playwright

from tests.servers import chromium_path

OPTIONS = ("--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking")

SHOP = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script src="{api}/v3/" defer></script><script src="/shop.js" defer></script></head>
<body><h1>Shop</h1><div id="wallet"></div><form id="pay"><div id="element"></div><button>Pay now</button></form>
<p id="said" role="status"></p></body></html>"""

SHOP_SCRIPT = """
"use strict";
const said = document.getElementById("said");
const say = (text) => { said.textContent = text; };
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => window.violations.push(event.violatedDirective));
fetch("/config").then((answer) => answer.json()).then((config) => {
  const stripe = window.stripe = Stripe("pk_test_shop");
  const elements = window.elements = stripe.elements(config.elements);
  const element = window.element = elements.create("payment", config.options);
  window.seen = [];
  const note = (name) => element.on(name, (event) => window.seen.push({ name, ...event }));
  ["loaderstart", "ready", "change", "focus"].forEach(note);
  element.mount("#element");
  const confirm = async () => {
    const submitted = await elements.submit();
    if (submitted.error) { say("error: " + submitted.error.code); return; }
    const result = await stripe.confirmPayment({
      elements, clientSecret: config.clientSecret, confirmParams: { return_url: location.origin + "/done?o=1" },
      redirect: config.redirect,
    });
    say(result.error ? "error: " + (result.error.decline_code ?? result.error.code) : "paid: " + result.paymentIntent.status);
  };
  if (config.wallet) {
    const wallet = elements.create("expressCheckout");
    wallet.on("confirm", confirm);
    wallet.mount("#wallet");
  }
  document.getElementById("pay").addEventListener("submit", (event) => { event.preventDefault(); say("…"); confirm(); });
});
"""


class Shop:
    """A shop on an origin of its own that embeds the browser script of the simulator at `api`."""

    def __init__(self, api: str) -> None:
        self.config: dict[str, Any] = {}
        shop = self
        policy = (
            f"default-src 'none'; script-src 'self' {api}; frame-src {api}; connect-src 'self' {api}; style-src 'self'; "
            "base-uri 'none'"
        )

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                path = urlsplit(self.path).path
                body, kind = {
                    "/": (SHOP.replace("{api}", api), "text/html"),
                    "/done": ("<!doctype html><title>Done</title><h1>Thank you</h1>", "text/html"),
                    "/shop.js": (SHOP_SCRIPT, "text/javascript"),
                    "/config": (json.dumps(shop.config), "application/json"),
                }.get(path, ("", "text/plain"))
                self.send_response(200)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Security-Policy", policy)
                self.send_header("Content-Length", str(len(body.encode())))
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - named by the base class
                """Stay quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def close(self) -> None:
        """Stop listening."""
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class BrowserThread:
    """Chromium, driven from one thread of its own: another test may drive one from the main thread at the same time."""

    def __init__(self) -> None:
        self._executor = ThreadPoolExecutor(1)
        self._playwright: Playwright
        self._browser: Browser
        self._executor.submit(self._launch, chromium_path()).result()

    def _launch(self, path: str) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=path, args=list(OPTIONS))

    def run(self, work: Callable[[Page], None], **context: Any) -> None:
        """Do the work on a fresh page; what it raises is raised here."""

        def visit() -> None:
            fresh = self._browser.new_context(**context)
            fresh.set_default_timeout(8000)
            try:
                work(fresh.new_page())
            finally:
                fresh.close()

        self._executor.submit(visit).result()

    def close(self) -> None:
        """End the browser and its thread."""

        def end() -> None:
            self._browser.close()
            self._playwright.stop()

        self._executor.submit(end).result()
        self._executor.shutdown()
