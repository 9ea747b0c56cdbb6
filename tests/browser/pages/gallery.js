// Shows the picture of any model at once: `look(changes, language)`. The element's own view and styles, no session.
import { initialModel } from '/element/machine.js';
import { load } from '/element/strings/index.js';
import { dress } from '/element/styles.js';
import { View } from '/element/view.js';

const STAGED = ['adjusting', 'connecting', 'positioning', 'challenging', 'checking'];
const act = {
  start() {},
  send() {},
  choose() {},
  speak() {},
  settings: () => ({ sound: false, speech: false, vibration: false }),
  cues: ['sound', 'speech', 'vibration'],
  offersLight: true,
};
let stream = null;

globalThis.look = async (changes, language) => {
  const words = await load(language);
  document.documentElement.lang = words.lang;
  document.documentElement.dir = words.dir;
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  dress(root);
  const view = new View(root, words, act);
  document.querySelector('#place').replaceChildren(host);
  view.render(initialModel());
  view.render({ ...initialModel(), ...changes });
  if (STAGED.includes(changes.state)) await show(view.video);
};

async function show(video) {
  stream ??= await navigator.mediaDevices.getUserMedia({ video: true });
  video.srcObject = stream;
  await video.play();
  await new Promise((resolve) => video.requestVideoFrameCallback(resolve));
}
