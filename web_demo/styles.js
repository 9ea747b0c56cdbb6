/**
 * The element's look. Colours, type and shape come from custom properties that the host may set; the defaults keep
 * WCAG 2.2 AA contrast in light and in dark (`tests/web/styles.test.js` computes it).
 */
import { FIGURE } from './styles-figure.js';
import { STAGE } from './styles-stage.js';

/**
 * Default colours, light and dark. Text pairs reach 4.5:1, lines of controls and signs 3:1.
 * @type {Readonly<Record<string, readonly [string, string]>>}
 */
export const COLOURS = Object.freeze({
  surface: ['#ffffff', '#14181f'],
  raised: ['#f4f6f9', '#1d232c'],
  text: ['#161b24', '#f2f4f8'],
  muted: ['#535d6b', '#aab4c2'],
  line: ['#dde2ea', '#2e3743'],
  control: ['#7a8594', '#7f8b9b'],
  accent: ['#1c50c8', '#86abff'],
  'on-accent': ['#ffffff', '#0b1730'],
  good: ['#0f7043', '#5fd39c'],
  warn: ['#8a4b00', '#f3c161'],
  bad: ['#b3261e', '#ff9f96'],
  figure: ['#e9eef8', '#263043'],
});

const tokens = Object.entries(COLOURS)
  .map(([name, [light, dark]]) => `--${name}: var(--face-liveness-${name}, light-dark(${light}, ${dark}));`)
  .join('\n  ');

const BASE = `
:host {
  ${tokens}
  --radius: var(--face-liveness-radius, 1.25rem);
  display: block;
  container-type: inline-size;
  color-scheme: light dark;
  color: var(--text);
  font: 400 1rem/1.5 var(--face-liveness-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif);
  text-align: start;
}
:host([theme=light]) { color-scheme: light; }
:host([theme=dark]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }

.frame {
  max-inline-size: var(--face-liveness-max-width, 35rem);
  margin-inline: auto;
  padding: clamp(1rem, 5cqi, 2.25rem);
  background: var(--surface);
  border: var(--face-liveness-border, 1px solid var(--line));
  border-radius: var(--radius);
}
h2, p, ul, fieldset { margin: 0; padding: 0; border: 0; }
h2 { font-size: clamp(1.375rem, 1.2rem + 1.6cqi, 1.75rem); font-weight: 600; line-height: 1.25; letter-spacing: -.011em; text-wrap: balance; overflow-wrap: anywhere; }
:lang(ar) h2, :lang(hi) h2, :lang(zh) h2 { letter-spacing: normal; }
h2:focus { outline: none; }
p { text-wrap: pretty; }
.icon { inline-size: 1.5rem; block-size: 1.5rem; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.points { display: grid; gap: 1rem; margin-block: 1.5rem; list-style: none; }
.points li { display: flex; gap: .875rem; align-items: flex-start; }
.points .icon { color: var(--accent); }
.fine { color: var(--muted); font-size: .9375rem; }

.actions { display: flex; flex-wrap: wrap; gap: .75rem; margin-block-start: 1.75rem; }
.actions:not(:has(> :not([hidden]))) { display: none; }
.button {
  flex: 1 1 auto;
  min-block-size: 3rem;
  min-inline-size: 6rem;
  padding: .625rem 1.5rem;
  border: 1px solid transparent;
  border-radius: var(--face-liveness-button-radius, .75rem);
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
.primary { flex-grow: 2; background: var(--accent); color: var(--on-accent); }
.secondary { background: transparent; color: var(--text); border-color: var(--control); }
.primary:hover { background: color-mix(in oklab, var(--accent), var(--text) 14%); }
.secondary:hover { background: var(--raised); }
.button:disabled { background: var(--raised); color: var(--muted); border-color: var(--line); cursor: default; }
:is(button, select, input, summary, label):focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }

.idle, .preparing, .result { text-align: center; }
.idle > p, .preparing > p, :is(.idle, .preparing) slot > p { color: var(--muted); margin-block-start: .5rem; }
.result .why { margin-block-start: .75rem; font-weight: 500; }
.result .advice { margin-block-start: .5rem; color: var(--muted); }
:is(.preparing, .idle, .result) .actions { justify-content: center; }
:is(.preparing, .idle, .result) .button { flex: 0 1 14rem; }
.badge { display: grid; place-items: center; inline-size: 4.5rem; block-size: 4.5rem; margin: .5rem auto 1.5rem; border-radius: 50%; background: var(--raised); color: var(--muted); }
.badge .icon { inline-size: 2.25rem; block-size: 2.25rem; stroke-width: 2; }
.badge[data-tone=accent] { color: var(--accent); }
.badge[data-tone=good] { color: var(--good); background: color-mix(in oklab, var(--surface), var(--good) 13%); }
.badge[data-tone=bad] { color: var(--bad); background: color-mix(in oklab, var(--surface), var(--bad) 11%); }
.spinner { inline-size: 3.5rem; block-size: 3.5rem; margin: 1rem auto 1.5rem; border: .3rem solid var(--line); border-block-start-color: var(--accent); border-radius: 50%; }
.help:not(:has(slot:not(:empty))) { margin: 0; }
.help { margin-block-start: 1.25rem; color: var(--muted); font-size: .9375rem; }
[data-state=challenging] .help, [data-state=positioning] .help, [data-state=checking] .help { display: none; }

@media (prefers-reduced-motion: no-preference) {
  .spinner { animation: turn 1.4s linear infinite; }
  .button { transition: background-color .15s; }
  .screen:not([hidden]) { animation: arrive .25s ease-out; }
}
@keyframes turn { to { transform: rotate(1turn); } }
@keyframes arrive { from { opacity: 0; } }

@media (forced-colors: active) {
  .primary { forced-color-adjust: none; background: ButtonText; color: ButtonFace; }
  .primary:disabled { background: ButtonFace; color: GrayText; border-color: GrayText; }
  :is(button, select, input, summary):focus-visible { outline-color: Highlight; }
}
`;

/** All rules, one sheet for every element on a page. */
export const CSS = BASE + STAGE + FIGURE;

/**
 * Dresses a shadow root. Constructed sheets are no inline style to a Content-Security-Policy.
 * @param {ShadowRoot} root
 */
export function dress(root) {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(CSS);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets, sheet];
}
