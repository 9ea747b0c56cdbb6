/** What a person chooses before going on: camera, how to be checked, coloured light, sounds. And the light meter. */
import { h, set, write } from './dom.js';
import { icon } from './icons.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./typedefs.js').Profile} Profile
 * @typedef {import('./strings/index.js').Words} Words
 * @typedef {import('./view-pages.js').Act} Act
 */

/** @type {readonly Profile[]} */
const PROFILES = ['standard', 'motion-free', 'extended-time'];
/** Room for the options beside the picture: they are open then. */
const ROOMY = '(min-width: 56rem) and (min-height: 40rem)';
/** String of each cue's name. */
const CUE_NAMES = { sound: 'adjust.sound', speech: 'adjust.speech', vibration: 'adjust.vibration' };

/**
 * @param {Words} words @param {Act} act
 * @returns {{node: HTMLElement, update: (model: Model) => void}}
 */
export function options(words, act) {
  const [camera, meter, profiles] = [cameraChoice(words, act), lightMeter(words), profileChoice(words, act)];
  const light = lightChoice(words, act);
  const more = h('details', { class: 'more', part: 'options', open: matchMedia(ROOMY).matches },
    h('summary', {}, words('adjust.options')),
    h('div', { class: 'choices' }, profiles.node, light?.node, cueChoice(words, act)));
  const parts = [camera, meter, profiles, ...(light ? [light] : [])];
  return { node: h('div', { class: 'options' }, meter.node, camera.node, more), update: (model) => parts.forEach((part) => part.update(model)) };
}

/** @param {Words} words @param {Act} act */
function cameraChoice(words, act) {
  const select = h('select', { id: 'camera', part: 'camera', change: () => act.send({ type: 'chooseCamera', deviceId: select.value }) });
  const node = h('div', { class: 'field' }, h('label', { for: 'camera' }, words('adjust.camera')), select);
  /** @type {readonly import('./typedefs.js').CameraInfo[]} */
  let listed = [];
  /** @param {Model} model */
  const update = ({ cameras, cameraId }) => {
    if (cameras !== listed) select.replaceChildren(...cameras.map((camera, i) => cameraOption(camera, i, words)));
    listed = cameras;
    node.hidden = cameras.length < 2;
    if (cameraId !== null) select.value = cameraId;
  };
  return { node, update };
}

/** @param {import('./typedefs.js').CameraInfo} camera @param {number} i @param {Words} words */
function cameraOption({ deviceId, label }, i, words) {
  return h('option', { value: deviceId }, label || words('adjust.camera_unnamed', { number: i + 1 }));
}

/** @param {Words} words */
function lightMeter(words) {
  const text = h('span', { class: 'meter-text' });
  const node = h('p', { class: 'meter', part: 'meter' }, icon('light'), text);
  /** @param {Model} model */
  const update = ({ meter: { light } }) => {
    set(node, 'data-light', light);
    write(text, words(`meter.${light ?? 'measuring'}`));
  };
  return { node, update };
}

/** @param {Words} words @param {Act} act */
function profileChoice(words, act) {
  const radios = PROFILES.map((profile) => h('input', {
    type: 'radio', name: 'profile', id: `profile-${profile}`, value: profile,
    change: () => act.send({ type: 'chooseProfile', profile }),
  }));
  const rows = PROFILES.map((profile, i) => choice(radios[i], words(`profile.${profile}`), words(`profile.${profile}.text`)));
  const node = h('fieldset', { part: 'profile' }, h('legend', {}, words('profile.title')), ...rows);
  /** @param {Model} model */
  const update = ({ profile }) => radios.forEach((radio) => (radio.checked = radio.value === profile));
  return { node, update };
}

/** @param {Words} words @param {Act} act */
function lightChoice(words, act) {
  if (!act.offersLight) return null;
  const box = h('input', { type: 'checkbox', id: 'light', change: () => act.send({ type: 'chooseLight', on: box.checked }) });
  const warning = h('span', { class: 'warning' }, icon('alert'), h('span', {}, words('light.warning')));
  const node = h('div', { class: 'group', part: 'light-choice' }, choice(box, words('light.choose'), words('light.choose.text'), warning));
  return { node, update: (/** @type {Model} */ { lightWanted }) => void (box.checked = lightWanted) };
}

/** @param {Words} words @param {Act} act */
function cueChoice(words, act) {
  const boxes = act.cues.map((name) => {
    const box = h('input', { type: 'checkbox', id: `cue-${name}`, change: () => act.choose(name, box.checked) });
    box.checked = act.settings()[name];
    return choice(box, words(CUE_NAMES[name]));
  });
  return h('div', { class: 'group', part: 'cues' }, ...boxes);
}

/**
 * A box or radio with its label, and what more there is to say about it.
 * @param {HTMLInputElement} input @param {string} label @param {string} [text] @param {HTMLElement} [more]
 */
function choice(input, label, text, more) {
  const about = text ? h('span', { class: 'about', id: `${input.id}-about` }, text, more) : null;
  if (about) set(input, 'aria-describedby', about.id);
  return h('div', { class: 'choice' }, input, h('label', { for: input.id }, label), about);
}
