/** The developer panel: what the element tells, what the browser measures, and what the server said to the bank's backend. */

const SVG = 'http://www.w3.org/2000/svg';
const EVERY_MS = 1000;
/** Plot's own units; the picture stretches them. */
const [WIDTH, HEIGHT] = [600, 100];
const LOG_LINES = 200;

const panel = /** @type {HTMLElement} */ (document.getElementById('developer'));
const element = document.getElementById('check');

/** @type {RTCPeerConnection[]} */
const connections = [];
const started = { at: 0, prompt: 0 };
/** Times of prompts in seconds since the first frame, to be marked in the plots. @type {{kind: string, from: number, to: number|null}[]} */
let prompts = [];

/** @param {string} tag @param {string} [text] @param {string} [name] */
function make(tag, text = '', name = '') {
  const node = document.createElement(tag);
  node.textContent = text;
  if (name) node.className = name;
  return node;
}

/** @param {string} tag @param {Record<string, string|number>} attributes */
function draw(tag, attributes) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  return node;
}

/** @param {string} name @param {string} text @param {string} [kind] */
function show(name, text, kind = '') {
  const place = panel.querySelector(`[data-show="${name}"]`);
  if (!place) return;
  place.textContent = text;
  if (kind) place.className = `verdict ${kind}`;
}

/** @param {string} name @param {Iterable<Node>} nodes */
function list(name, nodes) {
  const place = panel.querySelector(`[data-list="${name}"]`);
  (place?.querySelector('tbody') ?? place)?.replaceChildren(...nodes);
}

/** @param {(string|number|null|undefined)[]} cells @param {string} [outcome] */
function row(cells, outcome = '') {
  const node = make('tr');
  cells.forEach((cell, i) => node.append(make('td', cell == null ? '–' : String(cell), i === 1 ? outcome : '')));
  return node;
}

/** @param {number|null|undefined} seconds */
const inSeconds = (seconds) => (seconds == null ? '–' : `${seconds.toFixed(2)} s`);

// What the element tells.

/** @param {Event} event */
function log(event) {
  const place = panel.querySelector('[data-list="log"]');
  if (!place) return;
  const { token, ...detail } = /** @type {CustomEvent} */ (event).detail ?? {};
  const words = Object.values(detail).filter((value) => typeof value !== 'object').join(' ');
  const at = ((performance.now() - started.at) / 1000).toFixed(1);
  place.append(make('li', `${at} s  ${event.type} ${token ? 'token' : words}`));
  while (place.children.length > LOG_LINES) place.firstChild?.remove();
  place.scrollTop = place.scrollHeight;
}

/** @type {Record<string, (detail: any) => void>} */
const HEARD = {
  statechange({ state }) {
    show('state', state);
    if (state === 'connecting') [started.at, started.prompt, prompts] = [performance.now(), 0, []];
  },
  guidance: ({ code }) => show('guidance', code),
  challenge({ kind }) {
    started.prompt ||= performance.now();
    show('first', inSeconds((started.prompt - started.at) / 1000));
    prompts.push({ kind, from: performance.now(), to: null });
    liveChallenges();
  },
  progress({ outcome }) {
    const last = prompts.at(-1);
    if (last) Object.assign(last, { to: performance.now(), outcome });
    liveChallenges();
  },
};

function liveChallenges() {
  list('challenges', prompts.map(({ kind, from, to, ...more }) => {
    const { outcome = 'running' } = /** @type {{outcome?: string}} */ (more);
    return row([kind, outcome, null, to && inSeconds((to - from) / 1000)], outcome === 'done' ? 'pass' : 'inconclusive');
  }));
}

function listen() {
  started.at = performance.now();
  const names = [...Object.keys(HEARD), 'ready', 'passed', 'failed', 'inconclusive', 'error', 'cancel'];
  for (const name of names) {
    element?.addEventListener(name, (event) => {
      HEARD[name]?.(/** @type {CustomEvent} */ (event).detail);
      log(event);
    });
  }
}

// What the browser measures. The page sees every connection that is made after this.

function watchConnections() {
  const Real = window.RTCPeerConnection;
  if (!Real) return;
  window.RTCPeerConnection = class extends Real {
    /** @param {RTCConfiguration} [configuration] */
    constructor(configuration) {
      super(configuration);
      connections.splice(0, connections.length, this);
    }
  };
}

/** @type {{timestamp: number, bytesSent: number, framesSent: number}|null} */
let before = null;

