/** Registers `<face-liveness>`, once, however often this is imported. */
import { FaceLiveness } from './face-liveness.js';

if (!customElements.get('face-liveness')) customElements.define('face-liveness', FaceLiveness);

export { FaceLiveness };
