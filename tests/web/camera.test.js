import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Camera, CameraError, FLOOR, MUTE_MS, REMEMBERED, isAvoided, problemOf, tooSmall } from '../../web_demo/camera.js';
import { FakeMediaDevices, FakeTimers, named, settled, storage } from './fake-devices.js';

const TWO = [{ deviceId: 'front', label: 'FaceTime HD Camera' }, { deviceId: 'usb', label: 'USB Camera' }];
const IR = { deviceId: 'ir', label: 'Integrated IR Camera' };

function counted(camera) {
  const seen = { lost: 0 };
  camera.addEventListener('lost', () => (seen.lost += 1));
  return seen;
}

async function opened(media = new FakeMediaDevices([{}]), timers = new FakeTimers()) {
  const camera = new Camera(media, storage(), timers);
  const seen = counted(camera);
  await camera.open();
  return { camera, media, timers, seen, track: media.tracks[0] };
}

const refusal = (problem) => (error) => error instanceof CameraError && error.problem === problem;

test('nobody chose: the camera facing the person, 640x480 at 30', async () => {
  const media = new FakeMediaDevices([{}], TWO);
  const { track, stream, settings, cameras } = await new Camera(media, storage()).open();
  assert.deepEqual(media.asked, [{
    width: { ideal: 640 }, height: { ideal: 480 }, frameRate: { ideal: 30 }, facingMode: { ideal: 'user' },
  }]);
  assert.equal(track, media.tracks[0]);
  assert.equal(stream.getVideoTracks()[0], track);
  assert.equal(settings.width, 640);
  assert.deepEqual(cameras, TWO);
});

test('a chosen camera is demanded and remembered, a remembered one is wished for', async () => {
  const media = new FakeMediaDevices([{ deviceId: 'usb' }, { deviceId: 'usb' }], TWO);
  const memory = storage();
  await new Camera(media, memory).open({ deviceId: 'usb' });
  await new Camera(media, memory).open();
  assert.deepEqual(media.asked.map(({ deviceId }) => deviceId), [{ exact: 'usb' }, { ideal: 'usb' }]);
  assert.ok(media.asked.every(({ facingMode }) => facingMode === undefined));
  assert.deepEqual([...memory.map], [[REMEMBERED, 'usb']]);
});

test('what nobody chose is not remembered', async () => {
  const memory = storage();
  await new Camera(new FakeMediaDevices([{}]), memory).open();
  assert.equal(memory.map.size, 0);
});

test('a page without storage opens its camera all the same', async () => {
  const media = new FakeMediaDevices([{ deviceId: 'usb' }, {}], TWO);
  const camera = new Camera(media, storage({}, { broken: true }));
  await camera.open({ deviceId: 'usb' });
  await camera.open();
  assert.equal(media.on, 1);
});

test('an infrared camera gives way to another one, and is turned off first', async () => {
  const media = new FakeMediaDevices([IR, { deviceId: 'front' }], [IR, ...TWO]);
  const { cameras, settings } = await new Camera(media, storage()).open();
  assert.deepEqual(media.asked[1].deviceId, { exact: 'front' });
  assert.deepEqual(media.tracks.map(({ readyState }) => readyState), ['ended', 'live']);
  assert.equal(settings.deviceId, 'front');
  assert.equal(cameras.at(-1).deviceId, 'ir');
});

test('an infrared camera stays when it is the only one, chosen, or remembered', async () => {
  for (const [devices, wish, memory] of [
    [[IR], {}, storage()],
    [[IR, ...TWO], { deviceId: 'ir' }, storage()],
    [[IR, ...TWO], {}, storage({ [REMEMBERED]: 'ir' })],
  ]) {
    const media = new FakeMediaDevices([IR], devices);
    const { settings } = await new Camera(media, memory).open(wish);
    assert.equal(settings.deviceId, 'ir');
  }
});

test('names of cameras to avoid, and of others that only look like them', () => {
  const avoided = ['IR Camera', 'Integrated IR Camera (04f2:b6d9)', 'Surface IR Camera Front', 'Infrared Camera', 'Caméra infrarouge',
    'Cámara de infrarrojos', 'Infrarotkamera', 'Câmera infravermelho', 'Intel(R) RealSense(TM) Depth Camera 435', 'Tiefenkamera', 'ToF Camera'];
  const wanted = ['FaceTime HD Camera', 'Logitech BRIO', 'AIR Cam 4K', 'Mirror camera', 'HP TrueVision FHD RGB', 'Desk View', 'OBSBOT Virtual', ''];
  assert.deepEqual(avoided.filter((label) => !isAvoided(label)), []);
  assert.deepEqual(wanted.filter(isAvoided), []);
});

const PROBLEMS = {
  NotAllowedError: 'permission_denied', NotFoundError: 'no_camera', NotReadableError: 'camera_busy', AbortError: 'camera_busy',
  OverconstrainedError: 'no_camera', SecurityError: 'policy_blocked', TypeError: 'internal', UnknownError: 'internal',
};
for (const [name, problem] of Object.entries(PROBLEMS)) {
  test(`${name} is told as ${problem}, whatever its text says`, async () => {
    assert.equal(problemOf(named(name)), problem);
    await assert.rejects(new Camera(new FakeMediaDevices([named(name)]), storage()).open(), refusal(problem));
  });
}

test('what is thrown need not be an error', () => assert.equal(problemOf('NotFoundError'), 'internal'));

test('without a camera API there is nothing to open', async () => {
  await assert.rejects(new Camera(undefined).open(), refusal('unsupported'));
});

