/** Nodes built by hand: no markup is ever parsed, so a page may forbid it (Trusted Types, no inline style). */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, string | number | boolean | ((event: any) => void)>} Props */
/** @typedef {Node | string | null | undefined} Child */

/**
 * An HTML element. A function is listened with, `true` is an empty attribute, `false` none at all.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {Props} [props] @param {...Child} children
 */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag @param {Props} [props] @param {...Child} children
 */
export function svg(tag, props = {}, ...children) {
  return filled(/** @type {SVGElementTagNameMap[Tag]} */ (document.createElementNS(SVG, tag)), props, children);
}

/**
 * @template {Element} E
 * @param {E} node @param {Props} props @param {Child[]} children
 */
function filled(node, props, children) {
  for (const [name, value] of Object.entries(props)) set(node, name, value);
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * Sets an attribute, or removes it where the value is `false` or null.
 * @param {Element} node @param {string} name @param {Props[string] | null | undefined} value
 */
export function set(node, name, value) {
  if (typeof value === 'function') node.addEventListener(name, value);
  else if (value === false || value === null || value === undefined) node.removeAttribute(name);
  else if (node.getAttribute(name) !== attribute(value)) node.setAttribute(name, attribute(value));
}

/** @param {Props[string]} value */
function attribute(value) {
  return value === true ? '' : String(value);
}

/**
 * Writes a text where it differs, so that nothing is announced or laid out again for no reason.
 * @param {Node} node @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** Line icons of one weight, 24 units a side; they say nothing that the text beside them does not.
 * @type {Record<string, string>} */
export const PATHS = {
  face: 'M8 3H5a2 2 0 0 0-2 2v3M16 3h3a2 2 0 0 1 2 2v3M8 21H5a2 2 0 0 1-2-2v-3M16 21h3a2 2 0 0 0 2-2v-3M9 9.5v.5M15 9.5v.5M8.5 14.5c1 1.2 2.2 1.8 3.5 1.8s2.5-.6 3.5-1.8',
  lock: 'M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM8 11V7.5a4 4 0 0 1 8 0V11',
  light: 'M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  info: 'M12 7.5v.01M12 11v6',
  alert: 'M12 6.5v7M12 17v.01',
  pause: 'M9 7v10M15 7v10',
};

/** @param {keyof typeof PATHS} name */
export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: PATHS[name] }));
}
