// market.js: progressive enhancement only. Every page works without it; htmx does the swapping, this the rest.

const on = (type, listener) => document.addEventListener(type, listener);

// Gallery thumbnails: scroll the stage without jumping the page.
on('click', (event) => {
  const thumb = event.target.closest('.thumbs a');
  const picture = thumb && document.querySelector(thumb.hash);
  if (!picture) return;
  event.preventDefault();
  const stage = picture.parentElement;
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  stage.scrollTo({ left: picture.offsetLeft - stage.offsetLeft, behavior: still ? 'instant' : 'smooth' });
  thumb.parentElement.querySelector('[aria-current]')?.removeAttribute('aria-current');
  thumb.setAttribute('aria-current', 'true');
});

// Menus close on a click elsewhere and on Escape; notes and toasts close by their button.
on('click', (event) => {
  for (const menu of document.querySelectorAll('.menu[open]')) if (!menu.contains(event.target)) menu.open = false;
  event.target.closest('[data-dismiss]')?.parentElement.remove();
});
on('keydown', (event) => {
  if (event.key !== 'Escape') return;
  const menu = document.querySelector('.menu[open]');
  if (menu) { menu.open = false; menu.querySelector('summary').focus(); }
  document.querySelector('.toast')?.remove();
});

// Selects that submit their form; the button beside them shows only where scripting is off.
on('change', (event) => { if (event.target.matches('[data-autosubmit]')) event.target.form.requestSubmit(); });

// Fields say what is wrong when they are left, not before; the server says it again for everybody.
function complaint(input) {
  const { validity, labels } = input;
  const name = labels[0]?.firstChild.textContent.trim().toLowerCase() ?? 'this';
  if (validity.valueMissing) return `Enter the ${name}.`;
  if (validity.typeMismatch && input.type === 'email') return 'Enter an e-mail address such as name@example.org.';
  return validity.valid ? '' : input.validationMessage;
}
on('focusout', (event) => {
  const input = event.target;
  if (!input.matches('[data-check] .input') || (!input.value && !input.hasAttribute('aria-invalid'))) return;
  const message = complaint(input);
  const id = `${input.id}-error`;
  let error = document.getElementById(id);
  if (!message) {
    error?.remove();
    input.removeAttribute('aria-invalid');
    if (input.closest('.field').querySelector('.hint')) input.setAttribute('aria-describedby', `${input.id}-hint`);
    else input.removeAttribute('aria-describedby');
    return;
  }
  if (!error) {
    error = Object.assign(document.createElement('p'), { id, className: 'error' });
    input.closest('.field').append(error);
  }
  error.textContent = message;
  input.setAttribute('aria-invalid', 'true');
  input.setAttribute('aria-describedby', input.closest('.field').querySelector('.hint') ? `${input.id}-hint ${id}` : id);
});

// A form that was refused: its summary takes the focus.
document.querySelector('[data-focus]')?.focus();

// A form is sent once, however often its button is pressed; htmx guards its own.
on('submit', (event) => {
  const form = event.target;
  if (form.method !== 'post' || form.hasAttribute('hx-post') || event.defaultPrevented) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = 'yes';
});
addEventListener('pageshow', () => { for (const form of document.querySelectorAll('form[data-sent]')) delete form.dataset.sent; });

// Back to a page as the browser has kept it: asked for anew where the cart or the person has changed since, in this tab.
const visitor = () => document.getElementById('cart-count')?.closest('nav').textContent.replace(/\s+/g, ' ') ?? '';
const noted = () => { try { sessionStorage.setItem('visitor', visitor()); } catch { /* forbidden: the page stays as it was */ } };
addEventListener('pageshow', ({ persisted }) => { if (persisted && sessionStorage.getItem('visitor') !== visitor()) location.reload(); else noted(); });
on('htmx:afterSettle', noted);

// Filters: empty fields stay out of the URL, groups stay as they were folded.
on('htmx:configRequest', (event) => {
  const { elt, parameters } = event.detail;
  if (!elt.hasAttribute('data-lean')) return;
  for (const [name, value] of Object.entries({ ...parameters })) if (value === '') delete parameters[name];
});
on('htmx:beforeSwap', () => {
  const folded = new Map([...document.querySelectorAll('#facet-groups details')].map((group) => [group.id, group.open]));
  if (folded.size) on1('htmx:afterSettle', () => {
    for (const [id, open] of folded) { const group = document.getElementById(id); if (group) group.open = open; }
  });
});
// A page that asks again and is sent elsewhere goes there as a whole: the other page brings its own scripts.
on('htmx:beforeSwap', (event) => {
  const { xhr, requestConfig } = event.detail;
  if (!requestConfig.elt.hasAttribute('data-follow') || !xhr.responseURL) return;
  if (new URL(xhr.responseURL).pathname === new URL(requestConfig.path, location.href).pathname) return;
  event.detail.shouldSwap = false;
  location.assign(xhr.responseURL);
});

