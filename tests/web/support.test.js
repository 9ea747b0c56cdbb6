import assert from 'node:assert/strict';
import { test } from 'node:test';

import english from '../../web_demo/strings/en.js';
import { ITEMS, checkSupport } from '../../web_demo/support.js';

const camera = (capabilities) => ({ kind: 'videoinput', deviceId: 'front', getCapabilities: () => capabilities });

/** A page where everything is well. */
function page({ devices = [camera({})], state = 'prompt' } = {}) {
  return {
    isSecureContext: true,
    navigator: {
      mediaDevices: { getUserMedia: () => assert.fail('nobody is asked'), enumerateDevices: async () => devices },
      permissions: { query: async ({ name }) => (assert.equal(name, 'camera'), { state }) },
    },
    document: {},
    RTCPeerConnection: class { addTransceiver() {} },
    WebSocket: class {},
    crypto: { subtle: { generateKey() {} } },
  };
}

const broken = async (env) => (await checkSupport(env)).items.filter(({ ok }) => !ok).map(({ name, problem }) => [name, problem]);

test('a page where everything is well', async () => {
  const { ok, items } = await checkSupport(page());
  assert.equal(ok, true);
  assert.deepEqual(items.map(({ name }) => name), ITEMS);
  assert.ok(items.every(({ ok: fine, problem }) => fine && problem === null));
});

const policy = (answer) => ({ allowsFeature: (name) => (assert.equal(name, 'camera'), answer) });
const CASES = [
  ['http', (env) => { env.isSecureContext = false; }, ['secure_context', 'insecure']],
  ['a web view without a camera', (env) => { env.navigator.mediaDevices.getUserMedia = undefined; }, ['camera_api', 'unsupported']],
  ['a frame without allow="camera"', (env) => { env.document.featurePolicy = policy(false); }, ['policy', 'policy_blocked']],
  ['the same by its newer name', (env) => { env.document.permissionsPolicy = policy(false); }, ['policy', 'policy_blocked']],
  ['refused once for all', (env) => { env.navigator.permissions.query = async () => ({ state: 'denied' }); }, ['permission', 'permission_denied']],
  ['WebRTC turned off', (env) => { delete env.RTCPeerConnection; }, ['webrtc', 'unsupported']],
  ['WebRTC of the first kind', (env) => { env.RTCPeerConnection = class {}; }, ['webrtc', 'unsupported']],
  ['no WebSocket', (env) => { delete env.WebSocket; }, ['websocket', 'unsupported']],
  ['no WebCrypto', (env) => { env.crypto = {}; }, ['crypto', 'unsupported']],
  ['no camera', (env) => { env.navigator.mediaDevices.enumerateDevices = async () => [{ kind: 'audioinput' }]; }, ['camera', 'no_camera']],
];
for (const [name, change, expected] of CASES) {
  test(`${name}: ${expected[1]}`, async () => {
    const env = page();
    change(env);
    assert.deepEqual(await broken(env), [expected]);
    assert.equal((await checkSupport(env)).ok, false);
  });
}

test('every problem has a text, and one that says what to do', () => {
  for (const [, , [, problem]] of CASES)
    for (const key of [`problem.${problem}`, `problem.${problem}.do`]) assert.ok(english[key], key);
});

test('an insecure page lacks much, and hears of the reason first', async () => {
  const env = page();
  Object.assign(env, { isSecureContext: false, crypto: {} });
  env.navigator = {};
  assert.deepEqual((await broken(env))[0], ['secure_context', 'insecure']);
});

test('what a browser does not say counts as fine', async () => {
  const silent = page();
  silent.navigator.permissions = undefined;
  silent.document.featurePolicy = {};
  silent.navigator.mediaDevices.enumerateDevices = async () => { throw new DOMException('no', 'InvalidStateError'); };
  assert.deepEqual(await broken(silent), []);
  const firefox = page({ devices: [{ kind: 'videoinput' }] });
  firefox.navigator.permissions.query = async () => { throw new TypeError("'camera' is not a valid value"); };
  assert.deepEqual(await broken(firefox), []);
});

test('cameras that say how large they are', async () => {
  const small = camera({ width: { max: 160 }, height: { max: 120 } });
  const slow = camera({ width: { max: 1280 }, height: { max: 720 }, frameRate: { max: 10 } });
  const good = camera({ width: { max: 1280 }, height: { max: 720 }, frameRate: { max: 30 } });
  assert.deepEqual(await broken(page({ devices: [small, slow] })), [['camera', 'camera_too_small']]);
  assert.deepEqual(await broken(page({ devices: [small, good] })), []);
});
