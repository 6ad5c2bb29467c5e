// Runs inside the frame that the browser script puts into the shop's page. The card is typed here and sent from here to the
// API of this origin: the shop's page never sees it. The shop's page speaks to us through the port of the first message.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const fields = ["number", "expiry", "cvc"];
  const COUNTRIES = ("AT AU BE BG BR CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IN IS IT JP LI LT LU LV MT MX NL NO NZ PL "
    + "PT RO SE SG SI SK US").split(" ");
  const BRANDS = [["amex", /^3[47]/, "American Express"], ["visa", /^4/, "Visa"], ["mastercard", /^(5[1-5]|2[2-7])/, "Mastercard"],
    ["discover", /^6(011|5|4[4-9])/, "Discover"]];
  const MESSAGES = {
    incomplete_number: "Your card number is incomplete.", invalid_number: "Your card number is invalid.",
    incomplete_expiry: "Your card's expiration date is incomplete.",
    invalid_expiry: "Your card's expiration date is in the past.",
    incomplete_cvc: "Your card's security code is incomplete.",
  };
  let port = null;
  let settings = {};
  let showCountry = true;

  const digits = (text) => text.replace(/\D/g, "");
  const brand = () => BRANDS.find(([, pattern]) => pattern.test(digits($("number").value)));
  const codeLength = () => (brand()?.[0] === "amex" ? 4 : 3);
  const numberLength = () => (brand()?.[0] === "amex" ? 15 : 16);

  function luhn(number) {
    const sum = [...number].reverse().reduce((total, digit, place) => {
      const value = Number(digit) * (place % 2 ? 2 : 1);
      return total + (value > 9 ? value - 9 : value);
    }, 0);
    return sum % 10 === 0;
  }

  function problem(name) {
    const typed = digits($(name).value);
    if (name === "number") {
      if (typed.length < numberLength()) return "incomplete_number";
      return luhn(typed) ? null : "invalid_number";
    }
    if (name === "cvc") return typed.length < codeLength() ? "incomplete_cvc" : null;
    if (typed.length < 4 || Number(typed.slice(0, 2)) < 1 || Number(typed.slice(0, 2)) > 12) return "incomplete_expiry";
    const lastMoment = new Date(2000 + Number(typed.slice(2, 4)), Number(typed.slice(0, 2)), 1);
    return lastMoment <= new Date() ? "invalid_expiry" : null;
  }

  function show(name, code) {
    $(`${name}-error`).textContent = code ? MESSAGES[code] : "";
    $(name).classList.toggle("Input--invalid", Boolean(code));
    $(name).setAttribute("aria-invalid", String(Boolean(code)));
  }

  function formatted(name, typed) {
    if (name === "cvc") return typed.slice(0, codeLength());
    if (name === "number") {
      const groups = brand()?.[0] === "amex" ? /^(\d{0,4})(\d{0,6})(\d{0,5})/ : /^(\d{0,4})(\d{0,4})(\d{0,4})(\d{0,4})/;
      return typed.match(groups).slice(1).filter(Boolean).join(" ");
    }
    if (/^[2-9]/.test(typed)) typed = `0${typed}`;
    // An autofilled date may have a year of four digits.
    if (typed.length > 4) typed = typed.slice(0, 2) + typed.slice(-2);
    return typed.length > 2 ? `${typed.slice(0, 2)} / ${typed.slice(2, 4)}` : typed;
  }

  function reformat(input) {
    const before = digits(input.value.slice(0, input.selectionStart)).length;
    const atEnd = input.selectionStart === input.value.length;
    const text = formatted(input.id, digits(input.value));
    if (text === input.value) return;
    input.value = text;
    if (atEnd || document.activeElement !== input) return;
    let place = 0;
    for (let seen = 0; place < text.length && seen < before; place += 1) if (/\d/.test(text[place])) seen += 1;
    input.setSelectionRange(place, place);
  }

  function changed() {
    const empty = fields.every((name) => !$(name).value);
    const complete = fields.every((name) => !problem(name));
    $("brand").textContent = $("number").value ? brand()?.[2] ?? "" : "";
    port?.postMessage({ type: "change", empty, complete });
  }

  function validate() {
    let first = null;
    for (const name of fields) {
      const code = problem(name);
      show(name, code);
      if (code && !first) first = { name, code };
    }
    if (!first) return null;
    $(first.name).focus();
    return { type: "validation_error", code: first.code, message: MESSAGES[first.code] };
  }

  function style(appearance = {}) {
    const root = document.documentElement;
    root.classList.toggle("night", appearance.theme === "night");
    root.style.colorScheme = appearance.theme === "night" ? "dark" : "light";
    for (const [name, value] of Object.entries(appearance.variables ?? {})) {
      if (/^[a-zA-Z0-9]+$/.test(name)) root.style.setProperty(`--${name}`, String(value));
    }
    const sheet = new CSSStyleSheet();
    for (const [selector, declarations] of Object.entries(appearance.rules ?? {})) {
      if (!/^\.[\w:.\- ]+$/.test(selector)) continue;
      const rule = sheet.cssRules[sheet.insertRule(`${selector} {}`, sheet.cssRules.length)];
      for (const [name, value] of Object.entries(declarations)) {
        rule.style.setProperty(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), String(value));
      }
    }
    document.adoptedStyleSheets = [sheet];
  }

  function loadFonts(fonts = []) {
    for (const font of fonts) {
      if (font.cssSrc) {
        const link = document.createElement("link");
        link.rel = "stylesheet";
        link.href = font.cssSrc;
        document.head.append(link);
      } else if (font.family && font.src) {
        const { weight = "400", style: slope = "normal", display = "swap", unicodeRange } = font;
        const face = new FontFace(font.family, font.src, { weight, style: slope, display, ...(unicodeRange && { unicodeRange }) });
        face.load().then((loaded) => document.fonts.add(loaded), () => undefined);
      }
    }
  }

  function methodData(form) {
    form.append("payment_method_data[type]", "card");
    if (settings.kind === "expressCheckout") {
      form.append("payment_method_data[card][token]", "tok_visa");
      return;
    }
    const expiry = digits($("expiry").value);
    form.append("payment_method_data[card][number]", digits($("number").value));
    form.append("payment_method_data[card][exp_month]", expiry.slice(0, 2));
    form.append("payment_method_data[card][exp_year]", expiry.slice(2));
    form.append("payment_method_data[card][cvc]", digits($("cvc").value));
    if (showCountry) form.append("payment_method_data[billing_details][address][country]", $("country").value);
  }

  function billing(form, details = {}) {
    for (const name of ["name", "email", "phone"]) {
      if (details[name]) form.append(`payment_method_data[billing_details][${name}]`, details[name]);
    }
    for (const [name, value] of Object.entries(details.address ?? {})) {
      if (value && name !== "country") form.append(`payment_method_data[billing_details][address][${name}]`, value);
    }
  }

  async function confirm({ clientSecret, key, returnUrl, billingDetails }) {
    const wrong = settings.kind === "payment" ? validate() : null;
    if (wrong) return { error: wrong };
    const form = new URLSearchParams({ key, client_secret: clientSecret, use_stripe_sdk: "true" });
    if (returnUrl) form.append("return_url", returnUrl);
    methodData(form);
    billing(form, billingDetails);
    const intent = clientSecret.split("_secret_")[0];
    try {
      const answer = await fetch(`/v1/payment_intents/${encodeURIComponent(intent)}/confirm`, { method: "POST", body: form });
      const body = await answer.json();
      return body.error ? { error: body.error } : { paymentIntent: body };
    } catch {
      return { error: { type: "api_connection_error", message: "We could not reach the payment service. Check your connection and try again." } };
    }
  }

  function begin(message) {
    settings = message;
    style(message.appearance);
    loadFonts(message.fonts);
    $(message.kind === "payment" ? "card" : "wallet").hidden = false;
    const details = message.options.fields?.billingDetails;
    showCountry = details !== "never" && details?.address !== "never" && details?.address?.country !== "never";
    $("country-field").hidden = !showCountry;
    const names = new Intl.DisplayNames(["en"], { type: "region" });
    const wanted = message.options.defaultValues?.billingDetails?.address?.country ?? "DE";
    for (const code of COUNTRIES) $("country").append(new Option(names.of(code), code, code === wanted, code === wanted));
    new ResizeObserver(() => port.postMessage({ type: "height", height: document.body.offsetHeight })).observe(document.body);
    port.postMessage({ type: "ready" });
  }

  const actions = {
    update: (message) => style(message.appearance),
    submit: () => ({ error: settings.kind === "payment" ? validate() : null }),
    confirm,
    focus: () => $(settings.kind === "payment" ? "number" : "wallet-button").focus(),
    blur: () => document.activeElement?.blur(),
    clear: () => {
      for (const name of fields) { $(name).value = ""; show(name, null); }
      changed();
    },
  };

  window.addEventListener("message", (event) => {
    if (port || event.source !== window.parent || event.data?.awningStripe !== "begin") return;
    [port] = event.ports;
    port.onmessage = async ({ data }) => {
      const result = await actions[data.type]?.(data);
      if (data.id) port.postMessage({ type: "reply", id: data.id, result });
    };
    begin(event.data);
  });
  for (const name of fields) {
    $(name).addEventListener("input", () => { reformat($(name)); show(name, null); changed(); });
    $(name).addEventListener("blur", () => { if ($(name).value) show(name, problem(name)); port?.postMessage({ type: "blur" }); });
    $(name).addEventListener("focus", () => port?.postMessage({ type: "focus" }));
  }
  $("country").addEventListener("change", changed);
  $("card").addEventListener("submit", (event) => { event.preventDefault(); validate(); });
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") port?.postMessage({ type: "escape" }); });
  $("wallet-button").addEventListener("click", () => port?.postMessage({ type: "click" }));
})();
