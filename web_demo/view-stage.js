/**
 * The page with the picture: getting ready, connecting, positioning, challenges, checking. And what a person chooses
 * before going on: camera, how to be checked, coloured light, sounds.
 */
import { h, icon, set, write } from './dom.js';
import { PROFILES, STREAMING } from './machine.js';
import { Figure, Overlay, frameOnStage, lineOf, ringShare } from './overlay.js';
import { button, heading, screen } from './view-pages.js';

/**
 * @typedef {import('./typedefs.js').Model} Model
 * @typedef {import('./strings/index.js').Words} Words
 * @typedef {import('./typedefs.js').Act} Act
 */

/** Before the camera says how large its pictures are. */
const USUAL = { width: 640, height: 480 };
/** The picture waits for something that takes as long as it takes. */
const BUSY = ['connecting', 'checking'];
/** @type {Partial<Record<import('./typedefs.js').Tone, keyof typeof import('./dom.js').PATHS>>} */
const TONE_ICONS = { warn: 'alert', good: 'check' };
/** Least size, in ems, of an element and its window that have room for the options beside the picture; as in the styles. */
const ROOMY = { width: 56, height: 40 };
/** String of each cue's name. */
const CUE_NAMES = { sound: 'adjust.sound', speech: 'adjust.speech', vibration: 'adjust.vibration' };

/** The states it is shown in. @type {readonly import('./typedefs.js').State[]} */
export const STAGED = ['adjusting', ...STREAMING];

/** The page with the picture; `video` gets the stream from the element. */
export class StagePage {
  /** @param {Words} words @param {Act} act */
  constructor(words, act) {
    this._words = words;
    this._longestHold = 0;
    this._unfolded = false;
    this.heading = heading();
    this._detail = h('p', { class: 'detail', part: 'detail' });
    // Beneath the picture: it may be long, and must not move the picture.
    this._hint = h('p', { class: 'hint', part: 'hint' });
    this._figure = new Figure();
    this._tone = h('span', { class: 'tone' });
    this._overlay = new Overlay();
    this._count = h('p', { class: 'count', part: 'countdown', hidden: true });
    this.video = h('video', { part: 'video', autoplay: true, playsinline: true, disablepictureinpicture: true, 'aria-label': words('a11y.preview') });
    this.video.muted = true;
    this._options = options(words, act);
    this._steps = h('div', { class: 'steps', part: 'steps', hidden: true });
    this._proceed = button(words('button.continue'), 'primary', 'continue', () => act.send({ type: 'proceed' }));
    this._cancel = button(words('button.cancel'), 'secondary', 'cancel', () => act.send({ type: 'cancel' }));
    this._own = STAGED.map(slot);
    this._stage = h('div', { class: 'stage', part: 'stage' }, this.video, this._overlay.node, this._count);
    this.node = this._page();
    this._watch();
  }

  _page() {
    const said = h('div', { class: 'said' }, this.heading, this._detail, ...this._own);
    const prompt = h('div', { class: 'prompt', part: 'prompt' }, this._figure.node, this._tone, said);
    const foot = h('div', { class: 'foot' }, this._hint, this._steps, h('div', { class: 'actions', part: 'actions' }, this._proceed, this._cancel));
    return screen('live', prompt, this._stage, this._options.node, foot);
  }

  /** Follows the size of the stage and of the pictures. */
  _watch() {
    const lay = () => this.layOut();
    new ResizeObserver(lay).observe(this._stage);
    for (const type of ['loadedmetadata', 'resize']) this.video.addEventListener(type, lay);
  }

  layOut() {
    const stage = { width: this._stage.clientWidth, height: this._stage.clientHeight };
    if (!stage.width || !stage.height) return;
    const frame = this.video.videoWidth ? { width: this.video.videoWidth, height: this.video.videoHeight } : USUAL;
    const box = frameOnStage(stage, frame);
    const place = { width: box.width, height: box.height, left: box.x, top: box.y };
    for (const [name, value] of Object.entries(place)) this.video.style.setProperty(name, `${value}px`);
    this._overlay.layOut(stage, frame);
  }

