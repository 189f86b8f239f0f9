"""How far the judges of labels agree with people, by tier and kind.

    python -m benchmarks.judge_agreement [--pairs FILE] [--wrong] [--json]

The pairs (`truth/judge_pairs.csv`) were placed by hand in the paper's five classes after the lexicon was written, and
nothing is tuned on them. `classes` is the agreement on the five; `lenient` that on what is a mismatch, `strict` that on
what is identical, each with Cohen's kappa, which is 0 where agreement is what chance gives. `known` is the share of
pairs of which the tier knows both labels by more than their letters. `--wrong` lists where the default tier disagrees.

The second table says how many of the names that other lists have the lexicon knows at all: its author wrote the pairs,
too, and so knew what people say the way the lexicon does.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Sequence
from pathlib import Path

from benchmarks.data import TRUTH
from benchmarks.tables import Table, show
from svg2_assets.descriptions.colours import COLOURS
from svg2_assets.evaluation.judges.agreement import agreement
from svg2_assets.evaluation.judges.exact import Exact
from svg2_assets.evaluation.judges.lexical import Lexical
from svg2_assets.evaluation.judges.likeness import Judge, Kind, Likeness, Pair
from svg2_assets.evaluation.judges.normalised import Normalised
from svg2_assets.labels.canonical import synonyms
from svg2_assets.labels.concepts import COCO
from svg2_assets.labels.imagenet import CONCEPT_OF
from svg2_assets.scene.taxonomy import INVERSES, PREDICATE_CATEGORIES

PAIRS = TRUTH / "judge_pairs.csv"
TIERS: tuple[Judge, ...] = (Exact(), Normalised(), Lexical())


def labelled(path: Path = PAIRS) -> list[tuple[Pair, Likeness]]:
    """The pairs with their classes. Raises `ValueError` for a line that does not read and a pair that comes twice."""
    text = path.read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(line for line in text if line and line[0] != "#"))
    found = {Pair(r["reference"], r["prediction"], Kind(r["kind"])): Likeness(r["label"]) for r in rows}
    if len(found) < len(rows):
        raise ValueError(f"{path.name}: {len(rows) - len(found)} pairs come twice")
    return list(found.items())


def agreement_table(pairs: Sequence[tuple[Pair, Likeness]]) -> Table:
    """A row a tier and kind."""
    rows = []
    for judge in TIERS:
        for kind in (*Kind, None):
            some = [(p, label) for p, label in pairs if kind in {None, p.kind}]
            if not some:
                continue
            found = agreement(judge, [p for p, _ in some], [label for _, label in some])
            known = sum(judge.knows(p.reference, p.kind) and judge.knows(p.prediction, p.kind) for p, _ in some)
            rows.append(
                [
                    f"{judge.name} {judge.version}",
                    kind.value if kind else "all",
                    len(some),
                    found.classes.share,
                    found.classes_kappa,
                    found.lenient.share,
                    found.lenient_kappa,
                    found.strict.share,
                    found.strict_kappa,
                    known / len(some),
                ]
            )
    columns = ("tier", "kind", "pairs", "classes", "kappa", "lenient", "kappa ", "strict", "kappa  ", "known")
    notes = ("One person's labels, who also wrote the lexicon: how far two people agree was not measured.",)
    return Table("Agreement with labels by hand", columns, rows, notes)


def known_table() -> Table:
    """How much of what other lists name the lexicon knows."""
    lists = {
        "COCO's names": (COCO, Kind.OBJECT),
        "canonical names of the list of synonyms": ({*synonyms().values()}, Kind.OBJECT),
        "ImageNet's names but for animals": (
            {
                name
                for name, kind in CONCEPT_OF.items()
                if kind not in {"dog", "cat", "bird", "fish", "monkey", "animal"}
            },
            Kind.OBJECT,
        ),
        "predicates of geometry": ({*PREDICATE_CATEGORIES, *INVERSES.values()}, Kind.PREDICATE),
        "colors that are measured": (COLOURS, Kind.ATTRIBUTE),
    }
    rows = []
    for name, (texts, kind) in lists.items():
        unknown = sorted(t for t in texts if not TIERS[-1].knows(t, kind))
        rows.append([name, len(texts), 1 - len(unknown) / len(texts), ", ".join(unknown[:6])])
    return Table("What the lexicon knows", ("list", "words", "known", "some that it does not"), rows)


def wrong_table(pairs: Sequence[tuple[Pair, Likeness]]) -> Table:
    """Where the default tier says otherwise."""
    said = TIERS[-1].judge([p for p, _ in pairs])
    rows = [[*pair, label, like] for (pair, label), like in zip(pairs, said, strict=True) if label is not like]
    rows = [[p.value, r, q, label.value, like.value] for r, q, p, label, like in rows]
    return Table(f"Where {TIERS[-1].name} disagrees", ("kind", "reference", "prediction", "people", "judge"), rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, default=PAIRS)
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    pairs = labelled(given.pairs)
    show([agreement_table(pairs), known_table(), *([wrong_table(pairs)] if given.wrong else [])], as_json=given.json)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
