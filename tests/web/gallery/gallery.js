/**
 * A page for developers: `?state=NAME` (models.js) without a server or a camera; also `theme`, `lang`, `light`, and
 * `picture`, the address of a picture to show in place of the drawn person. Serve the repository's root.
 */
import { showLight } from '../../../web_demo/flash.js';
import { dress } from '../../../web_demo/styles.js';
import { load } from '../../../web_demo/strings/index.js';
import { View } from '../../../web_demo/view.js';
import { modelsOf } from './models.js';

const asked = new URLSearchParams(location.search);
const host = document.createElement('div');
const root = host.attachShadow({ mode: 'open' });
if (asked.has('theme')) host.setAttribute('theme', asked.get('theme'));
document.querySelector('main').append(host);
document.documentElement.style.setProperty('color-scheme', asked.get('theme') ?? 'light dark');

const words = await load(asked.get('lang') ?? 'en');
const nothing = () => {};
dress(root);
const view = new View(root, words, {
  start: nothing, send: nothing, choose: nothing, speak: nothing, offersLight: asked.has('light'),
  cues: ['sound', 'speech', 'vibration'], settings: () => ({ sound: false, speech: false, vibration: true }),
});
view.video.srcObject = (await person(asked.get('picture'))).captureStream(15);
for (const model of modelsOf(asked.get('state') ?? 'idle')) view.render(model);
if (asked.get('state') === 'checking' && asked.has('light')) {
  showLight(root, [{ colour: '#00a7ff', duration_s: 60, ramp_s: 0.15 }], { words });
}
document.body.dataset.ready = '';

/** A canvas with somebody on it, redrawn so that it streams. */
async function person(picture) {
  const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 480 });
  const image = picture && (await loaded(picture));
  const context = canvas.getContext('2d');
  const draw = () => (image ? context.drawImage(image, 0, 0, 640, 480) : sketch(context));
  draw();
  setInterval(draw, 100);
  return canvas;
}

async function loaded(address) {
  const image = Object.assign(new Image(), { src: address });
  await image.decode();
  return image;
}

function sketch(context) {
  const fill = (colour, path) => {
    context.fillStyle = colour;
    context.beginPath();
    path();
    context.fill();
  };
  const ellipse = (x, y, rx, ry) => () => context.ellipse(x, y, rx, ry, 0, 0, 7);
  fill('#b9c4cf', () => context.rect(0, 0, 640, 480));
  fill('#d9dfe5', () => context.rect(430, 30, 150, 210));
  fill('#3d5875', ellipse(320, 500, 190, 130));
  fill('#c99a7c', () => context.rect(280, 300, 80, 100));
  fill('#3a2a22', ellipse(320, 205, 112, 130));
  fill('#d8a988', ellipse(320, 245, 92, 122));
  for (const x of [285, 355]) fill('#2b2320', ellipse(x, 232, 9, 6));
  fill('#a9624f', ellipse(320, 315, 26, 6));
}
