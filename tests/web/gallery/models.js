/** One model for each thing a person may see, made by the machine itself: `MODELS[name]()` is a frozen model. */
import { initialModel, reduce } from '../../../web_demo/machine.js';

const CAMERAS = [
  { deviceId: 'a', label: 'FaceTime HD Camera' },
  { deviceId: 'b', label: 'USB camera (046d:0825)' },
];
const WELCOME = { type: 'welcome', session_id: 's', profile: 'standard', expires_in: 300, ice_servers: [] };
const SESSION = { signalingUrl: 'wss://liveness.example/v1/signaling', clientToken: 't' };

const consent = [{ type: 'start', renewable: true }];
const preparing = [...consent, { type: 'consent' }];
const adjusting = [...preparing, { type: 'supported' }, { type: 'cameraReady', cameras: CAMERAS, cameraId: 'a' }];
const connecting = [...adjusting, { type: 'proceed' }];
const positioning = [
  ...connecting, { type: 'sessionReady', session: SESSION }, { type: 'welcome', welcome: WELCOME }, { type: 'mediaUp' },
];
const ask = (kind, step = 1, steps = 3) => ({ type: 'challenge', id: step, kind, deadline_s: 5, step, steps });
const progress = (id, outcome) => ({ type: 'progress', id, outcome });
const second = [...positioning, ask('smile'), progress(1, 'done')];
const checking = [...second, ask('turn_left', 2), progress(2, 'done'), ask('blink', 3), progress(3, 'done')];
const guided = (code, hold_s) => [...positioning, { type: 'guidance', code, hold_s: 2 }, { type: 'guidance', code, hold_s }];
const verdict = (decision, hint = '') => [...checking, { type: 'verdict', decision, hint, token: decision === 'pass' ? 'a.b.c' : '' }];

export const KINDS = [
  'turn_left', 'turn_right', 'look_up', 'look_down', 'blink', 'blink_twice', 'open_mouth', 'smile', 'move_closer',
  'hand_across_face', 'turn_to_profile',
];
export const GUIDANCE = [
  'no_face', 'several_faces', 'too_dark', 'too_bright', 'blurred', 'too_close', 'too_far', 'off_centre',
  'low_frame_rate', 'low_bitrate', 'look_straight', 'hold_still', 'wait_for_prompt',
];

/** @type {Record<string, object[]>} */
const EVENTS = {
  idle: [],
  consent,
  preparing,
  adjusting: [...adjusting, { type: 'meter', light: 'ok' }],
  'adjusting-backlit': [...adjusting, { type: 'meter', light: 'backlit' }],
  'adjusting-free': [...adjusting, { type: 'meter', light: 'too_dark' }, { type: 'chooseProfile', profile: 'motion-free' }],
  connecting,
  positioning,
  'positioning-hold': guided('ok', 0.7),
  ...Object.fromEntries(GUIDANCE.map((code) => [`positioning-${code}`, guided(code, 0)])),
  ...Object.fromEntries(KINDS.map((kind) => [`challenging-${kind}`, [...second, ask(kind, 2)]])),
  'challenging-done': second,
  'challenging-retry': [...second, ask('turn_left', 2), progress(2, 'retry')],
  checking,
  'checking-advice': [...checking, { type: 'guidance', code: 'hold_still' }],
  passed: verdict('pass'),
  failed: verdict('fail', 'not_verified'),
  inconclusive: verdict('inconclusive', 'too_dark'),
  cancelled: [...positioning, { type: 'cancel' }],
  'error-permission': [...preparing, { type: 'supported' }, { type: 'cameraFailed', problem: 'permission_denied' }],
  'error-unsupported': [...preparing, { type: 'cameraFailed', problem: 'unsupported' }],
  'error-server': [...positioning, { type: 'closed', code: 1006 }],
};

/** The models a person would have seen on the way, the last one being the one asked for. */
export function modelsOf(name) {
  const models = [initialModel()];
  for (const event of EVENTS[name]) models.push(reduce(models[models.length - 1], event).model);
  return models;
}

export const NAMES = Object.keys(EVENTS);
