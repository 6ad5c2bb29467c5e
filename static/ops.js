// ops.js: renews what has changed every five seconds. Without it the page is loaded again by hand.

const EVERY = 5000;
const poll = document.getElementById('poll');
const stalled = document.getElementById('stalled');
const at = document.getElementById('live-at');
let asked = 0;

function ask() {
  if (document.hidden || !window.htmx) return;
  asked = Date.now();
  htmx.trigger(poll, 'ops:poll');
}
setInterval(ask, EVERY);
document.addEventListener('visibilitychange', () => { if (Date.now() - asked > EVERY) ask(); });

// The server is told what is here, so that it sends nothing twice.
poll.addEventListener('htmx:configRequest', ({ detail }) => {
  detail.parameters.seen = [...document.querySelectorAll('[data-mark]')].map((box) => box.dataset.mark).join(' ');
});

// What somebody has opened, focused or scrolled to stays so when its panel is renewed.
const kept = new Map();
document.body.addEventListener('htmx:oobBeforeSwap', ({ detail }) => {
  const old = detail.target;
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  kept.set(old.id, {
    open: [...old.querySelectorAll('details[open]')].map(({ id }) => id),
    scrolled: [...old.querySelectorAll('details > pre')].map((pre) => [pre.parentElement.id, pre.scrollLeft, pre.scrollTop]),
    focus: focused && (focused.id ? `#${CSS.escape(focused.id)}` : path(focused, old)),
  });
  for (const details of detail.fragment.querySelectorAll('details')) details.open = kept.get(old.id).open.includes(details.id);
});
document.body.addEventListener('htmx:oobAfterSwap', ({ detail }) => {
  const box = document.getElementById(detail.target.id);
  const state = kept.get(detail.target.id);
  kept.delete(detail.target.id);
  if (!box || !state) return;
  for (const [id, left, top] of state.scrolled) document.getElementById(id)?.querySelector('pre')?.scrollTo(left, top);
  if (state.focus) box.querySelector(state.focus)?.focus({ preventScroll: true });
});
// A summary, a link or a plan has no name of its own: it is found by what it belongs to.
function path(element, box) {
  const fold = element.closest('details[id]');
  if (fold) return `#${CSS.escape(fold.id)} > ${element.localName}`;
  return element.hasAttribute('href') && box.contains(element) ? `a[href="${CSS.escape(element.getAttribute('href'))}"]` : null;
}

document.body.addEventListener('htmx:afterRequest', ({ detail }) => {
  if (detail.elt !== poll) return;
  if (detail.successful) {
    const now = new Date();
    at.textContent = now.toISOString().slice(11, 19);
    at.dateTime = now.toISOString();
    stalled.hidden = true;
    return;
  }
  // Said once, not every five seconds.
  if (!stalled.hidden) return;
  stalled.hidden = false;
  stalled.querySelector('.grow').textContent = `Not up to date: the server has not answered since ${at.textContent} UTC. It is asked again every five seconds.`;
});

// A form is sent once, however often its button is pressed.
document.getElementById('acts').addEventListener('submit', (event) => {
  if (event.target.dataset.sent) event.preventDefault();
  event.target.dataset.sent = 'yes';
});
addEventListener('pageshow', () => delete document.getElementById('acts').dataset.sent);
