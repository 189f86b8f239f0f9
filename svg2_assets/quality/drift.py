"""Drift of names: does what is found in these videos look like what the store holds already?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from svg2_assets.quality.corpus import Corpus, name_distance
from svg2_assets.quality.tables import PhaseTables
from svg2_assets.quality.verdict import WHOLE_RUN, Outcome, Problem, Severity, check

ENOUGH_IN_CORPUS = 200  # objects; a smaller corpus has no usual distribution
ENOUGH_IN_RUN = 50  # objects
ENOUGH_IN_VIDEO = 20  # objects
FAR_RUN = 0.5  # Jensen-Shannon distance of a run's names from the corpus
FAR_VIDEO = 0.85  # a single video shows one scene and is far from the mixture by nature


@check("label_drift", phase="verified_labels", severity=Severity.WARN)
def label_drift(tables: PhaseTables) -> Outcome:
    """Names are distributed much as in the rest of the store: in the whole run, and in videos with many objects."""
    by_video: dict[str, Counter[str]] = {}
    for video_id, name in tables.labels("verified").select("video_id", "name").iter_rows():
        by_video.setdefault(video_id, Counter())[name or ""] += 1
    run: Counter[str] = sum(by_video.values(), Counter())
    measures = {"objects": float(run.total()), "corpus_objects": float(tables.corpus.num_objects)}
    if tables.corpus.num_objects < ENOUGH_IN_CORPUS:
        return Outcome(measures=measures)
    problems = [
        problem
        for video_id, names in by_video.items()
        for problem in _drifted(video_id, names, tables.corpus, enough=ENOUGH_IN_VIDEO, far=FAR_VIDEO)
    ]
    if len(tables.video_ids) > 1:
        problems += _drifted(WHOLE_RUN, run, tables.corpus, enough=ENOUGH_IN_RUN, far=FAR_RUN)
    return Outcome(problems, measures | {"distance": name_distance(run, tables.corpus.name_counts)})


def _drifted(video_id: str, names: Mapping[str, int], corpus: Corpus, *, enough: int, far: float) -> list[Problem]:
    total = sum(names.values())
    if total < enough:
        return []
    distance = name_distance(names, corpus.name_counts)
    if distance <= far:
        return []
    odd = _most_unusual(names, corpus)
    message = f"names of {total} objects are {distance:.2f} from the corpus (at most {far:g}); unusual: {odd}"
    return [Problem(video_id, message, {"distance": distance, "objects": total, "unusual": odd})]


def _most_unusual(names: Mapping[str, int], corpus: Corpus, most: int = 3) -> str:
    """The names whose share differs most from the corpus, with both shares."""
    total = sum(names.values())
    shares = {
        name: (names.get(name, 0) / total, corpus.name_counts.get(name, 0) / corpus.num_objects)
        for name in names.keys() | corpus.name_counts.keys()
    }
    widest = sorted(shares.items(), key=lambda item: (-abs(item[1][0] - item[1][1]), item[0]))[:most]
    return ", ".join(f"{name} {here:.0%} (usually {there:.0%})" for name, (here, there) in widest)


CHECKS = (label_drift,)
