/** Nodes built by hand: no markup is ever parsed, so a page may forbid it (Trusted Types, no inline style). */

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, string | number | boolean | ((event: any) => void)>} Props */
/** @typedef {Node | string | null | undefined} Child */

/**
 * An HTML element. A function is listened with, `true` is an empty attribute, `false` none at all.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function h(tag, props = {}, ...children) {
  return filled(document.createElement(tag), props, children);
}

/**
 * An SVG element.
 * @template {keyof SVGElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Props} [props]
 * @param {...Child} children
 * @returns {SVGElementTagNameMap[Tag]}
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

/** @param {string | number | true} value */
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
