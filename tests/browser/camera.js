// Replaces the page's cameras by a canvas that shows what the test sends over a WebSocket, and tells the person before
// the camera (the test's presenter) what the page asks of them. Runs before any script of the page, in every frame.
(({ url, width, height, fps }) => {
  const camera = {
    /** Every track ever handed out: a test looks whether all of them have ended. */
    tracks: [],
    /** Name of the DOMException that opening fails with. */
    problem: null,
    devices: [
      { kind: "videoinput", deviceId: "front", groupId: "a", label: "Front camera" },
      { kind: "videoinput", deviceId: "infrared", groupId: "a", label: "IR camera" },
      { kind: "videoinput", deviceId: "desk", groupId: "b", label: "Desk camera" },
    ],
    /** What the page asked for, call by call. */
    asked: [],
    drawn: 0,
    /** Whether the screen shines on the face: what the element shows as coloured light, a little, and less on the room. */
    reflects: false,
    /** Whether opening takes until this is false: nobody answers the browser's question. */
    stalls: false,
    /** As when somebody pulls the plug. */
    lose() {
      for (const track of camera.tracks.filter(({ readyState }) => readyState === "live")) {
        track.stop();
        track.dispatchEvent(new Event("ended"));
      }
    },
  };
  let socket = null;

  const say = (feed, message) => {
    if (feed?.readyState === WebSocket.OPEN) {
      feed.send(JSON.stringify(message));
    }
  };

  /** Shares of a colour that come back from the face and from the room: of the middle of what server/docs/light.md models. */
  const FACE = 0.1;
  const ROOM = 0.015;

  function reflect(context) {
    const light = document.querySelector("face-liveness")?.shadowRoot?.querySelector("[part=light]:popover-open");
    if (!light) {
      return;
    }
    context.save();
    context.globalCompositeOperation = "lighter";
    context.fillStyle = getComputedStyle(light).backgroundColor;
    context.globalAlpha = ROOM;
    context.fillRect(0, 0, width, height);
    context.globalAlpha = FACE - ROOM;
    context.beginPath();
    context.ellipse(width / 2, height / 2, width / 5, height / 2.4, 0, 0, 2 * Math.PI);
    context.fill();
    context.restore();
  }

  function open(deviceId) {
    const canvas = document.createElement("canvas");
    Object.assign(canvas, { width, height });
    const context = canvas.getContext("2d", { alpha: false });
    const stream = canvas.captureStream(0);
    const [track] = stream.getVideoTracks();
    track.getSettings = () => ({ deviceId, width, height, frameRate: fps, facingMode: "user" });
    Object.defineProperty(track, "label", {
      value: camera.devices.find((device) => device.deviceId === deviceId)?.label ?? "",
    });
    camera.tracks.push(track);
    const feed = new WebSocket(url);
    feed.binaryType = "blob";
    socket = feed;
    return new Promise((resolve, reject) => {
      feed.onclose = () => reject(new DOMException("the feed is closed", "NotReadableError"));
      feed.onmessage = async ({ data }) => {
        if (track.readyState === "ended") {
          feed.close();
          return;
        }
        const picture = await createImageBitmap(data);
        context.drawImage(picture, 0, 0);
        picture.close();
        if (camera.reflects) {
          reflect(context);
        }
        track.requestFrame();
        camera.drawn += 1;
        say(feed, { type: "drawn" });
        resolve(stream);
      };
    });
  }

  const asText = (value) => (typeof value === "string" ? value : (value?.exact ?? value?.ideal ?? null));

  async function getUserMedia(constraints) {
    camera.asked.push(constraints);
    while (camera.stalls) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    if (camera.problem) {
      throw new DOMException("as the test wishes", camera.problem);
    }
    const wanted = asText(constraints.video?.deviceId);
    const found = camera.devices.find(({ deviceId }) => deviceId === wanted) ?? camera.devices[0];
    return open(found.deviceId);
  }

  const listen = (type, message) =>
    addEventListener(type, (event) => event instanceof CustomEvent && say(socket, message(event.detail)), true);
  listen("challenge", ({ kind }) => ({ type: "challenge", kind }));
  listen("progress", ({ outcome }) => ({ type: "progress", outcome }));

  if (navigator.mediaDevices) {
    navigator.mediaDevices.getUserMedia = getUserMedia;
    navigator.mediaDevices.enumerateDevices = async () =>
      camera.devices.map((device) => ({ ...device, toJSON: () => device }));
  }
  globalThis.testCamera = camera;
})
