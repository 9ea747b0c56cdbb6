import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, test } from 'node:test';

import { OUTCOMES, READY_MS, VERSION, mountFrame } from '../../web_demo/embed.js';
import { awaitHost, hostsOf } from '../../web_demo/frame-guest.js';
import { FakeTimers, settled } from './fake-devices.js';

const PAGE = 'https://bank.example';
const FRAME = 'https://liveness.example';
const SESSION = { signalingUrl: 'wss://liveness.example/v1/signaling', clientToken: 'once' };
const REQUEST = { profile: 'standard', light: false, jwk: { kty: 'EC' } };

const mounted = [];
afterEach(() => mounted.splice(0).forEach((frame) => frame.remove()));

/** What is sent through a port takes some turns of the loop. */
async function until(holds) {
  for (let turn = 0; turn < 200 && !holds(); turn++) await settled();
  assert.ok(holds(), String(holds));
}

/** An element of a page, as far as a frame needs one. */
class FakeElement extends EventTarget {
  attributes = {};
  style = { values: {}, setProperty: (name, value) => void (this.style.values[name] = value) };
  setAttribute(name, value) {
    this.attributes[name] = value;
  }
  remove() {
    this.removed = true;
  }
}

/** `<face-liveness>` in the frame: notes what it is told. */
class FakeLiveness extends FakeElement {
  told = [];
  start = () => void this.told.push('start');
  cancel = () => void this.told.push('cancel');
  happen(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** A message as a window gets one. */
function posted(window, { data, origin, source, ports = [] }) {
  window.dispatchEvent(Object.assign(new Event('message'), { data, origin, source, ports }));
}

/** A page at `page` that mounts a frame whose window, at `FRAME`, is delivered only what is meant for it. */
function scene({ page = PAGE, hosts = [PAGE], at = FRAME, requestSession = async () => SESSION, ...settings } = {}) {
  const iframe = new FakeElement();
  const [host, inside, built, seen] = [{}, Object.assign(new EventTarget(), { parent: null }), [], []];
  inside.parent = host;
  iframe.contentWindow = {
    postMessage: (data, origin, ports) => origin === at && posted(inside, { data, origin: page, source: host, ports }),
  };
  const container = { ownerDocument: { baseURI: `${page}/login`, createElement: () => iframe }, append: () => seen.push('mounted') };
  const timers = new FakeTimers();
  const frame = mountFrame(container, { src: `${FRAME}/frame.html`, title: 'Face check', requestSession, timers, ...settings });
  mounted.push(frame);
  for (const name of ['ready', 'outcome']) frame.addEventListener(name, ({ detail }) => seen.push(detail ?? name));
  const load = () => {
    awaitHost(inside, hosts, () => (built.push(new FakeLiveness()), built.at(-1)));
    iframe.dispatchEvent(new Event('load'));
  };
  return { frame, iframe, inside, host, built, seen, timers, load };
}

async function ready(options) {
  const all = scene(options);
  all.load();
  await until(() => all.seen.includes('ready'));
  return { ...all, element: all.built[0] };
}

const ERROR = { outcome: 'error', canRetry: false, problem: 'internal' };

test('the frame is sandboxed, may use the camera, and takes the size of what it is put into', () => {
  const { iframe } = scene();
  assert.deepEqual(iframe.attributes, {
    src: `${FRAME}/frame.html`, title: 'Face check', sandbox: 'allow-scripts allow-same-origin', allow: 'camera; autoplay', referrerpolicy: 'no-referrer',
  });
  assert.deepEqual(iframe.style.values, { width: '100%', height: '100%', border: '0' });
});

test('a frame that would be kept apart from nothing is refused', () => {
  assert.throws(() => scene({ src: '/frame.html' }), /own origin/);
  assert.throws(() => scene({ src: 'data:text/html,x' }), /http/);
});

test('hello, and the element is dressed as the page wishes', async () => {
  const { element, timers } = await ready({ lang: 'pt-BR', profile: 'motion-free', light: true, sound: false, theme: 'dark' });
  assert.deepEqual(element.attributes, { lang: 'pt-BR', profile: 'motion-free', light: '', theme: 'dark' });
  assert.equal(timers.pending.size, 0);
});

test('what the page may not wish is left out', async () => {
  const { element } = await ready({ lang: '"><script>', profile: 'none', light: 'yes', theme: 'pink', onclick: 'x', 'client-token': 'x' });
  assert.deepEqual(element.attributes, {});
});

test('start and cancel reach the element; a start before it is there waits', async () => {
  const all = scene();
  all.frame.start();
  all.load();
  await until(() => all.built[0]?.told.includes('start'));
  all.frame.cancel();
  await until(() => all.built[0].told.includes('cancel'));
  assert.deepEqual(all.built[0].told, ['start', 'cancel']);
});

test('a start that was cancelled before the frame was there starts nothing', async () => {
  const all = scene();
  all.frame.start();
  all.frame.cancel();
  all.load();
  await until(() => all.seen.includes('ready'));
  assert.deepEqual(all.built[0].told, []);
});

test('a session is asked of the page, each of its own', async () => {
  const asked = [];
  const { element } = await ready({ requestSession: async (request) => (asked.push(request), { ...SESSION, clientToken: `t${asked.length}`, more: 'x' }) });
  assert.deepEqual(await Promise.all([element.requestSession(REQUEST), element.requestSession({ ...REQUEST, more: 'x' })]), [
    { ...SESSION, clientToken: 't1' }, { ...SESSION, clientToken: 't2' },
  ]);
  assert.deepEqual(asked, [REQUEST, REQUEST]);
});

test('no session: the problem that the page names, if it names one', async () => {
  const refuse = (problem) => async () => { throw Object.assign(new Error('secret'), { problem }); };
  for (const problem of ['overload', undefined]) {
    const { element } = await ready({ requestSession: refuse(problem) });
    await assert.rejects(element.requestSession(REQUEST), (error) => error.problem === problem && !/secret/.test(error.message));
  }
});

test('what is no session is refused by the frame as well', async () => {
  for (const answer of [null, {}, { ...SESSION, clientToken: 7 }, { ...SESSION, signalingUrl: 'javascript:x' }]) {
    const { element } = await ready({ requestSession: async () => answer });
    await assert.rejects(element.requestSession(REQUEST), /no session/);
  }
});

const ENDS = {
  passed: [{ token: 'eyJ.secret.token' }, { outcome: 'passed', canRetry: false }],
  failed: [{ reason: 'not_verified', canRetry: true }, { outcome: 'failed', canRetry: true }],
  inconclusive: [{ reason: 'too_dark', canRetry: true }, { outcome: 'inconclusive', canRetry: true }],
  cancel: [{}, { outcome: 'cancelled', canRetry: false }],
  error: [{ problem: 'no_camera', canRetry: true }, { outcome: 'error', canRetry: true, problem: 'no_camera' }],
};
for (const [name, [detail, expected]] of Object.entries(ENDS)) {
  test(`${name}: the page hears how it ended, and no more`, async () => {
    const { element, seen } = await ready();
    element.happen(name, detail);
    await until(() => seen.length === 3);
    assert.deepEqual(seen.at(-1), expected);
  });
}

test('every outcome is tried above', () => {
  assert.deepEqual(Object.values(ENDS).map(([, { outcome }]) => outcome).sort(), OUTCOMES.toSorted());
});

test('nothing that crosses the border holds the token', async () => {
  const { port1, port2 } = new MessageChannel();
  const [host, inside, element, crossed] = [{}, new EventTarget(), new FakeLiveness(), []];
  inside.parent = host;
  awaitHost(inside, [PAGE], () => element);
  port1.onmessage = ({ data }) => crossed.push(data);
  posted(inside, { data: { type: 'hello', version: VERSION }, origin: PAGE, source: host, ports: [port2] });
  for (const name of ['ready', 'guidance', 'challenge', 'progress', 'statechange', 'passed']) element.happen(name, { token: 'secret' });
  await until(() => crossed.length === 2);
  port1.close();
  assert.deepEqual(crossed, [{ type: 'ready' }, { type: 'outcome', outcome: 'passed', canRetry: false }]);
});

test('a frame answers its parent at an origin it was told of, and nobody else', async () => {
  const { port1, port2 } = new MessageChannel();
  const [host, built] = [{}, []];
  const say = (changes, hosts = [PAGE], parent = host) => {
    const inside = Object.assign(new EventTarget(), { parent });
    awaitHost(inside, hosts, () => (built.push('built'), new FakeLiveness()));
    const source = changes.source === 'itself' ? inside : host;
    posted(inside, { data: { type: 'hello', version: VERSION }, origin: PAGE, ports: [port2], ...changes, source });
  };
  say({ origin: 'https://bank.example.evil.example' });
  say({ origin: 'http://bank.example' });
  say({ origin: 'null' });
  say({}, []);
  say({}, ['*']);
  say({}, [PAGE], {}); // from a window that is not the parent
  say({ ports: [] });
  for (const data of [null, 'hello', {}, { type: 'start' }]) say({ data });
  assert.deepEqual(built, []);
  say({});
  assert.deepEqual(built, ['built']);
  port1.close();
});

test('a frame opened by itself answers nobody, itself included', () => {
  const alone = new EventTarget();
  alone.parent = alone;
  awaitHost(alone, [FRAME], () => assert.fail('built'));
  const { port1, port2 } = new MessageChannel();
  posted(alone, { data: { type: 'hello', version: VERSION }, origin: FRAME, source: alone, ports: [port2] });
  port1.close();
});

test('one hello is enough: a second one changes nothing', async () => {
  const { inside, host, built } = await ready();
  const { port1, port2 } = new MessageChannel();
  posted(inside, { data: { type: 'hello', version: VERSION }, origin: PAGE, source: host, ports: [port2] });
  port1.close();
  assert.equal(built.length, 1);
});

test('another version is refused with the one that is known, and the page hears of it', async () => {
  const { port1, port2 } = new MessageChannel();
  const [host, inside, heard] = [{}, new EventTarget(), []];
  inside.parent = host;
  awaitHost(inside, [PAGE], () => assert.fail('built'));
  port1.onmessage = ({ data }) => heard.push(data);
  posted(inside, { data: { type: 'hello', version: VERSION + 1 }, origin: PAGE, source: host, ports: [port2] });
  await until(() => heard.length);
  assert.deepEqual(heard, [{ type: 'refused', versions: [VERSION] }]);
  port1.close();

  const all = scene();
  all.iframe.contentWindow.postMessage = (data, origin, [port]) => port.postMessage({ type: 'refused', versions: [VERSION + 1] });
  all.iframe.dispatchEvent(new Event('load'));
  await until(() => all.seen.length === 2);
  assert.deepEqual(all.seen.at(-1), { ...ERROR, problem: 'unsupported' });
});

test('a frame that never answers: not loaded, another origin, or not for this page', () => {
  for (const [options, loads] of [[{}, false], [{ at: 'https://elsewhere.example' }, true], [{ hosts: [] }, true]]) {
    const all = scene(options);
    if (loads) all.load();
    assert.deepEqual(all.timers.fire(), [READY_MS]);
    assert.deepEqual(all.seen, ['mounted', ERROR]);
    assert.equal(all.timers.pending.size, 0);
  }
});

test('a frame that loads anew is greeted anew', async () => {
  const all = await ready();
  all.load();
  await until(() => all.built.length === 2);
  all.frame.start();
  await until(() => all.built[1].told.includes('start'));
  assert.deepEqual(all.built[0].told, []);
});

test('removed, it tells nothing and waits for nothing', async () => {
  const all = scene();
  all.load();
  all.frame.remove();
  for (let turn = 0; turn < 20; turn++) await settled();
  assert.deepEqual(all.seen, ['mounted']);
  assert.equal(all.timers.pending.size, 0);
  assert.equal(all.iframe.removed, true);
  all.frame.start();
});

test('messages that make no sense are dropped', async () => {
  const all = scene();
  let port;
  all.iframe.contentWindow.postMessage = (data, origin, [given]) => (port = given);
  all.iframe.dispatchEvent(new Event('load'));
  for (const message of [null, 7, {}, { type: 'outcome', outcome: 'approved' }, { type: 'outcome', outcome: 'passed', canRetry: 1, token: 'x' }])
    port.postMessage(message);
  await until(() => all.seen.length === 2);
  assert.deepEqual(all.seen.at(-1), { outcome: 'passed', canRetry: true });
});

const html = readFileSync(new URL('../../web_demo/frame.html', import.meta.url), 'utf8');

test('the frame’s page has a strict policy, nothing inline, and no host until one is named', () => {
  const policy = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(html)[1].split('; ');
  for (const rule of ["default-src 'none'", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "form-action 'none'", "require-trusted-types-for 'script'", "trusted-types 'none'"])
    assert.ok(policy.includes(rule), rule);
  assert.doesNotMatch(html, /<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|unsafe/);
  assert.match(html, /name="face-liveness-hosts" content=""/);
});

test('hosts are read from the page, one by one', () => {
  const page = (content) => ({ querySelector: () => (content === null ? null : { getAttribute: () => content }) });
  assert.deepEqual(hostsOf(page(` ${PAGE}\n https://shop.example `)), [PAGE, 'https://shop.example']);
  for (const none of ['', null]) assert.deepEqual(hostsOf(page(none)), []);
});
