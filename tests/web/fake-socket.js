/** A scripted `WebSocket`: what a page sees of one, and what a test makes happen to it. */
export class FakeSocket {
  readyState = 0;
  protocol = '';
  sent = [];
  closedWith = null;

  constructor(url, protocol) {
    Object.assign(this, { url, offered: protocol });
  }

  send(frame) {
    this.sent.push(JSON.parse(frame));
  }

  close(code) {
    // As a browser: any other code is an error.
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) throw new DOMException('code', 'InvalidAccessError');
    this.closedWith ??= code;
    this.readyState = 3;
  }

  open(protocol = this.offered) {
    this.readyState = 1;
    this.protocol = protocol;
    this.onopen?.({});
  }

  receive(message) {
    this.onmessage?.({ data: typeof message === 'string' ? message : JSON.stringify(message) });
  }

  drop(code) {
    this.readyState = 3;
    this.onclose?.({ code });
  }

  get types() {
    return this.sent.map(({ type }) => type);
  }
}

/** Timers on a clock that a test moves. */
export class FakeClock {
  #now = 0;
  #next = 1;
  pending = new Map();

  setTimer = (callback, ms) => {
    this.pending.set(this.#next, { callback, at: this.#now + ms });
    return this.#next++;
  };

  clearTimer = (handle) => void this.pending.delete(handle);

  now = () => this.#now;

  /** Move on by so many milliseconds, and run what falls due meanwhile, in order. */
  pass(ms) {
    const end = this.#now + ms;
    for (let due = this.#due(end); due; due = this.#due(end)) {
      const [handle, { callback, at }] = due;
      this.#now = at;
      this.pending.delete(handle);
      callback();
    }
    this.#now = end;
  }

  #due(end) {
    return [...this.pending].filter(([, { at }]) => at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
  }
}