async function measure() {
  const [connection] = connections;
  if (!connection || connection.connectionState !== 'connected') return;
  const now = [...(await connection.getStats()).values()].find(({ type, kind }) => type === 'outbound-rtp' && kind === 'video');
  if (!now) return;
  if (before && now.timestamp > before.timestamp && now.bytesSent >= before.bytesSent) {
    const seconds = (now.timestamp - before.timestamp) / 1000;
    show('fps', `${((now.framesSent - before.framesSent) / seconds).toFixed(1)} /s`);
    show('bitrate', `${Math.round((8 * (now.bytesSent - before.bytesSent)) / seconds / 1000)} kbit/s`);
    show('size', `${now.frameWidth ?? '?'} × ${now.frameHeight ?? '?'}`);
  }
  before = now;
}

// What the server said.

/** @param {string} path @returns {Promise<any>} */
async function ask(path) {
  const answer = await fetch(path).catch(() => null);
  return answer?.ok ? answer.json().catch(() => ({})) : {};
}

/** @param {any} session */
function showSession({ decision, reasons, checks, challenges }) {
  if (!decision) return;
  show('decision', decision, decision);
  show('reasons', (reasons ?? []).join(', '));
  list('checks', Object.entries(checks ?? {}).map(([name, { outcome, reason, quality, flags }]) =>
    row([name, outcome, [reason, ...(flags ?? [])].join(' '), quality?.toFixed(2)], outcome)));
  list('challenges', (challenges ?? []).map((/** @type {any} */ one) =>
    row([one.kind, one.outcome, inSeconds(one.onset_s), inSeconds(one.done_s)], one.outcome === 'done' ? 'pass' : 'fail')));
}

/** Unit of each series the server keeps. @type {Record<string, string>} */
const UNITS = { yaw: '°', pitch: '°', frame_interval: 's', face_size: 'of the width', light: 'of 255' };

/**
 * The series of an answer as points [seconds, value]; frames without a face have none.
 * @param {Record<string, any>} answer
 * @returns {[string, [number, number][]][]}
 */
function seriesOf({ t = [], ...all }) {
  return Object.entries(all).filter(([, values]) => Array.isArray(values)).map(([name, values]) => {
    const points = values.map((/** @type {number} */ value, /** @type {number} */ i) => /** @type {[number, number]} */ ([t[i], value]));
    return [name, points.filter((/** @type {number[]} */ [at, value]) => Number.isFinite(at) && Number.isFinite(value))];
  });
}

/**
 * One trace as a picture with its range in words.
 * @param {string} name @param {[number, number][]} points
 */
function plot(name, points) {
  const [times, values] = [points.map(([t]) => t), points.map(([, v]) => v)];
  const [start, end, low, high] = [Math.min(...times), Math.max(...times), Math.min(...values), Math.max(...values)];
  const x = (/** @type {number} */ t) => (WIDTH * (t - start)) / (end - start || 1);
  const y = (/** @type {number} */ v) => HEIGHT - 4 - ((HEIGHT - 8) * (v - low)) / (high - low || 1);
  const range = `${low.toPrecision(3)} to ${high.toPrecision(3)} ${UNITS[name] ?? ''}, ${(end - start).toFixed(1)} s`;
  const svg = draw('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img', 'aria-label': `${name}: ${range}` });
  if (low < 0 && high > 0) svg.append(draw('line', { class: 'axis', x1: 0, x2: WIDTH, y1: y(0), y2: y(0) }));
  svg.append(draw('polyline', { class: 'trace', points: points.map(([t, v]) => `${x(t).toFixed(1)},${y(v).toFixed(1)}`).join(' ') }));
  const figure = make('figure', '', 'plot');
  const caption = make('figcaption');
  caption.append(make('span', name.replaceAll('_', ' ')), make('span', range));
  figure.append(caption, svg);
  return figure;
}

async function askServer() {
  const [session, traces] = await Promise.all([ask('/api/developer/session'), ask('/api/developer/traces')]);
  showSession(session);
  const drawn = seriesOf(traces).filter(([, points]) => points.length > 1).map((one) => plot(...one));
  if (drawn.length) list('traces', drawn);
  return Boolean(session.decision);
}

const RUNNING = new Set(['positioning', 'challenging', 'checking']);

function follow() {
  listen();
  watchConnections();
  setInterval(() => {
    const state = element?.getAttribute('state') ?? '';
    measure();
    if (RUNNING.has(state)) askServer();
  }, EVERY_MS);
  for (const name of ['passed', 'failed', 'inconclusive', 'error', 'cancel']) element?.addEventListener(name, askServer);
}

if (element) follow();
else askServer();
