import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ellipsePath, frameOnStage, ovalInFrame, ovalOnStage, ringShare } from '../../web_demo/overlay.js';

const FRAMES = [[640, 480], [480, 640], [1280, 720], [720, 1280], [320, 240]].map(([width, height]) => ({ width, height }));
const STAGES = [[360, 480], [288, 384], [560, 420], [844, 300], [320, 240], [1024, 768], [200, 600]].map(
  ([width, height]) => ({ width, height }),
);
const PAIRS = FRAMES.flatMap((frame) => STAGES.map((stage) => [frame, stage]));
const near = (a, b) => Math.abs(a - b) < 1e-6;

test('a face that fills the oval is where the server wants it', () => {
  for (const frame of FRAMES) {
    const { cx, cy, rx, ry } = ovalInFrame(frame);
    assert.ok((2 * rx) / frame.width <= 0.45, 'not too close'); // GuidanceConfig.max_face_width
    assert.ok(2 * ry <= 0.7 * frame.height, 'room for hair and chin');
    assert.ok(near(cx, frame.width / 2) && near(cy, frame.height / 2), 'in the middle'); // max_offset
    // GuidanceConfig.min_face_px, of the usual frames; the smallest camera taken has no room for more.
    if (frame.width > 320) assert.ok(2 * rx >= 200, 'not too far');
  }
});

test('the picture covers the stage, undistorted and centred', () => {
  for (const [frame, stage] of PAIRS) {
    const box = frameOnStage(stage, frame);
    assert.ok(box.width >= stage.width - 1e-6 && box.height >= stage.height - 1e-6);
    assert.ok(near(box.width / box.height, frame.width / frame.height));
    assert.ok(near(box.x + box.width / 2, stage.width / 2) && near(box.y + box.height / 2, stage.height / 2));
  }
});

test('the oval on the stage is the oval of the frame', () => {
  for (const [frame, stage] of PAIRS) {
    const [there, here, box] = [ovalInFrame(frame), ovalOnStage(stage, frame), frameOnStage(stage, frame)];
    assert.ok(near((here.rx / box.width) * frame.width, there.rx));
    assert.ok(near(here.ry / here.rx, there.ry / there.rx));
  }
});

test('the oval is large on the stages a device has', () => {
  for (const [frame, stage] of [[FRAMES[1], STAGES[0]], [FRAMES[0], STAGES[2]], [FRAMES[0], STAGES[0]]]) {
    const { rx, ry } = ovalOnStage(stage, frame);
    assert.ok(Math.max((2 * rx) / stage.width, (2 * ry) / stage.height) >= 0.6);
    assert.ok(2 * rx < stage.width && 2 * ry < stage.height);
  }
});

test('the ring begins at the top', () => {
  assert.equal(ellipsePath({ cx: 10, cy: 20, rx: 3, ry: 4 }), 'M10 16a3 4 0 0 1 0 8a3 4 0 0 1 0 -8z');
});

test('the ring shows the time held, then the movements done', () => {
  const model = { state: 'positioning', hold: { seconds: 0.5 }, challenge: null, done: 0 };
  assert.equal(ringShare(model, 2), 0.75);
  assert.equal(ringShare({ ...model, hold: null }, 2), 0);
  assert.equal(ringShare({ ...model, state: 'challenging', challenge: { steps: 4 }, done: 1 }, 2), 0.25);
  assert.equal(ringShare({ ...model, state: 'checking' }, 2), 1);
  assert.equal(ringShare({ ...model, state: 'connecting' }, 2), 0);
});
