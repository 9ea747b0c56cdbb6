/** The page in the frame: one element, shown when a page that may have it says hello. See `frame-guest.js`. */
import { FaceLiveness } from './define.js';
import { awaitHost, hostsOf } from './frame-guest.js';
import { load } from './strings/index.js';

const sheet = new CSSStyleSheet();
sheet.replaceSync('html, body { margin: 0; background: transparent; } body { display: grid; min-block-size: 100dvh; }');
document.adoptedStyleSheets = [sheet];

awaitHost(window, hostsOf(document), () => {
  const element = new FaceLiveness();
  queueMicrotask(() => void show(element)); // its attributes first
  return element;
});

/** @param {FaceLiveness} element */
async function show(element) {
  document.body.append(element);
  const words = await load(element.lang || navigator.language);
  Object.assign(document.documentElement, { lang: words.lang, dir: words.dir });
  document.title = words('a11y.label');
}