// A sheet that was sent closes.
on('submit', (event) => { if (event.target.matches('[popover]:popover-open')) event.target.hidePopover(); });
function on1(type, listener) { document.addEventListener(type, listener, { once: true }); }

// "Load more", then a product, then Back: the longer list and the place in it are put back, where the browser has not kept them.
const list = 'list:' + location.pathname + location.search;
addEventListener('pagehide', () => {
  const cards = document.getElementById('cards');
  if (!cards?.dataset.longer) return;
  const kept = { cards: cards.innerHTML, more: document.getElementById('more').innerHTML, to: document.getElementById('shown-to')?.textContent, y: scrollY };
  try { sessionStorage.setItem(list, JSON.stringify(kept)); } catch { /* full or forbidden: the first page is shown */ }
});
on('htmx:afterSwap', (event) => { if (event.detail.target.id === 'cards') event.detail.target.dataset.longer = 'yes'; });
const kept = sessionStorage.getItem(list);
if (kept) {
  sessionStorage.removeItem(list);
  if (performance.getEntriesByType('navigation')[0]?.type === 'back_forward') {
    const { cards, more, to, y } = JSON.parse(kept);
    const grid = document.getElementById('cards');
    grid.innerHTML = cards;
    grid.dataset.longer = 'yes';
    document.getElementById('more').innerHTML = more;
    if (to) document.getElementById('shown-to').textContent = to;
    addEventListener('load', () => { window.htmx?.process(document.getElementById('more')); scrollTo(0, y); });
  }
}

// Charts: a crosshair that walks along the rows of the table beside them, so there is one source of numbers.
function readable(box) {
  const rows = [...document.querySelectorAll(`#${box.dataset.chart} tbody tr`)].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
  if (rows.length < 2) return;
  const svg = box.querySelector('svg');
  const cross = box.querySelector('.cross');
  const tip = box.querySelector('.chart-tip');
  const price = (text) => (text === '–' ? 'none' : box.dataset.unit + text);
  let at = rows.length - 1;
  const show = (row) => {
    at = Math.max(0, Math.min(rows.length - 1, row));
    const share = at / (rows.length - 1);
    const [day, ask, median, sold] = rows[at];
    for (const end of ['x1', 'x2']) cross.setAttribute(end, `${share * 100}%`);
    cross.style.visibility = 'visible';
    tip.hidden = false;
    tip.textContent = `${day}: ${price(ask)}, median ${price(median)}, ${sold} sold`;
    const start = share * svg.clientWidth - tip.offsetWidth / 2;
    tip.style.insetInlineStart = `${Math.max(0, Math.min(box.clientWidth - tip.offsetWidth, start))}px`;
  };
  const hide = () => { cross.style.visibility = 'hidden'; tip.hidden = true; };
  box.tabIndex = 0;
  box.setAttribute('role', 'group');
  box.setAttribute('aria-label', 'Price chart: read its values with the arrow keys');
  box.addEventListener('pointermove', (event) => {
    const { left, width } = svg.getBoundingClientRect();
    show(Math.round(((event.clientX - left) / width) * (rows.length - 1)));
  });
  box.addEventListener('pointerleave', hide);
  box.addEventListener('blur', hide);
  box.addEventListener('keydown', (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, Home: -rows.length, End: rows.length }[event.key];
    if (!step) return;
    event.preventDefault();
    show(tip.hidden ? at : at + step);
  });
}
const charts = (within) => within.querySelectorAll('[data-chart]').forEach(readable);
charts(document);
on('htmx:load', (event) => { if (event.detail.elt !== document.body) charts(event.detail.elt); });

// What htmx could not do, said where it is read out; a link that failed is followed plainly.
for (const failure of ['htmx:responseError', 'htmx:sendError', 'htmx:timeout']) on(failure, (event) => {
  const { elt, requestConfig } = event.detail;
  if (requestConfig?.verb === 'get' && elt.href) { location.assign(elt.href); return; }
  const toast = document.createElement('div');
  toast.className = 'toast toast-bad';
  toast.textContent = 'That did not work. Nothing was changed: please try again.';
  document.getElementById('toast')?.replaceChildren(toast);
});
