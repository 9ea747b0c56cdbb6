// The shortest client there is: proves camera, Chromium and server before any element stands between them.
globalThis.seen = [];

const tell = (type, detail) => dispatchEvent(new CustomEvent(type, { detail }));

async function offer(peer, socket) {
  peer.onicecandidate = ({ candidate }) =>
    socket.send(
      JSON.stringify({
        type: "candidate",
        candidate: candidate?.candidate ?? null,
        sdp_mid: candidate?.sdpMid ?? null,
        sdp_mline_index: candidate?.sdpMLineIndex ?? null,
      }),
    );
  await peer.setLocalDescription(await peer.createOffer());
  socket.send(JSON.stringify({ type: "offer", sdp: peer.localDescription.sdp }));
}

/** Runs one session and resolves with how the socket closed. */
globalThis.run = async ({ signalingUrl, clientToken }) => {
  const stream = await navigator.mediaDevices.getUserMedia({ video: true });
  const [track] = stream.getVideoTracks();
  const peer = new RTCPeerConnection();
  peer.addTransceiver(track, { direction: "sendonly", streams: [stream] });
  globalThis.peer = peer;
  const socket = new WebSocket(signalingUrl, "liveness.v1");
  const takes = {
    welcome: () => offer(peer, socket),
    answer: ({ sdp }) => peer.setRemoteDescription({ type: "answer", sdp }),
    challenge: (message) => tell("challenge", message),
    progress: (message) => tell("progress", message),
  };
  socket.onopen = () => socket.send(JSON.stringify({ type: "hello", token: clientToken }));
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    globalThis.seen.push(message);
    takes[message.type]?.(message);
  };
  const { code } = await new Promise((resolve) => (socket.onclose = resolve));
  track.stop();
  peer.close();
  return code;
};
