/** The page with the picture, its options, and the coloured light. */
export const STAGE = `
.live { display: grid; gap: 1rem; }
.prompt { display: flex; align-items: center; justify-content: center; gap: 1rem; }
[data-state=adjusting] .prompt { justify-content: start; }
.said { min-inline-size: 0; }
.live[data-tone=plain]:not([data-state=adjusting]) .said { text-align: center; }
.detail { color: var(--muted); margin-block-start: .25rem; }
.detail:empty, .hint:empty, .tone:empty { display: none; }
.tone { display: grid; place-items: center; flex: none; inline-size: 2.5rem; block-size: 2.5rem; border-radius: 50%; }
.tone .icon { stroke-width: 2.25; }
[data-tone=warn] .tone { color: var(--warn); background: color-mix(in oklab, var(--surface), var(--warn) 14%); }
[data-tone=good] .tone { color: var(--good); background: color-mix(in oklab, var(--surface), var(--good) 13%); }
/* Room for the largest prompt, so that the picture stays where it is. */
.live:not([data-state=adjusting]) .prompt { min-block-size: 8.25rem; }
.live[data-state=challenging] h2 { font-size: clamp(1.5rem, 1.1rem + 2.6cqi, 2rem); }

.stage { position: relative; overflow: hidden; inline-size: 100%; aspect-ratio: 3 / 4; max-block-size: max(15rem, calc(100svh - 21rem)); border-radius: calc(var(--radius) * .8); background: var(--raised); }
/* Room for the button to go on. */
[data-state=adjusting] .stage { max-block-size: max(15rem, calc(100svh - 27rem)); }
@container (min-width: 30rem) { .stage { aspect-ratio: 4 / 3; } }
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
[data-tone=good] .ring-track { stroke: var(--good); }
[data-tone=warn] .ring-track { stroke: var(--warn); stroke-opacity: 1; stroke-dasharray: 3 9; stroke-linecap: round; }
[data-busy] .ring { visibility: visible; stroke-dasharray: 18 82; }
.count { position: absolute; inset-block-end: 1rem; inset-inline: 0; margin-inline: auto; inline-size: fit-content; padding: .375rem 1.125rem; border-radius: 99rem; background: var(--surface); color: var(--text); font-size: 1.125rem; font-weight: 600; font-variant-numeric: tabular-nums; box-shadow: 0 1px 8px rgb(0 0 0 / .2); }

.foot { display: grid; gap: .75rem; align-content: start; }
.foot .actions { margin-block-start: 0; }
[data-state=challenging] .foot { grid-template-columns: 1fr auto; align-items: center; }
[data-state=challenging] .hint { grid-column: 1 / -1; }
[data-state=challenging] .steps { justify-content: start; }
[data-state=challenging] .foot .actions { grid-column: 2; }
.hint { color: var(--muted); text-align: center; }
.live[data-state=challenging] .hint { min-block-size: 3rem; }
.steps { display: flex; align-items: center; justify-content: center; gap: .75rem; color: var(--muted); font-size: .9375rem; }
.dots { display: flex; gap: .375rem; }
.dot { inline-size: .625rem; block-size: .625rem; border-radius: 50%; border: 1.5px solid var(--control); }
.dot[data-current] { border-color: var(--accent); }
.dot[data-done] { border-color: var(--accent); background: var(--accent); }

.options { display: grid; gap: 1rem; }
.meter { display: flex; align-items: center; gap: .75rem; padding: .75rem 1rem; border-radius: .75rem; background: var(--raised); }
.meter .icon { color: var(--muted); }
.meter[data-light=ok] .icon { color: var(--good); }
.meter:is([data-light=too_dark], [data-light=too_bright], [data-light=backlit]) .icon { color: var(--warn); }
.field { display: grid; gap: .375rem; }
label, legend, summary { font-weight: 600; }
select { inline-size: 100%; min-block-size: 2.75rem; padding-inline: .75rem; border: 1px solid var(--control); border-radius: .75rem; background: var(--surface); color: inherit; font: inherit; text-overflow: ellipsis; }
summary { padding-block: .625rem; cursor: pointer; border-radius: .25rem; }
.choices { display: grid; gap: 1.25rem; padding-block-start: .25rem; }
legend { padding: 0; margin-block-end: .25rem; }
.choice { display: grid; grid-template-columns: auto 1fr; gap: 0 .75rem; padding-block: .375rem; }
.choice input { inline-size: 1.5rem; block-size: 1.5rem; margin: 0; accent-color: var(--accent); }
.choice label { font-weight: 500; }
.about { grid-column: 2; color: var(--muted); font-size: .9375rem; }
.warning { display: flex; gap: .5rem; margin-block-start: .375rem; color: var(--warn); font-weight: 500; }
.group { display: grid; padding-block-start: .875rem; border-block-start: 1px solid var(--line); }

/* Side by side: where there is room for the options, and where there is little height (a phone on its side, 200 % zoom). */
@container (min-width: 56rem) {
  .frame:has(.live[data-state=adjusting]:not([hidden])) { max-inline-size: max(60rem, var(--face-liveness-max-width, 35rem)); }
  .live[data-state=adjusting] { grid-template: auto auto 1fr / minmax(0, 3fr) minmax(0, 2fr); column-gap: 2rem; }
  .live[data-state=adjusting] .prompt { grid-column: 1 / -1; }
  .options { grid-area: 2 / 2 / 4 / 3; align-content: start; }
}
@media (max-height: 35rem) and (min-width: 30rem) and (min-aspect-ratio: 1/1) {
  .frame { max-inline-size: 60rem; padding: 1rem; }
  .live.live.live { grid-template: auto auto 1fr / minmax(0, 1fr) minmax(0, 1fr); column-gap: 1.5rem; }
  .live.live[data-state] .prompt { grid-area: 1 / 2; min-block-size: 0; justify-content: start; }
  .live .stage { grid-area: 1 / 1 / 4 / 2; aspect-ratio: 4 / 3; max-block-size: calc(100svh - 2.25rem); }
  .live .options { grid-area: 2 / 2; }
  .live .foot { grid-area: 3 / 2; align-content: start; }
  .live .said.said { text-align: start; }
  .live.live.live h2 { font-size: 1.375rem; }
  .figure { inline-size: 5rem; block-size: 5.43rem; }
}
@container (max-width: 24rem) { .figure { inline-size: 5rem; block-size: 5.43rem; } }

@media (prefers-reduced-motion: no-preference) {
  .ring { transition: stroke-dasharray .35s ease-out; }
  [data-busy] .ring { animation: round 2.4s linear infinite; }
  .overlay .veil { transition: fill-opacity .4s; }
}
@keyframes round { to { stroke-dashoffset: -100; } }

.light { position: fixed; inset: 0; z-index: 2147483647; inline-size: 100vw; block-size: 100vh; block-size: 100dvh; max-inline-size: none; max-block-size: none; margin: 0; padding: 2rem; border: 0; display: grid; place-content: center; justify-items: center; gap: 1rem; text-align: center; color: #000; background: #fff; forced-color-adjust: none; }
.light-text { font-size: 1.25rem; font-weight: 600; }
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
