/** Line icons of one weight, 24 units a side; they say nothing that the text beside them does not. */
import { svg } from './dom.js';

/** @type {Record<string, string>} */
export const PATHS = {
  face: 'M8 3H5a2 2 0 0 0-2 2v3M16 3h3a2 2 0 0 1 2 2v3M8 21H5a2 2 0 0 1-2-2v-3M16 21h3a2 2 0 0 0 2-2v-3M9 9.5v.5M15 9.5v.5M8.5 14.5c1 1.2 2.2 1.8 3.5 1.8s2.5-.6 3.5-1.8',
  lock: 'M6 11h12a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1v-8a1 1 0 0 1 1-1zM8 11V7.5a4 4 0 0 1 8 0V11',
  light: 'M12 3v1.5M12 19.5V21M3 12h1.5M19.5 12H21M5.6 5.6l1.1 1.1M17.3 17.3l1.1 1.1M5.6 18.4l1.1-1.1M17.3 6.7l1.1-1.1M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  check: 'M5 12.5l4.5 4.5L19 7.5',
  info: 'M12 7.5v.01M12 11v6',
  alert: 'M12 6.5v7M12 17v.01',
  pause: 'M9 7v10M15 7v10',
};

/**
 * @param {keyof typeof PATHS} name
 * @returns {SVGSVGElement} hidden from assistive technology
 */
export function icon(name) {
  return svg('svg', { class: 'icon', viewBox: '0 0 24 24', 'aria-hidden': 'true' }, svg('path', { d: PATHS[name] }));
}
