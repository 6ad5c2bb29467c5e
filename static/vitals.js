// vitals.js: how long a page let its reader wait, told to the hall once, when the page is left. One visit in five takes
// part; it says the page's path and three numbers, nothing about the reader. Whatever goes wrong here goes unnoticed.

const SHARE = 0.2;
const ADDRESS = '/vitals/';
// Presses kept: the slowest of fifty are forgiven one, as the definition of the measure has it.
const KEPT = 10;

const watch = (type, options, each) => {
  if (!PerformanceObserver.supportedEntryTypes?.includes(type)) return;
  new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true, ...options });
};

function measure() {
  let lcp;
  let shift = 0;
  let burst = { sum: 0, first: 0, last: 0 };
  const presses = new Map();
  let sent = false;

  watch('largest-contentful-paint', {}, (entry) => { lcp = entry.startTime; });

  // Shifts that follow each other closely count together, five seconds at most; the worst such burst is the figure.
  watch('layout-shift', {}, ({ hadRecentInput, startTime, value }) => {
    if (hadRecentInput) return;
    const follows = burst.sum && startTime - burst.last < 1000 && startTime - burst.first < 5000;
    burst = follows ? { ...burst, sum: burst.sum + value, last: startTime } : { sum: value, first: startTime, last: startTime };
    shift = Math.max(shift, burst.sum);
  });

  watch('event', { durationThreshold: 40 }, ({ interactionId, duration }) => {
    if (!interactionId) return;
    presses.set(interactionId, Math.max(duration, presses.get(interactionId) ?? 0));
    if (presses.size <= KEPT) return;
    const [fastest] = [...presses].reduce((one, other) => (other[1] < one[1] ? other : one));
    presses.delete(fastest);
  });

  const slowest = () => {
    const durations = [...presses.values()].sort((one, other) => other - one);
    return durations[Math.min(durations.length - 1, Math.floor((performance.interactionCount ?? 0) / 50))];
  };

  const tell = () => {
    if (sent || document.visibilityState !== 'hidden') return;
    sent = true;
    const round = (value) => (value === undefined ? undefined : Math.round(value));
    const report = {
      path: location.pathname.slice(0, 400),
      lcp: round(lcp),
      cls: lcp === undefined ? undefined : Math.round(shift * 10000) / 10000,
      inp: round(slowest()),
    };
    if (lcp !== undefined || report.inp !== undefined) navigator.sendBeacon?.(ADDRESS, JSON.stringify(report));
  };
  addEventListener('visibilitychange', tell, true);
  addEventListener('pagehide', tell, true);
}

try {
  // A page that was opened in the background has waited for its reader, not the reader for it.
  if (Math.random() < SHARE && document.visibilityState === 'visible') measure();
} catch {
  // An old browser: the hall does without its figures.
}
