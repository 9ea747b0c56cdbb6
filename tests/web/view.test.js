import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PROBLEMS } from '../../web_demo/machine.js';
import { words } from '../../web_demo/strings/index.js';
import english from '../../web_demo/strings/en.js';
import { outcome } from '../../web_demo/view-pages.js';
import { EVERY_MS, Pace, SETTLE_MS, speechOf } from '../../web_demo/view.js';
import { NAMES, modelsOf } from './gallery/models.js';

/** A clock that runs when it is told to. */
function clock() {
  let [now, id] = [0, 0];
  const due = new Map();
  const run = (until) => {
    for (;;) {
      const [next] = [...due].sort((a, b) => a[1].at - b[1].at);
      if (!next || next[1].at > until) break;
      due.delete(next[0]);
      now = next[1].at;
      next[1].run();
    }
    now = until;
  };
  return { now: () => now, set: (run_, ms) => (due.set(++id, { run: run_, at: now + ms }), id), clear: (handle) => due.delete(handle), run };
}

function paced() {
  const [said, time] = [[], clock()];
  return { said, time, pace: new Pace((text) => said.push([time.now(), text]), time) };
}

test('a polite text is said once it stands', () => {
  const { said, time, pace } = paced();
  pace.offer('Come closer');
  assert.deepEqual(said, []);
  time.run(SETTLE_MS);
  assert.deepEqual(said, [[SETTLE_MS, 'Come closer']]);
});

test('a text that is gone before it stood is not said', () => {
  const { said, time, pace } = paced();
  pace.offer('Come closer');
  time.run(SETTLE_MS - 1);
  pace.offer('Hold still');
  time.run(5000);
  assert.deepEqual(said.map(([, text]) => text), ['Hold still']);
});

test('guidance that flickers ten times a second does not flood', () => {
  const { said, time, pace } = paced();
  for (let i = 0; i < 200; i++) {
    pace.offer(['a', 'b', 'c'][i % 3]);
    time.run(100 * (i + 1));
  }
  assert.equal(said.length, 0);
  for (let i = 0; i < 40; i++) {
    pace.offer(`text ${i >> 3}`);
    time.run(20_000 + 100 * (i + 1));
  }
  said.slice(1).forEach(([at], i) => assert.ok(at - said[i][0] >= EVERY_MS));
});

test('the same text is not said twice in a row', () => {
  const { said, time, pace } = paced();
  for (let i = 0; i < 10; i++) {
    pace.offer('Hold still');
    time.run(1000 * (i + 1));
  }
  assert.equal(said.length, 1);
});

test('what waits is dropped for something urgent', () => {
  const { said, time, pace } = paced();
  pace.offer('Hold still');
  pace.reset();
  time.run(5000);
  assert.deepEqual(said, []);
});

const ENDED = ['passed', 'failed', 'inconclusive', 'cancelled', 'error'];
const last = (name) => modelsOf(name).at(-1);

test('every gallery name leads to the state it is named after', () => {
  for (const name of NAMES) assert.equal(last(name).state, name.split('-')[0], name);
});

test('every ending has a heading and a text', () => {
  for (const name of NAMES.filter((known) => ENDED.includes(known.split('-')[0]))) {
    const [title, , advice] = outcome(last(name), words);
    assert.ok(title && advice, name);
    assert.ok(!/\w+\.\w+\./.test(title + advice), `${name}: ${title} ${advice}`);
  }
});

test('every problem tells what happened and what to do', () => {
  for (const problem of Object.keys(PROBLEMS)) {
    const [title, , advice] = outcome({ ...last('error-server'), problem }, words);
    assert.deepEqual([title, advice], [english[`problem.${problem}`], english[`problem.${problem}.do`]]);
    assert.ok(title && advice);
  }
});

test('a verdict’s hint is told with what to do about it', () => {
  assert.deepEqual(outcome(last('inconclusive'), words).slice(1), [english['reason.too_dark'], english['reason.too_dark.do']]);
});

test('a hint of a newer server is still an answer', () => {
  const said = outcome({ ...last('inconclusive'), reason: 'sunspots' }, words);
  assert.deepEqual(said.slice(1), [english['reason.try_again'], english['reason.try_again.do']]);
});

test('prompts and results interrupt; guidance waits its turn', () => {
  assert.equal(speechOf(last('challenging-smile'), words).urgent, true);
  assert.equal(speechOf(last('passed'), words).urgent, true);
  assert.equal(speechOf(last('positioning-too_far'), words).urgent, false);
  assert.equal(speechOf(last('positioning-too_far'), words).text, english['guidance.too_far']);
  assert.equal(speechOf(last('consent'), words), null);
});

test('the light meter is told while getting ready', () => {
  assert.equal(speechOf(last('adjusting-backlit'), words).text, english['meter.backlit']);
});