test('a remembered camera that cannot be used is forgotten, so that a retry finds another', async () => {
  const memory = storage({ [REMEMBERED]: 'usb' });
  const media = new FakeMediaDevices([named('NotReadableError'), {}], TWO);
  const camera = new Camera(media, memory);
  await assert.rejects(camera.open(), refusal('camera_busy'));
  await camera.open();
  assert.deepEqual(media.asked[1].facingMode, { ideal: 'user' });
});

test('a refused permission says nothing against the remembered camera', async () => {
  const memory = storage({ [REMEMBERED]: 'usb' });
  await assert.rejects(new Camera(new FakeMediaDevices([named('NotAllowedError')]), memory).open());
  assert.equal(memory.map.get(REMEMBERED), 'usb');
});

test('sizes and rates at the floor pass and below it do not, upright or lying', () => {
  const { long, short, frameRate } = FLOOR;
  for (const enough of [{ width: long, height: short }, { width: short, height: long }, { frameRate }, { frameRate: 14.985 }, { frameRate: 0 }, {}])
    assert.equal(tooSmall(enough), false, JSON.stringify(enough));
  for (const less of [{ width: long - 1, height: short }, { width: short - 1, height: long }, { width: 640, height: 239 }, { frameRate: 14 }])
    assert.equal(tooSmall(less), true, JSON.stringify(less));
});

test('a camera that is too small is refused and off', async () => {
  const media = new FakeMediaDevices([{ width: 160, height: 120 }]);
  await assert.rejects(new Camera(media).open(), refusal('camera_too_small'));
  assert.equal(media.on, 0);
});

test('a camera that ended while the list was read is lost, not open', async () => {
  const media = new FakeMediaDevices([{}]);
  media.enumerateDevices = async () => (media.tracks[0].stop(), []);
  await assert.rejects(new Camera(media).open(), refusal('camera_lost'));
});

test('a list that cannot be read leaves the open camera', async () => {
  const { cameras } = await new Camera(new FakeMediaDevices([{}], named('NotAllowedError'))).open();
  assert.deepEqual(cameras, [{ deviceId: 'front', label: 'FaceTime HD Camera' }]);
});

test('close stops the camera, twice if need be, and nothing is lost by it', async () => {
  const { camera, media, track, seen } = await opened();
  camera.close();
  camera.close();
  track.happen('ended');
  assert.equal(media.on, 0);
  assert.equal(seen.lost, 0);
});

test('another camera: the first is stopped', async () => {
  const media = new FakeMediaDevices([{}, { deviceId: 'usb' }], TWO);
  const camera = new Camera(media);
  await camera.open();
  await camera.open({ deviceId: 'usb' });
  assert.deepEqual(media.tracks.map(({ readyState }) => readyState), ['ended', 'live']);
});

test('whoever leaves while the browser asks leaves no camera on', async () => {
  let allow;
  const media = new FakeMediaDevices([new Promise((resolve) => (allow = resolve))]);
  const camera = new Camera(media);
  const pending = camera.open();
  camera.close();
  allow({});
  await assert.rejects(pending, { name: 'AbortError' });
  assert.equal(media.on, 0);
});

test('whoever leaves while the list is read leaves no camera on', async () => {
  const media = new FakeMediaDevices([{}]);
  const camera = new Camera(media);
  media.enumerateDevices = async () => (camera.close(), []);
  await assert.rejects(camera.open(), { name: 'AbortError' });
  assert.equal(media.on, 0);
});

test('a refusal that comes after leaving does not close what was opened since', async () => {
  let refuse;
  const media = new FakeMediaDevices([new Promise((resolve) => (refuse = resolve)), {}]);
  const camera = new Camera(media);
  const first = camera.open();
  await camera.open();
  refuse(named('NotReadableError'));
  await assert.rejects(first, { name: 'AbortError' });
  assert.equal(media.on, 1);
});

test('a camera that ends is lost, once', async () => {
  const { media, track, seen } = await opened();
  track.happen('ended');
  track.happen('ended');
  media.change([]);
  await settled();
  assert.equal(seen.lost, 1);
});

test('a camera that is mute for a moment is not lost, for longer it is', async () => {
  const { media, track, timers, seen } = await opened();
  track.happen('mute');
  track.happen('unmute');
  assert.equal(timers.pending.size, 0);
  track.happen('mute');
  track.happen('mute');
  assert.deepEqual(timers.fire(), [MUTE_MS]);
  assert.equal(seen.lost, 1);
  assert.equal(media.on, 0);
});

test('a camera that is mute from the beginning is lost as well; closing takes the timer along', async () => {
  const { camera, timers, seen } = await opened(new FakeMediaDevices([{ muted: true }]));
  assert.equal(timers.pending.size, 1);
  camera.close();
  assert.equal(timers.pending.size, 0);
  assert.equal(seen.lost, 0);
});

test('an unplugged camera is lost even if its track says nothing', async () => {
  const { media, seen } = await opened(new FakeMediaDevices([{}], TWO));
  media.change([TWO[0]]);
  await settled();
  assert.equal(seen.lost, 0, 'another one was unplugged');
  media.change([TWO[1]]);
  await settled();
  assert.equal(seen.lost, 1);
  assert.equal(media.on, 0);
});

test('a list without ids, or that cannot be read, and a track without an id prove nothing', async () => {
  for (const [settings, devices] of [[{}, [{ deviceId: '', label: '' }]], [{}, named('NotAllowedError')], [{ deviceId: undefined }, TWO]]) {
    const { media, seen, camera } = await opened(new FakeMediaDevices([settings]));
    media.change(devices);
    await settled();
    assert.equal(seen.lost, 0);
    camera.close();
  }
});

test('no camera left: lost, whatever its id was', async () => {
  const { media, seen } = await opened(new FakeMediaDevices([{ deviceId: undefined }]));
  media.change([]);
  await settled();
  assert.equal(seen.lost, 1);
});
