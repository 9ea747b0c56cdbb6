/**
 * Types that several modules share. Nothing here runs.
 *
 * @typedef {'idle'|'consent'|'preparing'|'adjusting'|'connecting'|'positioning'|'challenging'|'checking'
 *   |'passed'|'failed'|'inconclusive'|'cancelled'|'error'} State
 *
 * @typedef {'standard'|'motion-free'|'extended-time'} Profile
 * @typedef {'ok'|'too_dark'|'too_bright'|'backlit'} LightReading
 * @typedef {'state'|'attempt'|'hidden'|'media'} TimerName
 *
 * @typedef {'unsupported'|'insecure'|'policy_blocked'|'no_camera'|'permission_denied'|'camera_busy'|'camera_lost'
 *   |'camera_too_small'|'session_refused'|'token_invalid'|'session_used'|'session_expired'|'server_gone'
 *   |'connect_timeout'|'media_lost'|'overload'|'interrupted'|'too_slow'|'internal'} Problem
 *
 * @typedef {{deviceId: string, label: string}} CameraInfo
 * One colour, sRGB as `#rrggbb`; times in seconds.
 * @typedef {{colour: string, duration_s: number, ramp_s: number}} LightStep
 *
 * What the relying party's backend answers: where to connect, and the one-time token.
 * @typedef {{signalingUrl: string, clientToken: string}} Session
 * @typedef {{profile: Profile, light: boolean, jwk: JsonWebKey|null}} SessionRequest
 *
 * What the element shows: frozen plain data, the same object until something changes.
 * @typedef {object} Model
 * @property {State} state
 * @property {Profile} profile  what the person chose
 * @property {Profile|null} sessionProfile  what the server says the session has, which the host decides
 * @property {boolean} lightWanted  whether the person agreed to coloured light
 * @property {readonly CameraInfo[]} cameras
 * @property {string|null} cameraId
 * @property {boolean} cameraOpen  whether the chosen camera delivers; false while another one is being opened
 * @property {{readonly light: LightReading|null}} meter
 * @property {string|null} guidance  the server's last guidance code
 * @property {{readonly seconds: number}|null} hold  countdown announced with guidance `ok`
 * @property {{readonly id: number, readonly kind: string, readonly step: number, readonly steps: number,
 *   readonly deadlineS: number}|null} challenge
 * @property {'done'|'retry'|null} outcome  how `challenge` ended
 * @property {number} done  challenges done in this attempt
 * @property {{readonly id: number, readonly steps: readonly LightStep[]}|null} light  colours being shown
 * @property {Problem|null} problem
 * @property {string|null} reason  the verdict's hint
 * @property {string|null} token
 * @property {boolean} canRetry
 * @property {boolean} hidden  whether the page is hidden
 * @property {boolean} spent  whether the session of this attempt was handed out already
 * @property {boolean} renewable  whether the host can be asked for another session
 *
 * Preferences that an attempt starts with.
 * @typedef {{profile?: Profile, lightWanted?: boolean, renewable?: boolean}} Settings
 *
 * What happens, by the person, the device, the host or the server.
 * @typedef {(
 *   {type: 'start', profile?: Profile, lightWanted?: boolean, renewable?: boolean}
 *   | {type: 'consent'} | {type: 'decline'} | {type: 'proceed'} | {type: 'cancel'} | {type: 'retry'}
 *   | {type: 'chooseCamera', deviceId: string} | {type: 'chooseProfile', profile: Profile}
 *   | {type: 'chooseLight', on: boolean}
 *   | {type: 'supported'} | {type: 'cameraReady', cameras: readonly CameraInfo[], cameraId: string|null}
 *   | {type: 'cameraFailed', problem: Problem} | {type: 'cameraLost'} | {type: 'meter', light: LightReading}
 *   | {type: 'sessionReady', session: Session} | {type: 'sessionFailed', problem: Problem}
 *   | {type: 'socketOpen'} | {type: 'closed', code: number} | {type: 'fault', problem: Problem}
 *   | {type: 'mediaUp'} | {type: 'mediaLost'}
 *   | {type: 'welcome', welcome: Welcome} | {type: 'answer', sdp: string}
 *   | {type: 'guidance', code: string, hold_s?: number}
 *   | {type: 'challenge', id: number, kind: string, deadline_s: number, step: number, steps: number}
 *   | {type: 'progress', id: number, outcome: 'done'|'retry'}
 *   | {type: 'light', id: number, steps: readonly LightStep[]}
 *   | {type: 'lightDone', id: number, shownS: readonly number[]}
 *   | {type: 'verdict', decision: 'pass'|'fail'|'inconclusive', hint: string, token: string}
 *   | {type: 'hidden'} | {type: 'visible'}
 *   | {type: 'timeout'} | {type: 'expired'} | {type: 'hiddenTooLong'} | {type: 'mediaGone'}
 * )} MachineEvent
 *
 * What the controller must do, in this order.
 * @typedef {(
 *   {type: 'checkSupport'} | {type: 'openCamera', deviceId: string|null} | {type: 'closeCamera'}
 *   | {type: 'startMeter'} | {type: 'stopMeter'}
 *   | {type: 'requestSession', profile: Profile, light: boolean}
 *   | {type: 'connect', session: Session} | {type: 'disconnect', code: number}
 *   | {type: 'sendHello', light: boolean} | {type: 'sendOffer', iceServers: readonly IceServer[]}
 *   | {type: 'acceptAnswer', sdp: string} | {type: 'sendCancel'}
 *   | {type: 'showLight', id: number, steps: readonly LightStep[]}
 *   | {type: 'sendLightShown', id: number, shownS: readonly number[]}
 *   | {type: 'setTimer', timer: TimerName, seconds: number} | {type: 'clearTimer', timer: TimerName|'all'}
 *   | EmitEffect
 * )} Effect
 *
 * @typedef {keyof EventDetails} EventName
 * @typedef {{[Name in EventName]: {type: 'emit', name: Name, detail: EventDetails[Name]}}[EventName]} EmitEffect
 *
 * Details of the element's events.
 * @typedef {object} EventDetails
 * @property {{}} ready
 * @property {{code: string, holdS: number}} guidance
 * @property {{id: number, kind: string, step: number, steps: number, deadlineS: number}} challenge
 * @property {{id: number, outcome: 'done'|'retry', done: number}} progress
 * @property {{token: string}} passed
 * @property {{reason: string, canRetry: boolean}} failed
 * @property {{reason: string, canRetry: boolean}} inconclusive
 * @property {{problem: Problem, canRetry: boolean}} error
 * @property {{}} cancel
 * @property {{state: State, previous: State}} statechange
 * @property {SessionRequest} sessionneeded
 *
 * Messages of `liveness.v1`; the fields are those of the wire.
 * @typedef {{urls: readonly string[], username: string, credential: string}} IceServer
 * @typedef {{type: 'welcome', session_id: string, profile: string, expires_in: number,
 *   ice_servers: readonly IceServer[]}} Welcome
 * @typedef {{type: 'answer', sdp: string}} Answer
 * @typedef {{type: 'guidance', code: string, hold_s: number}} Guidance
 * @typedef {{type: 'challenge', id: number, kind: string, deadline_s: number, step: number, steps: number}} Challenge
 * @typedef {{type: 'progress', id: number, outcome: 'done'|'retry'}} Progress
 * @typedef {{type: 'light', id: number, steps: readonly LightStep[]}} Light
 * @typedef {{type: 'verdict', decision: 'pass'|'fail'|'inconclusive', hint: string, token: string}} Verdict
 * @typedef {{type: 'error', code: number, reason: string}} ServerError
 * @typedef {Welcome|Answer|Guidance|Challenge|Progress|Light|Verdict|ServerError} ServerMessage
 *
 * @typedef {{type: 'hello', token: string, sdk?: string, features?: readonly string[]}} Hello
 * @typedef {{type: 'offer', sdp: string}} Offer
 * @typedef {{type: 'candidate', candidate?: string|null, sdp_mid?: string|null,
 *   sdp_mline_index?: number|null}} Candidate
 * @typedef {{type: 'cancel'}} Cancel
 * @typedef {{type: 'light_shown', id: number, shown_s?: readonly number[]}} LightShown
 * @typedef {{type: 'stats', fps: number, width: number, height: number, bitrate_kbps: number,
 *   rtt_s?: number|null, dropped?: number|null, quality_limit?: 'none'|'cpu'|'bandwidth'|'other'|null}} StatsMessage
 * @typedef {Hello|Offer|Candidate|Cancel|LightShown|StatsMessage} ClientMessage
 *
 * What the controller runs on; each can be scripted by a test.
 * @typedef {object} Ports
 * @property {() => Promise<SupportReport>} support
 * @property {CameraPort} camera
 * @property {{start(): void, stop(): void}} meter  its readings are sent to the controller as `meter` events
 * @property {(url: string, protocol: string) => WebSocket} openSocket
 * @property {(config: RTCConfiguration) => RTCPeerConnection} createPeer
 * @property {(request: SessionRequest) => Promise<Session>} requestSession  rejects with an error whose `problem`, if
 *   it has one, says why
 * @property {ShowLight} showLight
 * @property {(callback: () => void, ms: number) => unknown} setTimer
 * @property {(handle: any) => void} clearTimer
 * @property {<Name extends keyof EventDetails>(name: Name, detail: EventDetails[Name]) => void} emit
 * @property {() => Promise<Signer>} [senderKey]  the key a token is bound to; made by `senderKey` by default
 *
 * Shows colours; resolves with none when they were skipped. `signal` says that the attempt is over.
 * @typedef {(steps: readonly LightStep[], signal: AbortSignal) => Promise<readonly number[]>} ShowLight
 * @typedef {{jwk: JsonWebKey, sign(bytes: BufferSource): Promise<Uint8Array>}} Signer
 * @typedef {{ok: boolean, items: {name: string, ok: boolean, problem: Problem|null}[]}} SupportReport
 * @typedef {EventTarget & {open(wish: {deviceId?: string}): Promise<OpenCamera>, close(): void}} CameraPort
 * @typedef {{stream: MediaStream, track: MediaStreamTrack, settings: MediaTrackSettings,
 *   cameras: readonly CameraInfo[]}} OpenCamera
 *
 * What a socket tells; the last is always `closed` or `fault`.
 * @typedef {{type: 'open'} | {type: 'message', message: ServerMessage} | {type: 'closed', code: number}
 *   | {type: 'fault', problem: Problem}} News
 *
 * Running totals of what is sent; `at` is the browser's own time of them in milliseconds, `unsent` the frames that were
 * captured and not sent: the encoder was too slow, or the line too narrow. Not every browser counts what it captures.
 * @typedef {{at: number, bytes: number, sent: number, unsent: number}} Totals
 *
 * What is said to the person now: a text of the strings with its values, a longer one, and the kind of the challenge
 * whose figure is shown.
 * @typedef {'plain'|'warn'|'good'|'ask'} Tone
 * @typedef {{key: string, detail: string|null, values: Record<string, number>, tone: Tone, figure: string|null}} Line
 *
 * @typedef {{sound: boolean, vibration: boolean, speech: boolean}} CueSettings
 * @typedef {'ask'|'good'|'again'|'pass'|'end'} Cue
 *
 * What a person's clicks do.
 * @typedef {object} Act
 * @property {() => void} start
 * @property {(event: MachineEvent) => void} send
 * @property {(name: keyof CueSettings, on: boolean) => void} choose a cue on or off
 * @property {() => CueSettings} settings
 * @property {(text: string) => void} speak says it aloud, where the person wants that
 * @property {readonly (keyof CueSettings)[]} cues those this device has
 * @property {boolean} offersLight whether the person may agree to coloured light
 *
 * @typedef {object} Page
 * @property {HTMLElement} node
 * @property {HTMLElement} heading takes the focus when the page appears
 * @property {(model: Model) => void} update
 *
 * In pixels.
 * @typedef {{width: number, height: number}} Size
 * @typedef {{cx: number, cy: number, rx: number, ry: number}} Oval
 * @typedef {{width: number, height: number, x: number, y: number}} Box
 */

export {};
