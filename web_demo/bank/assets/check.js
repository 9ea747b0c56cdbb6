/**
 * The face check's page: hands the element a session of our backend, and our backend the token. It decides nothing:
 * what came of a check is what the backend says after it has verified the token.
 */

const element = /** @type {HTMLElement & {requestSession?: (request: {profile: string, jwk: object}) => Promise<object>}} */ (
  document.getElementById('check')
);
const notice = /** @type {HTMLElement} */ (document.getElementById('notice'));
const link = /** @type {HTMLElement} */ (document.getElementById('notice-link'));

const ELEMENT = '/element/define.js';
const OFFLINE = 'We cannot reach Meridian right now. Please check your connection and try again.';
const NOT_LOADED = 'The face check could not be loaded. Please reload the page, or use a current browser.';

/** What our backend answers when it refuses. */
class Refusal extends Error {
  /** @param {{error?: string, text?: string}} answer */
  constructor({ error = 'offline', text = OFFLINE }) {
    super(error);
    this.text = text;
  }
}

/**
 * @param {string} path
 * @param {object} body
 * @returns {Promise<any>}
 */
async function post(path, body) {
  const headers = { 'Content-Type': 'application/json', 'X-CSRF-Token': element.dataset.csrf ?? '' };
  const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => null);
  const said = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Refusal(said ?? {});
  return said;
}

/** @param {string} text @param {boolean} [aboutDocument] */
function tell(text, aboutDocument = false) {
  const [paragraph] = notice.children;
  paragraph.textContent = text;
  link.hidden = !aboutDocument;
  notice.hidden = !text;
}

/** @param {unknown} error */
function explain(error) {
  const refusal = error instanceof Refusal ? error : new Refusal({});
  tell(refusal.text, refusal.message.startsWith('document_'));
}

/** @param {string} token */
async function conclude(token) {
  try {
    const result = await post('/api/result', { token });
    if (result.next) location.assign(result.next);
    else tell(result.text);
  } catch (error) {
    explain(error);
  }
}

element.requestSession = async (/** @type {{profile: string, jwk: object}} */ { profile, jwk }) => {
  tell('');
  try {
    return await post('/api/session', { profile, jwk, consent: element.dataset.consent });
  } catch (error) {
    explain(error);
    throw error;
  }
};
element.addEventListener('passed', (event) => conclude(/** @type {CustomEvent} */ (event).detail.token));
// The element says what happened; our backend only adds what the bank has to say.
element.addEventListener('failed', () => conclude(''));
element.addEventListener('statechange', (event) => {
  if (/** @type {CustomEvent} */ (event).detail.state === 'preparing') tell('');
});

const language = /** @type {HTMLSelectElement} */ (document.getElementById('lang'));
language.addEventListener('change', () => language.form?.requestSubmit());
language.form?.querySelector('button')?.setAttribute('hidden', '');

import(ELEMENT).catch(() => tell(NOT_LOADED));
