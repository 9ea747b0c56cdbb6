/**
 * The element's look. Colours, type and shape come from custom properties that the host may set; the defaults keep
 * WCAG 2.2 AA contrast in light and in dark (`tests/web/styles.test.js` computes it).
 */

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
  --radius: var(--face-liveness-radius, 1.25em);
  display: block;
  container-type: inline-size;
  color-scheme: light dark;
  color: var(--text);
  /* The size a person chose in the browser, not the one the host's page made of it. All lengths follow it. */
  font: 400 var(--face-liveness-font-size, medium)/1.5 var(--face-liveness-font, system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif);
  text-align: start;
}
:host([theme=light]) { color-scheme: light; }
:host([theme=dark]) { color-scheme: dark; }
:host([hidden]), [hidden] { display: none !important; }
*, *::before, *::after { box-sizing: border-box; }

.frame {
  max-inline-size: var(--face-liveness-max-width, 35em);
  margin-inline: auto;
  padding: clamp(1em, 5cqi, 2.25em);
  background: var(--surface);
  border: var(--face-liveness-border, 1px solid var(--line));
  border-radius: var(--radius);
}
h2, p, ul, fieldset { min-inline-size: 0; margin: 0; padding: 0; border: 0; }
h2 { font-size: clamp(1.375em, 1.2em + 1.6cqi, 1.75em); font-weight: 600; line-height: 1.25; letter-spacing: -.011em; text-wrap: balance; overflow-wrap: anywhere; }
:lang(ar) h2, :lang(hi) h2, :lang(zh) h2 { letter-spacing: normal; }
h2:focus { outline: none; }
p { text-wrap: pretty; }
.icon { inline-size: 1.5em; block-size: 1.5em; flex: none; fill: none; stroke: currentColor; stroke-width: 1.75; stroke-linecap: round; stroke-linejoin: round; }
.unseen { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.points { display: grid; gap: 1em; margin-block: 1.5em; list-style: none; }
.points li { display: flex; gap: .875em; align-items: flex-start; }
.points .icon { color: var(--accent); }
.fine { color: var(--muted); font-size: .9375em; }

.actions { display: flex; flex-wrap: wrap; gap: .75em; margin-block-start: 1.75em; }
.actions:not(:has(> :not([hidden]))) { display: none; }
.button {
  flex: 1 1 auto;
  min-block-size: 3em;
  min-inline-size: 6em;
  padding: .625em 1.5em;
  border: 1px solid transparent;
  border-radius: var(--face-liveness-button-radius, .75em);
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
.idle > p, .preparing > p, :is(.idle, .preparing) slot > p { color: var(--muted); margin-block-start: .5em; }
.result .why { margin-block-start: .75em; font-weight: 500; }
.result .advice { margin-block-start: .5em; color: var(--muted); }
:is(.preparing, .idle, .result) .actions { justify-content: center; }
:is(.preparing, .idle, .result) .button { flex: 0 1 14em; }
.badge { display: grid; place-items: center; inline-size: 4.5em; block-size: 4.5em; margin: .5em auto 1.5em; border-radius: 50%; background: var(--raised); color: var(--muted); }
.badge .icon { inline-size: 2.25em; block-size: 2.25em; stroke-width: 2; }
.badge[data-tone=accent] { color: var(--accent); }
.badge[data-tone=good] { color: var(--good); background: color-mix(in oklab, var(--surface), var(--good) 13%); }
.badge[data-tone=bad] { color: var(--bad); background: color-mix(in oklab, var(--surface), var(--bad) 11%); }
.spinner { inline-size: 3.5em; block-size: 3.5em; margin: 1em auto 1.5em; border: .3em solid var(--line); border-block-start-color: var(--accent); border-radius: 50%; }
.help { color: var(--muted); font-size: .9375em; }
:is(.help, .result, .said) ::slotted(*) { display: block; margin-block-start: 1em; }
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

/** The page with the picture, its options, and the coloured light. */
const STAGE = `
.live { display: grid; gap: 1em; }
.prompt { display: flex; align-items: center; justify-content: center; gap: 1em; }
[data-state=adjusting] .prompt { justify-content: start; }
.said { min-inline-size: 0; }
.live[data-tone=plain]:not([data-state=adjusting]) .said { text-align: center; }
.detail { color: var(--muted); margin-block-start: .25em; }
.detail:empty, .hint:empty, .tone:empty { display: none; }
.tone { display: grid; place-items: center; flex: none; inline-size: 2.5em; block-size: 2.5em; border-radius: 50%; }
.tone .icon { stroke-width: 2.25; }
[data-tone=warn] .tone { color: var(--warn); background: color-mix(in oklab, var(--surface), var(--warn) 14%); }
[data-tone=good] .tone { color: var(--good); background: color-mix(in oklab, var(--surface), var(--good) 13%); }
/* Room for the largest prompt, so that the picture stays where it is. */
.live:not([data-state=adjusting]) .prompt { min-block-size: 8.25em; }
.live[data-state=challenging] h2 { font-size: clamp(1.5em, 1.1em + 2.6cqi, 2em); }

.stage { position: relative; overflow: hidden; inline-size: 100%; aspect-ratio: 3 / 4; max-block-size: max(15em, calc(100svh - 21em)); border-radius: calc(var(--radius) * .8); background: var(--raised); }
/* Room for the button to go on. */
[data-state=adjusting] .stage { max-block-size: max(15em, calc(100svh - 27em)); }
@container (min-width: 30em) { .stage { aspect-ratio: 4 / 3; } }
video { position: absolute; max-inline-size: none; transform: scaleX(-1); }
.overlay { position: absolute; inset: 0; inline-size: 100%; block-size: 100%; }
.overlay path { fill: none; }
.overlay .veil { fill: var(--surface); fill-opacity: .8; }
[data-state=adjusting] .overlay .veil { fill-opacity: .45; }
.overlay .edge { stroke: var(--surface); stroke-width: 3; }
.ring-track { stroke: var(--control); stroke-opacity: .45; stroke-width: 6; }
.ring { stroke: var(--accent); stroke-width: 6; stroke-linecap: round; }
.ring[data-empty] { visibility: hidden; }
[data-state=adjusting] .ring-track { visibility: hidden; }
[data-state=adjusting] .edge { stroke: var(--text); stroke-width: 2.5; }
[data-tone=good] .ring-track { stroke: var(--good); }
[data-tone=warn] .ring-track { stroke: var(--warn); stroke-opacity: 1; stroke-dasharray: 3 9; stroke-linecap: round; }
[data-busy] .ring { visibility: visible; stroke-dasharray: 18 82; }
.count { position: absolute; inset-block-end: 1em; inset-inline: 0; margin-inline: auto; inline-size: fit-content; padding: .375em 1.125em; border-radius: 99em; background: var(--surface); color: var(--text); font-size: 1.125em; font-weight: 600; font-variant-numeric: tabular-nums; box-shadow: 0 1px 8px rgb(0 0 0 / .2); }

.foot { display: grid; gap: .75em; align-content: start; }
.foot .actions { margin-block-start: 0; }
[data-state=challenging] .foot { grid-template-columns: 1fr auto; align-items: center; }
[data-state=challenging] .hint { grid-column: 1 / -1; }
[data-state=challenging] .steps { justify-content: start; }
[data-state=challenging] .foot .actions { grid-column: 2; }
.hint { color: var(--muted); text-align: center; }
.live[data-state=challenging] .hint { min-block-size: 3em; }
.steps { display: flex; align-items: center; justify-content: center; gap: .75em; color: var(--muted); font-size: .9375em; }
.dots { display: flex; gap: .375em; }
.dot { inline-size: .625em; block-size: .625em; border-radius: 50%; border: 1.5px solid var(--control); }
.dot[data-current] { border-color: var(--accent); }
.dot[data-done] { border-color: var(--accent); background: var(--accent); }

.options { display: grid; gap: 1em; }
.meter { display: flex; align-items: center; gap: .75em; padding: .75em 1em; border-radius: .75em; background: var(--raised); }
.meter .icon { color: var(--muted); }
.meter[data-light=ok] .icon { color: var(--good); }
.meter:is([data-light=too_dark], [data-light=too_bright], [data-light=backlit]) .icon { color: var(--warn); }
.field { display: grid; gap: .375em; }
label, legend, summary { font-weight: 600; }
select { inline-size: 100%; min-block-size: 2.75em; padding-inline: .75em; border: 1px solid var(--control); border-radius: .75em; background: var(--surface); color: inherit; font: inherit; text-overflow: ellipsis; }
summary { padding-block: .625em; cursor: pointer; border-radius: .25em; }
.choices { display: grid; gap: 1.25em; padding-block-start: .25em; }
legend { padding: 0; margin-block-end: .25em; }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .75em; padding-block: .375em; }
.choice input { font: inherit; inline-size: 1.5em; block-size: 1.5em; margin: 0; accent-color: var(--accent); }
.choice label { font-weight: 500; }
.about { grid-column: 2; color: var(--muted); font-size: .9375em; }
.warning { display: flex; gap: .5em; margin-block-start: .375em; color: var(--warn); font-weight: 500; }
.group { display: grid; padding-block-start: .875em; border-block-start: 1px solid var(--line); }

/* Side by side: where there is room for the options, and where there is little height (a phone on its side, 200 % zoom). */
@container (min-width: 56em) {
  .frame:has(.live[data-state=adjusting]:not([hidden])) { max-inline-size: max(60em, var(--face-liveness-max-width, 35em)); }
  .live[data-state=adjusting] { grid-template: auto auto 1fr / minmax(0, 3fr) minmax(0, 2fr); column-gap: 2em; }
  .live[data-state=adjusting] .prompt { grid-column: 1 / -1; }
  .options { grid-area: 2 / 2 / 4 / 3; align-content: start; }
}
@media (max-height: 35em) and (min-width: 30em) and (min-aspect-ratio: 1/1) {
  .frame { max-inline-size: 60em; padding: 1em; }
  .live.live.live { grid-template: auto auto 1fr / minmax(0, 1fr) minmax(0, 1fr); column-gap: 1.5em; }
  .live.live[data-state] .prompt { grid-area: 1 / 2; min-block-size: 0; justify-content: start; }
  .live .stage { grid-area: 1 / 1 / 4 / 2; aspect-ratio: 4 / 3; max-block-size: calc(100svh - 2.25em); }
  .live .options { grid-area: 2 / 2; }
  .live .foot { grid-area: 3 / 2; align-content: start; }
  .live :is(.said.said, .hint) { text-align: start; }
  .live.live.live h2 { font-size: 1.375em; }
  .figure { inline-size: 5em; block-size: 5.43em; }
}
@container (max-width: 24em) { .figure { inline-size: 5em; block-size: 5.43em; } }

@media (prefers-reduced-motion: no-preference) {
  .ring { transition: stroke-dasharray .35s ease-out; }
  [data-busy] .ring { animation: round 2.4s steps(30) infinite; }
  .overlay .veil { transition: fill-opacity .4s; }
}
@keyframes round { to { stroke-dashoffset: -100; } }

.light { position: fixed; inset: 0; z-index: 2147483647; inline-size: 100vw; block-size: 100vh; block-size: 100dvh; max-inline-size: none; max-block-size: none; margin: 0; padding: 2em; border: 0; display: grid; place-content: center; justify-items: center; gap: 1em; text-align: center; color: #000; background: #fff; forced-color-adjust: none; }
.light-text { font-size: 1.25em; font-weight: 600; }
.light .button { background: #000; color: #fff; }
.light .button:focus-visible { outline-color: #000; }

@media (forced-colors: active) {
  .overlay .veil { fill: Canvas; }
  .overlay .edge, .ring-track { stroke: CanvasText; }
  .ring { stroke: Highlight; }
  .dot[data-done] { background: Highlight; border-color: Highlight; forced-color-adjust: none; }
  .meter, .count, .tone { border: 1px solid CanvasText; }
}
`;

/** How the figure of each challenge moves: from rest to its pose and back, slowly. Who asked for reduced motion sees the
 * pose itself, with the arrow. */
const FIGURE = `
.figure { inline-size: 7.5em; block-size: 8.14em; flex: none; overflow: visible; }
.figure.absent { display: none; }
.figure * { vector-effect: non-scaling-stroke; }
.head, .nose, .mouth, .arrow { fill: none; stroke: var(--text); stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }
.head { fill: var(--figure); }
.eye, .gape { fill: var(--text); }
.arrow, .hand { visibility: hidden; }
.arrow { stroke: var(--accent); stroke-width: 5; }
.hand { fill: var(--accent); }
.hand rect { stroke: var(--surface); stroke-width: 1.5; }
/* Each part moves for itself: what its group does is not inherited. */
.whole, .features, .eye, .mouth, .gape, .hand { --rest: initial; --pose: initial; transform-box: view-box; transform: var(--rest, none); }
.whole, .features { transform-origin: 70px 62px; }
.eye { transform-origin: 70px 54px; }
.mouth { transform-origin: 70px 80px; --rest: scaleY(.12); }
.gape { transform-origin: 70px 84px; --rest: scale(0); }

[data-kind=turn_left] .features { --pose: translateX(-17px) scaleX(.78); }
[data-kind=turn_right] .features { --pose: translateX(17px) scaleX(.78); }
[data-kind=turn_to_profile] .features { --pose: translateX(-29px) scaleX(.32); --other: translateX(29px) scaleX(.32); }
[data-kind=look_up] .features { --pose: translateY(-17px) scaleY(.82); }
[data-kind=look_down] .features { --pose: translateY(15px) scaleY(.82); }
[data-kind=move_closer] .whole { --rest: scale(.74); --pose: scale(1.06); }
[data-kind^=blink] .eye { --pose: scaleY(.12); }
[data-kind=smile] .mouth { --pose: scale(1.2, 1); }
[data-kind=open_mouth] .mouth { visibility: hidden; }
[data-kind=open_mouth] .gape { --rest: scale(1, .14); --pose: none; }
[data-kind=hand_across_face] .hand { visibility: visible; --rest: translateX(-62px); --pose: translateX(62px); }

[data-kind=turn_left] .left, [data-kind=turn_right] .right, [data-kind=look_up] .up, [data-kind=look_down] .down,
[data-kind=turn_to_profile] :is(.left, .right) { visibility: visible; }

/* In steps of a pixel or so: a camera's encoder needs the time that smoother ones take. */
@media (prefers-reduced-motion: no-preference) {
  :is([data-kind^=turn], [data-kind^=look]) .features, [data-kind=move_closer] .whole, [data-kind=smile] .mouth,
  [data-kind=open_mouth] .gape { animation: pose 2.8s steps(15) infinite; }
  [data-kind=turn_to_profile] .features { animation: both-sides 5s ease-in-out infinite; }
  [data-kind=hand_across_face] .hand { animation: across 3.6s ease-in-out infinite; }
  [data-kind=blink] .eye { animation: blink 2.8s ease-in-out infinite; }
  [data-kind=blink_twice] .eye { animation: blink-twice 2.8s ease-in-out infinite; }
  [data-kind] .arrow { animation: beckon 2.8s steps(15) infinite; }
}
@media (prefers-reduced-motion: reduce) {
  .figure :is(.whole, .features, .eye, .mouth, .gape) { transform: var(--pose, var(--rest, none)); }
  [data-kind=hand_across_face] .hand { transform: translateX(-34px); }
}
@keyframes pose { 0%, 18%, 92%, 100% { transform: var(--rest, none); } 45%, 68% { transform: var(--pose, var(--rest, none)); } }
@keyframes both-sides { 0%, 8%, 46%, 58%, 98%, 100% { transform: none; } 20%, 36% { transform: var(--pose); } 70%, 86% { transform: var(--other); } }
@keyframes across { 0%, 10% { transform: var(--rest); } 75%, 100% { transform: var(--pose); } }
@keyframes blink { 0%, 34%, 50%, 100% { transform: none; } 40%, 44% { transform: var(--pose); } }
@keyframes blink-twice { 0%, 26%, 40%, 52%, 100% { transform: none; } 31%, 35%, 44%, 48% { transform: var(--pose); } }
@keyframes beckon { 0%, 18%, 92%, 100% { opacity: .35; transform: none; } 45%, 68% { opacity: 1; transform: translateX(-5px); } }
`;

/** All rules. */
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
