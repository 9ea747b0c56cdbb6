"""Print, as Markdown, the tables of server/docs/evaluation.md from what `make evaluate` wrote.

    python tests/bench/print_evaluation.py .evaluation            # of `files`, `clips` and `live`, those that are there
    python tests/bench/print_evaluation.py .evaluation --write    # the same, into the document

Parts of the document between `<!-- files -->` and `<!-- end of files -->` (so with `clips` and `live`) are replaced.
Nothing is measured here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from liveness_server.evaluation.check_rows import TOGETHER
from liveness_server.evaluation.wording import counted, equal_error, interval, often, rate

DOCUMENT = Path(__file__).parents[2] / "server" / "docs" / "evaluation.md"
Row = dict[str, Any]


def table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + "-|" * len(head)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines).replace("\N{NO-BREAK SPACE}", " ")


def code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "–"


def made_of(report: Row) -> str:
    found, made = report["dataset"], report["provenance"]
    rows = report["decisions"].values()
    sources = sorted({row["subject"] for row in rows if row["label"] == "attack"})
    seconds = sorted(row["duration_s"] for row in rows)
    attacks = f"{counted(found['attacks'], 'attack')} of {len(report['species'])} species"
    people = (
        f"{counted(found['bona_fide'], 'bona fide presentation')} of {counted(found['bona_fide_subjects'], 'subject')}"
    )
    return (
        f"{attacks} from {counted(len(sources), 'source')} ({code(sources)}), {people}, "
        f"{seconds[0]:.1f} to {seconds[-1]:.1f} s each, `{made['policy']}`. "
        f"Server {made['server']}, code `{made['code_sha256'][:12]}`, {report['generated']}.\n\n"
        f"    {report['command']}"
    )


def species_table(report: Row) -> str:
    rows = []
    for name, row in report["species"].items():
        outcomes = report["checks"][TOGETHER]["attacks"][name]
        accepted = {"errors": row["accepted"], "value": row["apcer"], **row}
        likened = rate(report["iapar"]["species"].get(name)) if report["iapar"] else "–"
        numbers = (outcomes["fail"], outcomes["inconclusive"])
        rows.append((f"`{name}`", row["n"], rate(accepted), interval(row["ci95"]), *numbers, likened))
    return table(("species", "N", "APCER", "95 % interval", "denied", "no answer", "IAPAR"), rows)


def summary(report: Row) -> str:
    worst, people, full = report["apcer_max"], report["bona_fide"], report["iapar"]
    every = report["ablations"]["as it is"]["accepted"]
    rows = [
        ("APCER, worst species", f"{rate(worst)}: `{worst['species']}`"),
        ("species with insufficient N", f"{len(worst['insufficient'])} of {len(report['species'])}"),
        ("all attacks together, which is no APCER", f"{every['errors']} of {every['n']} accepted"),
        ("BPCER", rate(people["bpcer"])),
        ("BPNRR", f"{rate(people['bpnrr'])}: {code(sorted(_reasons_of_people(report)))}"),
        ("IAPAR, worst species", f"{rate(full['max'])}: `{full['max']['species']}`" if full else "not measured"),
    ]
    return table(("", ""), rows)


def _reasons_of_people(report: Row) -> list[str]:
    return [reason for reason, row in report["reasons"].items() if "bona_fide" in row]


def by_check(report: Row) -> str:
    """Denied / no answer / confirmed; checks that never said a thing are named below."""
    checks = report["checks"]
    groups = {"bona fide": {name: row["bona_fide"] for name, row in checks.items()}}
    groups |= {f"`{s}`": {name: row["attacks"][s] for name, row in checks.items()} for s in report["species"]}
    silent = [n for n in checks if not any(cells[n]["fail"] + cells[n]["pass"] for cells in groups.values())]
    shown = [name for name in checks if name not in silent]
    rows = [
        (group, sum(cells[TOGETHER].values()), *("/".join(_three(cells[name])) for name in shown))
        for group, cells in groups.items()
    ]
    never = f"\n\nWithout any answer to a file: {code(silent)}." if silent else ""
    return table(("denied / no answer / confirmed", "N", *(name.replace("_", " ") for name in shown)), rows) + never


def _three(counts: Row) -> list[str]:
    return [str(counts[outcome]) for outcome in ("fail", "inconclusive", "pass")]


def alone(report: Row) -> str:
    """Each check by itself."""
    rows = []
    for name, row in report["checks"].items():
        points = [rate(side) for point in row["points"] for side in (point["attacks"], point["bona_fide"])] or ["–"] * 4
        swept = row["sweep"]
        found = f"{equal_error(swept)} ({row['measured']['attacks']}, {row['measured']['bona_fide']})" if swept else "–"
        rows.append((name.replace("_", " "), row["part"], *points, found))
    head = ("attacks, worst species", "bona fide")
    deny, confirm = (tuple(f"{rule}: {side}" for side in head) for rule in ("deny", "confirm"))
    return table(("check", "part", *deny, *confirm, "EER (attacks, bona fide with a number)"), rows)


def again(report: Row) -> str:
    """Decided again: without a check, and by what is passive of other policies; rows that nothing changes are one."""
    whole, without = report["ablations"]["as it is"], report["ablations"]
    needless = [name.removeprefix("without ") for name, row in without.items() if row == whole and name != "as it is"]
    variants = {name: row for name, row in without.items() if row != whole or name == "as it is"}
    variants |= {f"without {', '.join(needless)}, one at a time": whole} if needless else {}
    variants |= {f"passive checks of `{name}`": row for name, row in report["policies"].items()}
    rows = [
        (name, _of(row["accepted"]), code(row["species_accepted"]), _of(row["bpcer"]), _of(row["bpnrr"]))
        for name, row in variants.items()
    ]
    return table(("decision", "attacks accepted", "species", "people denied", "people without an answer"), rows)


def _of(row: Row) -> str:
    return f"{row['errors']} of {row['n']}"


def deniers(report: Row) -> str:
    rows = []
    attacks = [row for name, row in report["decided_by"].items() if name != "bona_fide"]
    for check in sorted({name for row in attacks for name in row["denied"]}):
        found = [row["denied"][check] for row in attacks if check in row["denied"]]
        rows.append((check.replace("_", " "), often({key: sum(row[key] for row in found) for key in ("n", "alone")})))
    return table(("check", "attacks denied"), rows)


PARTS = {
    "": made_of,
    "Per species": species_table,
    "Together": summary,
    "What each check said of each species": by_check,
    "Each check alone": alone,
    "Which check denied (alone: nothing else did)": deniers,
    "Decided again: without one check, and by the passive checks alone of each policy": again,
}


def files(report: Row) -> str:
    return "\n\n".join(f"**{head}**\n\n{part(report)}" if head else part(report) for head, part in PARTS.items())


def clips(report: Row) -> str:
    """Every file as it is."""
    made = report["provenance"]
    rows = [
        (f"`{file}`", row["species"] or "bona fide", row["decision"], code(row["reasons"]))
        for file, row in report["decisions"].items()
    ]
    head = f"`{made['policy']}`, server {made['server']}, code `{made['code_sha256'][:12]}`, {report['generated']}."
    return f"{head}\n\n{table(('clip', 'truth', 'decision', 'reasons'), rows)}"


def live(played: list[Row]) -> str:
    """What sessions of the same decision and reasons had in common."""
    groups: dict[tuple[str, str], list[str]] = {}
    for row in sorted(played, key=lambda row: (row["decision"] != "pass", row["decision"])):
        groups.setdefault((row["decision"], code(row["reasons"])), []).append(row["species"])
    rows = [(decision, code(species), reasons) for (decision, reasons), species in groups.items()]
    return f"{counted(len(played), 'session')}.\n\n{table(('decision', 'species', 'reasons'), rows)}"


BLOCKS: dict[str, Callable[[Any], str]] = {"files": files, "clips": clips, "live": live}


def printed(folder: Path) -> dict[str, str]:
    found = {name: folder / name / "report.json" for name in BLOCKS}
    return {name: BLOCKS[name](json.loads(path.read_text())) for name, path in found.items() if path.exists()}


def written(document: str, name: str, text: str) -> str:
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
    before, rest = document.split(begin)
    return f"{before}{begin}\n{text}\n\n{end}{rest.split(end)[1]}"


def main() -> None:
    folder, *options = sys.argv[1:]
    blocks = printed(Path(folder))
    if options != ["--write"]:
        print("\n\n".join(blocks.values()))
        return
    document = DOCUMENT.read_text()
    for name, text in blocks.items():
        document = written(document, name, text)
    DOCUMENT.write_text(document)


if __name__ == "__main__":
    main()
