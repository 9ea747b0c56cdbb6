/** A scripted `RTCPeerConnection`: what a page sees of one, and what a test makes happen to it. */
export class FakePeerConnection {
  connectionState = 'new';
  localDescription = null;
  transceivers = [];
  closed = false;
  reports = [];
  answer = null;
  refusal = null;
  parameters = { transactionId: '1', encodings: [{ active: true }] };
  set = null;

  constructor(config) {
    this.config = config;
  }

  addTransceiver(track, init) {
    this.transceivers.push({ track, ...init });
    return { sender: { getParameters: () => structuredClone(this.parameters), setParameters: (wish) => this.#setParameters(wish) } };
  }

  async setLocalDescription() {
    this.localDescription = { type: 'offer', sdp: 'v=0 offer' };
  }

  async setRemoteDescription(description) {
    if (this.refusal) throw this.refusal;
    this.answer = description;
  }

  async getStats() {
    return this.reports.shift() ?? new Map();
  }

  close() {
    this.closed = true;
    this.become('closed');
  }

  become(state) {
    this.connectionState = state;
    this.onconnectionstatechange?.();
  }

  find(candidate) {
    this.onicecandidate?.({ candidate });
  }

  async #setParameters(wish) {
    if (this.refusesParameters) throw new DOMException('no', 'InvalidModificationError');
    this.set = wish;
  }
}
