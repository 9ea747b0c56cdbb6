/**
 * How the figure of each challenge moves: from rest to its pose and back, slowly. Who asked for reduced motion sees the
 * pose itself, with the arrow.
 */
export const FIGURE = `
.figure { inline-size: 7.5rem; block-size: 8.14rem; flex: none; overflow: visible; }
.figure.absent { display: none; }
.figure * { vector-effect: non-scaling-stroke; }
.head, .nose, .mouth, .arrow { fill: none; stroke: var(--text); stroke-width: 3; stroke-linecap: round; stroke-linejoin: round; }
.head { fill: var(--figure); }
.eye, .gape { fill: var(--text); }
.arrow, .hand { visibility: hidden; }
.arrow { stroke: var(--accent); stroke-width: 5; }
.hand { fill: var(--accent); }
.hand rect { stroke: var(--surface); stroke-width: 1.5; }
/* Each part moves for itself: what its group does is not inherited. */
.whole, .features, .eye, .mouth, .gape, .hand { --rest: initial; --pose: initial; }
.whole, .features, .eye, .mouth, .gape, .hand { transform-box: view-box; transform: var(--rest, none); }
.whole, .features { transform-origin: 70px 62px; }
.eye { transform-origin: 70px 54px; }
.mouth { transform-origin: 70px 80px; --rest: scaleY(.12); }
.gape { transform-origin: 70px 84px; --rest: scale(0); }

[data-kind=turn_left] .features { --pose: translateX(-17px) scaleX(.78); }
[data-kind=turn_right] .features { --pose: translateX(17px) scaleX(.78); }
[data-kind=turn_to_profile] .features { --pose: translateX(-29px) scaleX(.32); --other: translateX(29px) scaleX(.32); }
[data-kind=look_up] .features { --pose: translateY(-17px) scaleY(.82); }
[data-kind=look_down] .features { --pose: translateY(15px) scaleY(.82); }
[data-kind=move_closer] .whole { --rest: scale(.74); --pose: scale(1.06); }
[data-kind^=blink] .eye { --pose: scaleY(.12); }
[data-kind=smile] .mouth { --pose: scale(1.2, 1); }
[data-kind=open_mouth] .gape { --pose: none; }
[data-kind=open_mouth] .mouth { visibility: hidden; }
[data-kind=open_mouth] .gape { --rest: scale(1, .14); }
[data-kind=hand_across_face] .hand { visibility: visible; --rest: translateX(-62px); --pose: translateX(62px); }

[data-kind=turn_left] .left, [data-kind=turn_right] .right, [data-kind=look_up] .up, [data-kind=look_down] .down,
[data-kind=turn_to_profile] :is(.left, .right) { visibility: visible; }

@media (prefers-reduced-motion: no-preference) {
  .figure :is(.whole, .features, .mouth, .gape) { animation: pose 2.8s ease-in-out infinite; }
  [data-kind=turn_to_profile] .features { animation: both-sides 5s ease-in-out infinite; }
  [data-kind=hand_across_face] .hand { animation: across 3.6s ease-in-out infinite; }
  [data-kind=blink] .eye { animation: blink 2.8s ease-in-out infinite; }
  [data-kind=blink_twice] .eye { animation: blink-twice 2.8s ease-in-out infinite; }
  .arrow { animation: beckon 2.8s ease-in-out infinite; }
}
@media (prefers-reduced-motion: reduce) {
  .figure :is(.whole, .features, .eye, .mouth, .gape) { transform: var(--pose, var(--rest, none)); }
  [data-kind=hand_across_face] .hand { transform: translateX(-34px); }
}
@keyframes pose { 0%, 18%, 92%, 100% { transform: var(--rest, none); } 45%, 68% { transform: var(--pose, var(--rest, none)); } }
@keyframes both-sides { 0%, 8%, 46%, 58%, 98%, 100% { transform: none; } 20%, 36% { transform: var(--pose); } 70%, 86% { transform: var(--other); } }
@keyframes across { 0%, 10% { transform: var(--rest); } 75%, 100% { transform: var(--pose); } }
@keyframes blink { 0%, 34%, 50%, 100% { transform: none; } 40%, 44% { transform: var(--pose); } }
@keyframes blink-twice { 0%, 26%, 40%, 52%, 100% { transform: none; } 31%, 35%, 44%, 48% { transform: var(--pose); } }
@keyframes beckon { 0%, 18%, 92%, 100% { opacity: .35; transform: none; } 45%, 68% { opacity: 1; transform: translateX(-5px); } }
`;
