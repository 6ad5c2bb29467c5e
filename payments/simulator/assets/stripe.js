// Stands in for Stripe.js: the part of its interface that a shop needs to take a card with the Payment Element. The card is
// typed into a frame of the simulator's origin. Styles are set through the CSSOM only, so that a strict style-src holds.
"use strict";
(() => {
  const ORIGIN = new URL(document.currentScript.src).origin;
  const FRAME_TITLES = { payment: "Secure payment input frame", expressCheckout: "Secure wallet payment frame" };
  const FINISHED = ["succeeded", "requires_capture", "processing"];
  const UNREACHABLE = {
    type: "api_connection_error",
    message: "We could not reach the payment service. Check your connection and try again.",
  };

  class IntegrationError extends Error {
    constructor(message) {
      super(message);
      this.name = "IntegrationError";
    }
  }

  function intentOf(clientSecret) {
    if (typeof clientSecret !== "string" || !/^pi_\w+_secret_\w+$/.test(clientSecret)) {
      throw new IntegrationError("The client secret must look like ${id}_secret_${secret}.");
    }
    return clientSecret.split("_secret_")[0];
  }

  async function retrieve(key, clientSecret) {
    const query = new URLSearchParams({ key, client_secret: clientSecret });
    try {
      const answer = await fetch(`${ORIGIN}/v1/payment_intents/${intentOf(clientSecret)}?${query}`);
      const body = await answer.json();
      return body.error ? { error: body.error } : { paymentIntent: body };
    } catch (error) {
      if (error instanceof IntegrationError) throw error;
      return { error: UNREACHABLE };
    }
  }

  class Element {
    constructor(elements, kind, options) {
      this._elements = elements;
      this._kind = kind;
      this._options = options ?? {};
      this._listeners = new Map();
      this._waiting = new Map();
      this._frame = null;
      this._port = null;
    }

    mount(target) {
      const host = typeof target === "string" ? document.querySelector(target) : target;
      if (!host) throw new IntegrationError(`The selector you specified (${target}) applies to no DOM elements.`);
      if (this._frame) throw new IntegrationError("This Element is already mounted. Use unmount() before mounting again.");
      const frame = document.createElement("iframe");
      frame.title = FRAME_TITLES[this._kind];
      frame.src = `${ORIGIN}/v3/frame`;
      frame.setAttribute("allow", "payment *");
      const scheme = this._elements._appearance.theme === "night" ? "dark" : "light";
      Object.assign(frame.style, {
        border: "0", display: "block", width: "calc(100% + 8px)", height: "1px", margin: "-4px", colorScheme: scheme,
      });
      frame.addEventListener("load", () => this._connect(), { once: true });
      frame.addEventListener("error", () => this._tell("loaderror", { error: UNREACHABLE }));
      this._frame = frame;
      host.replaceChildren(frame);
      this._tell("loaderstart", {});
      return this;
    }

    _connect() {
      const channel = new MessageChannel();
      this._port = channel.port1;
      this._port.onmessage = ({ data }) => this._hear(data);
      const begin = {
        awningStripe: "begin", kind: this._kind, options: JSON.parse(JSON.stringify(this._options)),
        appearance: this._elements._appearance, fonts: this._elements._fonts,
      };
      this._frame.contentWindow.postMessage(begin, ORIGIN, [channel.port2]);
    }

    _hear(message) {
      if (message.type === "reply") {
        this._waiting.get(message.id)?.(message.result);
        this._waiting.delete(message.id);
      } else if (message.type === "height") {
        this._frame.style.height = `${message.height}px`;
      } else if (message.type === "change") {
        const { empty, complete } = message;
        this._tell("change", { empty, complete, collapsed: false, value: { type: "card" } });
      } else if (message.type === "ready") {
        const wallets = this._kind === "expressCheckout" ? { availablePaymentMethods: { googlePay: true } } : {};
        this._tell("ready", wallets);
      } else if (message.type === "click") {
        this._payByWallet();
      } else {
        this._tell(message.type, {});
      }
    }

    _payByWallet() {
      const resolve = () => this._tell("confirm", {
        expressPaymentType: "google_pay",
        billingDetails: { name: "Test Wallet", email: "wallet@example.test", phone: null, address: { country: "DE" } },
        paymentFailed: () => undefined,
      });
      this._elements._chosen = this;
      if (!this._tell("click", { expressPaymentType: "google_pay", resolve, reject: () => undefined })) resolve();
    }

    _tell(event, data) {
      const listeners = this._listeners.get(event) ?? [];
      for (const listener of listeners) listener({ elementType: this._kind, ...data });
      return listeners.length > 0;
    }

    _ask(type, data) {
      if (!this._port) return Promise.resolve({ error: UNREACHABLE });
      const id = crypto.randomUUID?.() ?? String(Math.random());
      return new Promise((resolve) => {
        this._waiting.set(id, resolve);
        this._port.postMessage({ type, id, ...data });
      });
    }

    on(event, listener) {
      this._listeners.set(event, [...(this._listeners.get(event) ?? []), listener]);
      return this;
    }

    once(event, listener) {
      const wrapped = (data) => { this.off(event, wrapped); listener(data); };
      return this.on(event, wrapped);
    }

    off(event, listener) {
      const kept = (this._listeners.get(event) ?? []).filter((known) => listener && known !== listener);
      this._listeners.set(event, kept);
      return this;
    }

    update(options) { Object.assign(this._options, options); return this; }
    focus() { this._frame?.focus(); this._port?.postMessage({ type: "focus" }); return this; }
    blur() { this._port?.postMessage({ type: "blur" }); return this; }
    clear() { this._port?.postMessage({ type: "clear" }); return this; }
    collapse() { return this; }

    unmount() {
      this._port?.close();
      this._frame?.remove();
      this._frame = this._port = null;
      return this;
    }

    destroy() {
      this.unmount();
      this._elements._known.delete(this._kind);
    }
  }

  class Elements {
    constructor(options) {
      this._clientSecret = options.clientSecret ?? null;
      if (this._clientSecret) intentOf(this._clientSecret);
      else Elements._checkDeferred(options);
      this._amount = options.amount;
      this._currency = options.currency;
      this._appearance = JSON.parse(JSON.stringify(options.appearance ?? {}));
      this._fonts = JSON.parse(JSON.stringify(options.fonts ?? []));
      this._known = new Map();
      this._chosen = null;
      this._submitted = false;
    }

    static _checkDeferred({ mode, amount, currency }) {
      if (mode !== "payment") throw new IntegrationError("elements() needs a clientSecret, or mode: 'payment'.");
      if (!Number.isInteger(amount) || amount < 1) throw new IntegrationError("elements(): amount must be a positive whole number of minor units.");
      if (typeof currency !== "string" || !/^[a-z]{3}$/.test(currency)) throw new IntegrationError("elements(): currency must be three lower-case letters.");
    }

    create(kind, options) {
      if (!FRAME_TITLES[kind]) throw new IntegrationError(`The simulator has no ${kind} Element; it has ${Object.keys(FRAME_TITLES).join(" and ")}.`);
      if (this._known.has(kind)) throw new IntegrationError(`Can only create one Element of type ${kind} through elements().create().`);
      const element = new Element(this, kind, options);
      this._known.set(kind, element);
      return element;
    }

    getElement(kind) { return this._known.get(kind) ?? null; }

    update(options) {
      for (const name of ["amount", "currency"]) if (name in options) this[`_${name}`] = options[name];
      if (options.appearance) {
        this._appearance = JSON.parse(JSON.stringify(options.appearance));
        const scheme = this._appearance.theme === "night" ? "dark" : "light";
        for (const element of this._known.values()) {
          if (element._frame) element._frame.style.colorScheme = scheme;
          element._port?.postMessage({ type: "update", appearance: this._appearance });
        }
      }
      this._submitted = false;
    }

    async fetchUpdates() { return {}; }

    async submit() {
      const element = this._paying();
      const { error } = await element._ask("submit", {});
      if (error) return { error };
      this._submitted = true;
      return { selectedPaymentMethod: element._kind === "payment" ? "card" : "google_pay" };
    }

    _paying() {
      const element = this._chosen ?? this._known.get("payment") ?? this._known.get("expressCheckout");
      if (!element?._frame) throw new IntegrationError("Create and mount a payment Element first.");
      return element;
    }
  }

  // The bank's step in a modal dialog: the rest of the page is inert, Escape refuses.
  function authenticate(url) {
    return new Promise((resolve) => {
      const dialog = document.createElement("dialog");
      dialog.setAttribute("aria-label", "3-D Secure authentication");
      Object.assign(dialog.style, { padding: "0", border: "0", borderRadius: "12px", width: "min(30rem, 94vw)", overflow: "hidden" });
      const frame = document.createElement("iframe");
      frame.title = "3-D Secure authentication";
      frame.name = "stripe-challenge-frame";
      frame.src = url;
      Object.assign(frame.style, { border: "0", display: "block", width: "100%", height: "min(26rem, 80vh)" });
      const end = () => {
        window.removeEventListener("message", hear);
        dialog.close();
        dialog.remove();
        resolve();
      };
      const hear = (event) => {
        if (event.origin === ORIGIN && event.source === frame.contentWindow && event.data?.awningStripe === "authenticated") end();
      };
      window.addEventListener("message", hear);
      dialog.addEventListener("cancel", async (event) => {
        event.preventDefault();
        const refusal = new URLSearchParams({ outcome: "fail" });
        await fetch(url, { method: "POST", mode: "no-cors", body: refusal }).catch(() => undefined);
        end();
      });
      dialog.append(frame);
      document.body.append(dialog);
      dialog.showModal();
    });
  }

  async function act(key, clientSecret, paymentIntent) {
    const action = paymentIntent.next_action;
    if (paymentIntent.status !== "requires_action" || !action) return { paymentIntent };
    await authenticate(action.use_stripe_sdk?.stripe_js ?? action.redirect_to_url.url);
    return retrieve(key, clientSecret);
  }

  function outcome(result) {
    if (result.error) return result;
    const { paymentIntent } = result;
    if (FINISHED.includes(paymentIntent.status)) return { paymentIntent };
    const error = paymentIntent.last_payment_error ?? { type: "invalid_request_error", message: `The payment is ${paymentIntent.status}.` };
    return { error: { ...error, payment_intent: paymentIntent } };
  }

  function mismatch(elements, { paymentIntent }) {
    if (elements._clientSecret || !paymentIntent) return null;
    if (paymentIntent.amount === elements._amount && paymentIntent.currency === elements._currency) return null;
    return {
      type: "invalid_request_error",
      message: `The PaymentIntent is over ${paymentIntent.amount} ${paymentIntent.currency}, but Elements shows `
        + `${elements._amount} ${elements._currency}. Call elements.update() with the right amount before confirming.`,
    };
  }

  function leave(returnUrl, paymentIntent) {
    const url = new URL(returnUrl, window.location.href);
    url.searchParams.set("payment_intent", paymentIntent.id);
    url.searchParams.set("payment_intent_client_secret", paymentIntent.client_secret);
    url.searchParams.set("redirect_status", FINISHED.includes(paymentIntent.status) ? "succeeded" : "failed");
    window.location.assign(url);
    return new Promise(() => undefined);
  }

  async function confirmPayment(key, { elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    if (!(elements instanceof Elements)) throw new IntegrationError("confirmPayment() needs the elements it shall take the card from.");
    const secret = clientSecret ?? elements._clientSecret;
    intentOf(secret);
    if (!elements._clientSecret && !elements._submitted) throw new IntegrationError("elements.submit() must be called before stripe.confirmPayment().");
    if (redirect !== "if_required" && !confirmParams.return_url) throw new IntegrationError("confirmParams.return_url is needed, unless redirect is 'if_required'.");
    const current = elements._clientSecret ? {} : await retrieve(key, secret);
    const wrong = current.error ?? mismatch(elements, current);
    if (wrong) return { error: wrong };
    const confirmed = await elements._paying()._ask("confirm", {
      clientSecret: secret, key, returnUrl: confirmParams.return_url, billingDetails: confirmParams.payment_method_data?.billing_details,
    });
    elements._chosen = null;
    const result = outcome(confirmed.error ? confirmed : await act(key, secret, confirmed.paymentIntent));
    if (result.error || redirect === "if_required") return result;
    return leave(confirmParams.return_url, result.paymentIntent);
  }

  function Stripe(key) {
    if (typeof key !== "string" || !key.startsWith("pk_")) throw new IntegrationError("Stripe() needs a publishable key: pk_test_….");
    if (!key.startsWith("pk_test_")) throw new IntegrationError("This is the Stripe simulator: it takes pk_test_ keys only.");
    return {
      elements: (options = {}) => new Elements(options),
      confirmPayment: (options) => confirmPayment(key, options ?? {}),
      retrievePaymentIntent: (clientSecret) => retrieve(key, clientSecret),
      handleNextAction: async ({ clientSecret }) => {
        const current = await retrieve(key, clientSecret);
        return current.error ? current : outcome(await act(key, clientSecret, current.paymentIntent));
      },
      registerAppInfo: () => undefined,
    };
  }
  Stripe.version = 3;
  window.Stripe = Stripe;
})();
