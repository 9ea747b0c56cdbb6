"""Plays whole sessions of every species in virtual time, and prints the table of server/docs/attack-lab.md.

python tests/server/evaluation/attacks/measure_sessions.py --policy standard --n 10 --jobs 2 --out sessions.jsonl

May be stopped and started again: sessions that are in the file under the same code, rules, models and settings are not
played again. A session takes 5 to 30 s of one core.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import multiprocessing
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import asdict, dataclass
from functools import cache, partial
from itertools import product
from pathlib import Path

import liveness_server
from liveness_server.engine.policy_files import shipped_policies
from liveness_server.evaluation.attacks import SPECIES, ClipSource, PortraitSource, Species, Timing
from liveness_server.evaluation.metrics import Rate
from liveness_server.evaluation.presenter import PORTRAITS
from liveness_server.evaluation.provenance import provenance
from liveness_server.evaluation.simulate import LIMIT_S, attempt, simulate
from liveness_server.types import Outcome, Reference
from liveness_server.vision.measure import VisionModels
from liveness_server.vision.models import ModelStore

EXPECTED_S = 20.0
"""Length that attackers expect of a session, seconds: where within it a stream freezes or jumps."""
PARTS = ("evaluation/attacks", "evaluation/presenter", "challenges", "checks", "engine", "signal", "vision")
REASONS = 3


@dataclass(frozen=True)
class Setting:
    """What a session depends on, with its species and seed."""

    policy: str
    source: str
    fps: float
    width: int
    bit_rate: int | None
    reference: bool
    light: bool
    code: str

    @property
    def size(self) -> tuple[int, int]:
        return self.width, self.width * 3 // 4


def main() -> None:
    options = parsed()
    setting = Setting(
        policy=options.policy,
        source=options.source,
        fps=options.fps,
        width=options.width,
        bit_rate=options.bit_rate,
        reference=options.reference,
        light=options.light,
        code=code_of(options.policy),
    )
    rows = {} if options.out is None or not options.out.exists() else known(options.out, setting, options.any_code)
    wanted = [
        (name, seed) for seed, name in product(range(1, options.n + 1), options.species) if (name, seed) not in rows
    ]
    print(f"{len(rows)} sessions known, {len(wanted)} to play", file=sys.stderr)
    rows |= played(wanted, setting, options.jobs, options.out)
    print_table({key: row for key, row in rows.items() if key[0] in options.species and key[1] <= options.n})


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("species", nargs="*", default=list(SPECIES), metavar="SPECIES")
    parser.add_argument("--policy", default="standard", choices=shipped_policies())
    parser.add_argument("--n", type=int, default=10, help="seeds of each species, from 1")
    parser.add_argument("--source", default="hopper", help=f"{', '.join(PORTRAITS)}, or a video file")
    parser.add_argument("--fps", type=float, default=25.0)
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("--bit-rate", type=int, help="bits a second of VP8; without, frames arrive as they are")
    parser.add_argument("--reference", action="store_true", help="compare with the face each attack claims to be")
    parser.add_argument("--light", action="store_true", help="the client announces colours, which fall on who is lit")
    parser.add_argument("--jobs", type=int, default=1, choices=(1, 2))
    parser.add_argument("--out", type=Path, help="JSON lines, one per session; read first, then added to")
    parser.add_argument("--any-code", action="store_true", help="count sessions of other code and rules as well")
    return parser.parse_args()


def code_of(policy: str) -> str:
    """Digest of the rules, models, libraries and code that decide how a session ends."""
    digest = hashlib.sha256(provenance(shipped_policies()[policy], ModelStore().manifest).digest.encode())
    package = Path(liveness_server.__file__).parent
    for path in sorted(path for part in PARTS for path in (package / part).rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def known(path: Path, setting: Setting, any_code: bool) -> dict[tuple[str, int], dict]:
    lines = [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]
    wanted, ignored = asdict(setting), {"code": setting.code} if any_code else {}
    return {(row["species"], row["seed"]): row for row in lines if row["setting"] | ignored == wanted}


def played(wanted: list[tuple[str, int]], setting: Setting, jobs: int, out: Path | None) -> dict:
    if not wanted:
        return {}
    rows, start = {}, time.monotonic()
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(one_session, name, seed, setting): (name, seed) for name, seed in wanted}
        try:
            for future in as_completed(futures):
                row = rows[futures[future]] = future.result()
                note(row, out, f"{len(rows)}/{len(wanted)}")
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            raise
    cpu, wall = sum(row["cpu_s"] for row in rows.values()), time.monotonic() - start
    print(
        f"{60 * len(rows) / cpu:.1f} sessions a minute of one core, {60 * len(rows) / wall:.1f} here", file=sys.stderr
    )
    return rows


def note(row: dict, out: Path | None, count: str) -> None:
    why = ", ".join(row["reasons"]) or "-"
    print(f"{count} {row['species']} {row['seed']}: {row['decision']} {why} ({row['cpu_s']} s)", file=sys.stderr)
    if out is not None:
        with out.open("a") as lines:
            lines.write(json.dumps(row) + "\n")


@cache
def models() -> VisionModels:
    return VisionModels.load(ModelStore())


def source_of(setting: Setting, seed: int, seconds: float) -> ClipSource | PortraitSource:
    if setting.source in PORTRAITS:
        return PortraitSource(setting.source, models().bundle, seconds=seconds, seed=seed)
    return ClipSource(Path(setting.source), models().bundle, seconds=seconds)


def one_session(name: str, seed: int, setting: Setting) -> dict:
    species, start = SPECIES[name], time.process_time()
    source = source_of(setting, seed, EXPECTED_S)
    spec = attempt(
        shipped_policies()[setting.policy],
        models(),
        seed=seed,
        reference=claimed(species, source, seed, setting) if setting.reference else None,
    )
    own = partial(species.times, source_of(setting, seed, LIMIT_S), seed)
    session = simulate(
        species.perform(source, seed, setting.size),
        models(),
        spec,
        fps=setting.fps,
        times=own() if species.timing is Timing.OWN else None,
        bit_rate=setting.bit_rate,
        light=setting.light,
    )
    verdict = session.verdict
    return {
        "species": name,
        "seed": seed,
        "setting": asdict(setting),
        "decision": verdict.decision,
        "reasons": list(verdict.reasons),
        "checks": {check.check: f"{check.outcome}:{check.reason}" for check in verdict.checks},
        "challenges": [f"{timing.kind}:{timing.outcome}" for timing in verdict.challenges],
        "cpu_s": round(time.process_time() - start, 1),
    }


def claimed(species: Species, source: ClipSource | PortraitSource, seed: int, setting: Setting) -> Reference:
    rgb = species.claimed(source, seed, setting.size).rgb
    face = models().find_faces(rgb, limit=1)[0]
    return Reference(models().embedder.embed(rgb, face.points), models().embedding_digest)


def print_table(rows: dict[tuple[str, int], dict]) -> None:
    print("| species | n | pass | inconclusive | fail | passes, 95 % interval | most frequent reasons |")
    print("|-|-|-|-|-|-|-|")
    for name in SPECIES:
        of = [row for (species, _), row in rows.items() if species == name]
        if of:
            print(f"| `{name}` | {cells(of)} |")


def cells(rows: list[dict]) -> str:
    decisions = Counter(row["decision"] for row in rows)
    reasons = Counter(reason for row in rows for reason in row["reasons"])
    ci = Rate(decisions[Outcome.PASS], len(rows)).ci95
    why = ", ".join(f"{reason} {times}" for reason, times in reasons.most_common(REASONS)) or "-"
    counts = [str(decisions[o]) for o in (Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.FAIL)]
    return " | ".join([str(len(rows)), *counts, f"{100 * ci.low:.1f}-{100 * ci.high:.1f} %", why])


if __name__ == "__main__":
    main()
