// A host page that holds the check in a frame of another origin. Everything it ever hears stands in `told`.
import { mountFrame } from '/element/embed.js';

globalThis.told = [];
globalThis.asked = [];

/** @param {object} request */
async function requestSession(request) {
  globalThis.asked.push(request);
  return (await fetch('/session', { method: 'POST', body: JSON.stringify(request) })).json();
}

addEventListener('message', ({ data }) => globalThis.told.push({ type: 'message', detail: data }));
const src = new URLSearchParams(location.search).get('src');
const frame = mountFrame(document.querySelector('#place'), { src, title: 'Face check', requestSession });
for (const name of ['ready', 'outcome']) {
  frame.addEventListener(name, ({ type, detail }) => globalThis.told.push({ type, detail }));
}
frame.start();
