// A host page as short as can be. Its query becomes the element's attributes; what happened stands in `seen`.
import '/element/define.js';
import { EVENTS } from '/element/events.js';

globalThis.seen = [];
globalThis.slow = [];
const attributes = Object.fromEntries(new URLSearchParams(location.search));
const element = document.createElement('face-liveness');

/** @param {object} request */
async function requestSession(request) {
  const answer = await fetch('/session', { method: 'POST', body: JSON.stringify(request) });
  if (!answer.ok) throw new Error('refused');
  return answer.json();
}

document.documentElement.lang = attributes.lang ?? 'en';
for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
if (!attributes['client-token']) element.requestSession = requestSession;
for (const name of EVENTS) {
  element.addEventListener(name, ({ type, detail }) => globalThis.seen.push({ type, detail, at: performance.now() }));
}
document.addEventListener('click', () => globalThis.seen.push({ type: 'click', at: performance.now() }), true);
document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sourceFile }) =>
  console.error(`violates ${violatedDirective}: ${blockedURI} in ${sourceFile}`),
);
// Frames that took long, and which script of whom took how much of them: only ours count.
new PerformanceObserver((list) => {
  for (const { startTime: at, scripts } of list.getEntries()) {
    const ours = scripts.filter(({ sourceURL }) => sourceURL.includes('/element/'));
    globalThis.slow.push({ at, ours: ours.map(({ invoker, duration: ms }) => ({ invoker, ms })) });
  }
}).observe({ type: 'long-animation-frame' });
document.querySelector('#place').append(element);
