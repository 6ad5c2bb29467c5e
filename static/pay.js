// pay.js: the card form of the payment step. Loaded after Stripe.js (or its stand-in), which `window.Stripe` is.

const form = document.getElementById('pay');
const button = form.querySelector('[type=submit]');
const box = document.getElementById('pay-error');
const field = document.getElementById('card-field');

function say(message) {
  box.querySelector('span').textContent = message;
  box.hidden = !message;
  if (message) box.focus();
}

// Our tokens are light-dark() values: only an element's computed colour says which one holds.
function colour(token) {
  const probe = document.body.appendChild(document.createElement('i'));
  probe.style.color = `var(${token})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

function looks() {
  return {
    theme: matchMedia('(prefers-color-scheme: dark)').matches ? 'night' : 'stripe',
    variables: {
      fontFamily: 'Figtree, system-ui, sans-serif', fontSizeBase: '16px', spacingUnit: '4px', borderRadius: '10px',
      colorPrimary: colour('--brand'), colorBackground: colour('--surface'), colorText: colour('--ink'),
      colorTextSecondary: colour('--ink-2'), colorTextPlaceholder: colour('--ink-3'), colorDanger: colour('--danger'),
    },
    rules: {
      '.Input': { border: `1.5px solid ${colour('--control')}`, boxShadow: 'none' },
      '.Input:focus': { borderColor: colour('--focus'), boxShadow: `0 0 0 2px ${colour('--focus')}` },
      '.Label': { fontWeight: '500' },
    },
  };
}

function loaded() {
  document.getElementById('card-loading')?.remove();
  field.removeAttribute('aria-busy');
}

function open() {
  if (!window.Stripe) {
    loaded();
    say('The card form could not be loaded. Nothing was charged: check your connection and reload this page.');
    return;
  }
  const stripe = window.Stripe(form.dataset.key);
  const font = new URL(form.dataset.font, location.href).href;
  const elements = stripe.elements({
    clientSecret: form.dataset.secret,
    appearance: looks(),
    fonts: [{ family: 'Figtree', src: `url(${font})`, weight: '300 900' }],
  });
  const card = elements.create('payment', { layout: 'tabs' });
  card.on('ready', () => {
    loaded();
    button.disabled = false;
  });
  card.on('loaderror', () => {
    loaded();
    say('The card form could not be loaded. Nothing was charged: reload this page.');
  });
  card.mount('#card');

  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    button.disabled = true;
    form.setAttribute('aria-busy', 'true');
    say('');
    try {
      const { error } = await stripe.confirmPayment({
        elements,
        confirmParams: { return_url: form.dataset.return },
        redirect: 'if_required',
      });
      if (!error) { location.assign(form.dataset.return); return; }
      say(error.message ?? 'The payment did not go through. Nothing was charged: try again or use another card.');
    } catch {
      // The answer was lost, not necessarily the payment: the return page asks the provider which it was.
      location.assign(form.dataset.return);
      return;
    }
    form.removeAttribute('aria-busy');
    button.disabled = false;
  });
}

open();
