"""`trackers tune`."""

from __future__ import annotations

from pathlib import Path

from trackers.cli.evaluate import Distractors
from trackers.cli.folder import Jobs, renamed_workers
from trackers.cli.parser import typed_options
from trackers.cli.progress import progress_bar
from trackers.cli.sequences import inputs_of, make_tasks
from trackers.core.registry import TRACKERS
from trackers.errors import require
from trackers.io.whole import whole_file
from trackers.pipeline.choices import files_of, read_choice
from trackers.pipeline.outputs import check_outputs
from trackers.pipeline.tune import tune


def tune_tracker(
    folder: Path,
    output: Path,
    *,
    tracker: str = "deepsort",
    extractor: str | None = None,
    detections: str = "{folder}/det/det.txt",
    confidence: float | None = None,
    distractors: Distractors = "none",
    objective: str = "HOTA",
    trials: int = 100,
    ranges: dict[str, list[float]] | None = None,
    jobs: Jobs,
    processes: int | None = None,
    overwrite: bool = False,
) -> str:
    """Search for the parameters of a tracker that suit a folder of sequences.

    Examples:
        trackers tune data/mot best.yaml --tracker deepsort --extractor stripes --trials 100
        trackers tune data/mot best.yaml --tracker sort --ranges '{lost_track_buffer: [10, 90]}'

    Args:
        folder: Folder of MOT sequences with ground truth.
        output: File to write, .yaml; `trackers track --config` and `trackers benchmark --trackers` read it.
            The trials are kept beside it in a .journal, and a later call goes on from there.
        tracker: Name, or YAML file with a section `tracker`, whose parameters then stay as they are.
        extractor: Name, YAML file with a section `extractor`, file such as osnet.pth, or stored:NAME for vectors in the
            file of detections. Default: none.
        detections: Where the detections of a sequence are; {folder} and {name} stand for its folder and its name.
        confidence: Lowest confidence of a detection. Default: the own one of the tracker for what a model found (.npz),
            everything from other files.
        distractors: Forgive boxes on distractors as the official score of MOT16 and MOT17, or of MOT20, does.
        objective: What to maximise: HOTA, IDF1, MOTA or AssA.
        trials: Trials to do now.
        ranges: Where to search, such as {lost_track_buffer: [10, 90]}; a parameter not named has its usual
            range.
        jobs: Where they run.
        processes: Old name of --workers.
        overwrite: Replace an existing file.

    Returns:
        What was found, in words.
    """
    extractors = [] if extractor is None else [extractor]
    tasks = make_tasks(folder, detections, [], extractors, confidence, distractors)
    chosen = typed_options(TRACKERS, read_choice(tracker))
    inputs = [*inputs_of(tasks), tracker, *extractors, *files_of(chosen)]
    journal = output.with_suffix(".journal")
    check_outputs([output], (".yaml", ".yml"), overwrite=overwrite, inputs=inputs)
    check_outputs([journal], (".journal",), overwrite=True, inputs=inputs)
    with renamed_workers(jobs, processes).open(len(tasks)) as pool:
        found = tune(
            tasks,
            chosen,
            journal,
            trials=trials,
            objective=objective,
            ranges=ranges,
            pool=pool,
            progress=progress_bar,
        )
    sections = {"tracker": {"name": found.tracker.name, **found.tracker.options}}
    text = require("yaml", "cli").safe_dump(sections, sort_keys=False)
    score = f"{objective} {100 * found.value:.1f}, with the defaults {100 * found.default:.1f}"
    with whole_file(output) as beside:
        beside.write_text(f"# {score}, after {found.trials} trials\n{text}", encoding="utf-8")
    return f"{score}, after {found.trials} trials\nwritten: {output}"