  /** @param {Model} model */
  update(model) {
    const adjusting = model.state === 'adjusting';
    this.node.dataset.state = model.state;
    this._say(lineOf(model));
    this._hold(model);
    this._step(model);
    this._options.node.hidden = this._proceed.hidden = !adjusting;
    this._proceed.disabled = !model.cameraOpen;
    if (adjusting) this._adjust(model);
    for (const own of this._own) own.hidden = own.dataset.state !== model.state;
    set(this.node, 'data-guidance', model.guidance);
    set(this.node, 'data-challenge', model.outcome ? null : model.challenge?.kind);
  }

  /** @param {Model} model */
  _adjust(model) {
    this._options.update(model);
    if (!this._unfolded && isRoomy(this.node)) this._options.unfold();
    this._unfolded = true; // from now on the person folds them
  }

  /** @param {import('./typedefs.js').Line} line */
  _say({ key, detail, values, tone, figure }) {
    write(this.heading, this._words(key, values));
    const more = detail ? this._words(detail) : '';
    write(this._detail, tone === 'ask' ? '' : more);
    write(this._hint, tone === 'ask' ? more : '');
    if (this.node.dataset.tone !== tone) this._tone.replaceChildren(...(TONE_ICONS[tone] ? [icon(TONE_ICONS[tone])] : []));
    this.node.dataset.tone = tone;
    this._figure.show(figure);
  }

  /** @param {Model} model */
  _hold(model) {
    const seconds = model.state === 'positioning' && model.hold ? model.hold.seconds : 0;
    this._longestHold = model.state === 'positioning' ? Math.max(this._longestHold, seconds) : 0;
    this._count.hidden = seconds <= 0;
    write(this._count, seconds > 0 ? this._words('hold.countdown', { seconds: Math.ceil(seconds) }) : '');
    this._overlay.fill(ringShare(model, this._longestHold));
    set(this.node, 'data-busy', BUSY.includes(model.state));
  }

  /** @param {Model} model */
  _step({ state, challenge, outcome, done }) {
    const shown = state === 'challenging' && challenge !== null;
    this._steps.hidden = !shown;
    if (!shown) return;
    const { step, steps } = challenge;
    const dots = Array.from({ length: steps }, (_, i) => dot(i < done, i === step - 1 && !outcome));
    this._steps.replaceChildren(h('span', { class: 'dots', 'aria-hidden': 'true' }, ...dots), this._words('progress.step', { step, steps }));
  }
}

/** @param {boolean} done @param {boolean} current */
function dot(done, current) {
  return h('span', { class: 'dot', 'data-done': done, 'data-current': current });
}

/** Whether the options have room beside the picture: they are open then. @param {HTMLElement} node */
function isRoomy(node) {
  const root = node.getRootNode();
  if (!(root instanceof ShadowRoot)) return false;
  const em = parseFloat(getComputedStyle(root.host).fontSize);
  return root.host.clientWidth >= ROOMY.width * em && innerHeight >= ROOMY.height * em;
}

/** @param {string} state */
function slot(state) {
  return h('div', { 'data-state': state }, h('slot', { name: state }));
}

/**
 * @param {Words} words @param {Act} act
 * @returns {{node: HTMLElement, update: (model: Model) => void, unfold: () => void}}
 */
function options(words, act) {
  const [camera, meter, profiles] = [cameraChoice(words, act), lightMeter(words), profileChoice(words, act)];
  const light = lightChoice(words, act);
  const more = h('details', { class: 'more', part: 'options' },
    h('summary', {}, words('adjust.options')),
    h('div', { class: 'choices' }, profiles.node, light?.node, cueChoice(words, act)));
  const parts = [camera, meter, profiles, ...(light ? [light] : [])];
  const node = h('div', { class: 'options' }, meter.node, camera.node, more);
  return { node, update: (model) => parts.forEach((part) => part.update(model)), unfold: () => void (more.open = true) };
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
