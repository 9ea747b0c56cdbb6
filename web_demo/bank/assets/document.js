/** The document picture: shown before it is sent, and made smaller (without place and camera) when it is large. */

const MAX_BYTES = 5 * 1024 * 1024;
/** Longest side that is sent, pixels: the picture on a document is then some 500 pixels wide still. */
const MAX_SIDE = 2400;
const JPEG_QUALITY = 0.9;

const input = /** @type {HTMLInputElement} */ (document.getElementById('document'));
const drop = /** @type {HTMLElement} */ (document.getElementById('drop'));
const preview = /** @type {HTMLImageElement} */ (document.getElementById('preview'));
const note = /** @type {HTMLElement} */ (document.getElementById('document-note'));

/** @param {Blob} blob @param {string} name */
function put(blob, name) {
  const files = new DataTransfer();
  files.items.add(new File([blob], name, { type: blob.type }));
  input.files = files.files;
}

/** @param {Blob} file */
function show(file) {
  URL.revokeObjectURL(preview.src);
  preview.src = URL.createObjectURL(file);
  preview.hidden = false;
  drop.querySelector('svg')?.setAttribute('hidden', '');
}

/** Draw the picture again, upright and not larger than it must be; drawing leaves position and camera behind. @param {File} file */
async function smaller(file) {
  const bitmap = await createImageBitmap(file, { imageOrientation: 'from-image' });
  const scale = Math.min(1, MAX_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [bitmap.width * scale, bitmap.height * scale].map(Math.round);
  canvas.getContext('2d')?.drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  bitmap.close();
  return new Promise((resolve) => canvas.toBlob(resolve, 'image/jpeg', JPEG_QUALITY));
}

async function chosen() {
  const file = input.files?.[0];
  preview.hidden = true;
  note.textContent = '';
  if (!file) return;
  const made = await smaller(file).catch(() => null);
  if (made) put(made, 'document.jpg');
  if (made) show(made);
  else note.textContent = 'This file is no picture we can read. Please choose a JPEG or PNG file.';
  if ((made ?? file).size > MAX_BYTES) note.textContent = 'This picture is larger than 5 MB. Please choose a smaller one.';
}

input.addEventListener('change', chosen);
for (const [name, over] of /** @type {[string, boolean][]} */ ([['dragover', true], ['dragleave', false], ['drop', false]])) {
  drop.addEventListener(name, (event) => {
    event.preventDefault();
    drop.classList.toggle('over', over);
  });
}
drop.addEventListener('drop', (event) => {
  if (!event.dataTransfer?.files.length) return;
  input.files = event.dataTransfer.files;
  chosen();
});
