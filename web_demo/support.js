/**
 * Whether a check can run here, before any session is spent on finding out. Nothing is opened and nobody is asked.
 * What cannot be known without asking counts as fine: the camera itself tells soon enough.
 */
import { FLOOR } from './camera.js';

/** @typedef {import('./typedefs.js').Problem} Problem */
/** @typedef {import('./typedefs.js').SupportReport} SupportReport */
/** @typedef {Window & typeof globalThis} Env */
/** @typedef {(env: Env) => Problem | null | Promise<Problem | null>} Check */

/** In the order in which a person should hear of them: what hides the others comes first.
 * @type {readonly (readonly [string, Check])[]} */
const CHECKS = Object.freeze(/** @type {[string, Check][]} */ ([
  ['secure_context', (env) => need(env.isSecureContext, 'insecure')],
  ['camera_api', ({ navigator }) => need(navigator.mediaDevices?.getUserMedia, 'unsupported')],
  ['policy', ({ document }) => need(allowed(document), 'policy_blocked')],
  ['permission', async ({ navigator }) => need((await permission(navigator)) !== 'denied', 'permission_denied')],
  ['webrtc', (env) => need(env.RTCPeerConnection?.prototype?.addTransceiver, 'unsupported')],
  ['websocket', (env) => need(env.WebSocket, 'unsupported')],
  ['crypto', ({ crypto }) => need(crypto?.subtle?.generateKey, 'unsupported')],
  ['camera', async ({ navigator }) => cameras(await inputs(navigator))],
]));

export const ITEMS = Object.freeze(CHECKS.map(([name]) => name));

/** The first item that is not ok is the one to show. Never rejects. @param {Env} [env] @returns {Promise<SupportReport>} */
export async function checkSupport(env = window) {
  const items = await Promise.all(CHECKS.map(async ([name, check]) => {
    const problem = await check(env);
    return { name, ok: problem === null, problem };
  }));
  return { ok: items.every(({ ok }) => ok), items };
}

/** @param {unknown} there @param {Problem} problem */
function need(there, problem) {
  return there ? null : problem;
}

/** Only Chromium answers; elsewhere the camera does. @param {any} document */
function allowed(document) {
  const policy = document.permissionsPolicy ?? document.featurePolicy;
  return policy?.allowsFeature?.('camera') ?? true;
}

/** @param {Navigator} navigator */
async function permission(navigator) {
  try {
    return (await navigator.permissions.query({ name: /** @type {PermissionName} */ ('camera') })).state;
  } catch {
    return 'unknown'; // older Firefox does not know this name
  }
}

/** The cameras as far as they may be known; null where nothing is said. @param {Navigator} navigator */
async function inputs(navigator) {
  try {
    const devices = await navigator.mediaDevices.enumerateDevices();
    return devices.filter(({ kind }) => kind === 'videoinput');
  } catch {
    return null;
  }
}

/** @param {MediaDeviceInfo[] | null} devices @returns {Problem | null} */
function cameras(devices) {
  if (devices && !devices.length) return 'no_camera';
  return devices?.every(isSmall) ? 'camera_too_small' : null;
}

/** Before a permission, and in some browsers ever, a camera says nothing of what it can. @param {MediaDeviceInfo} device */
function isSmall(device) {
  const { width, height, frameRate } = /** @type {Partial<InputDeviceInfo>} */ (device).getCapabilities?.() ?? {};
  const sides = [width?.max ?? FLOOR.long, height?.max ?? FLOOR.short];
  return Math.max(...sides) < FLOOR.long || Math.min(...sides) < FLOOR.short || (frameRate?.max ?? FLOOR.frameRate) < FLOOR.frameRate;
}
