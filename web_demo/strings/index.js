/** Every text a person reads, in their language. English comes along; the others are fetched when they are asked for. */
import english from './en.js';

/**
 * @typedef {Record<string, string>} Texts
 * @typedef {Record<string, string | number>} Values
 * @typedef {((key: string, values?: Values) => string) & {lang: string, dir: 'ltr' | 'rtl'}} Words
 *   Looks a text up. `lang` and `dir` are those of the texts themselves, for the attributes of the same names.
 */

/** @type {Record<string, () => Promise<{default: Texts}>>} */
const OTHERS = {
  es: () => import('./es.js'),
  fr: () => import('./fr.js'),
  de: () => import('./de.js'),
  pt: () => import('./pt.js'),
  ar: () => import('./ar.js'),
  hi: () => import('./hi.js'),
  zh: () => import('./zh.js'),
};
const RIGHT_TO_LEFT = ['ar'];
/** By family of keys: what is said of a code that only a newer server knows. @type {Record<string, string>} */
const GENERAL = {
  guidance: 'guidance.look_straight',
  prompt: 'state.challenging',
  hint: 'state.challenging',
  problem: 'problem.internal',
  reason: 'reason.try_again',
};

export const languages = Object.freeze(['en', ...Object.keys(OTHERS)]);

/** The language of the texts shown for `tag` (BCP 47): English where there are none of its own. @param {string} [tag] */
export function language(tag = '') {
  const primary = tag.toLowerCase().split(/[-_]/)[0];
  return languages.includes(primary) ? primary : 'en';
}

/** The direction in which these are read. @param {string} [tag] @returns {'ltr' | 'rtl'} */
export function dir(tag) {
  return RIGHT_TO_LEFT.includes(language(tag)) ? 'rtl' : 'ltr';
}

/** Never rejects: a language that cannot be fetched leaves the English. @param {string} [tag] @returns {Promise<Words>} */
export async function load(tag) {
  const lang = language(tag);
  try {
    return lang === 'en' ? words : speak(lang, (await OTHERS[lang]()).default);
  } catch {
    return words;
  }
}

/** @param {string} lang @param {Texts} texts @returns {Words} */
function speak(lang, texts) {
  /** @param {string} key */
  const find = (key) => own(texts, key) ?? own(english, key);
  /** @param {string} key @param {Values} [values] */
  const look = (key, values = {}) => fill(find(key) ?? find(general(key)) ?? key, values, lang);
  return Object.assign(look, { lang, dir: dir(lang) });
}

/** The key of what is said of a code that has no text. @param {string} key */
function general(key) {
  const [family, , ...part] = key.split('.');
  return [GENERAL[family], ...part].join('.');
}

/** @param {Texts} texts @param {string} key */
function own(texts, key) {
  return Object.hasOwn(texts, key) ? texts[key] : undefined;
}

/** @param {string} text @param {Values} values @param {string} lang */
function fill(text, values, lang) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => written(values[name] ?? whole, lang));
}

/** @param {string | number} value @param {string} lang */
function written(value, lang) {
  return typeof value === 'number' ? value.toLocaleString(lang) : value;
}

/** The English words, at once. */
export const words = speak('en', english);
