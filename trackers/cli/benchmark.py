"""`trackers benchmark`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from trackers.cli.evaluate import Distractors, Style
from trackers.cli.folder import Jobs, renamed_workers
from trackers.cli.parser import typed_options
from trackers.cli.progress import progress_bar
from trackers.cli.sequences import inputs_of, make_tasks
from trackers.core.registry import TRACKERS
from trackers.evaluation import check_truth, format_table
from trackers.io.whole import whole_file
from trackers.pipeline.benchmark import outcome_rows, run_tasks, summarise
from trackers.pipeline.chart import draw_chart
from trackers.pipeline.choices import read_choice
from trackers.pipeline.outputs import check_outputs

STYLE_OF: dict[str, Style] = {".md": "markdown", ".json": "json", ".csv": "csv", ".txt": "text"}
PICTURES = (".png", ".svg", ".pdf")


def benchmark(
    folder: Path,
    *,
    trackers: Sequence[str] = ("sort", "deepsort", "bytetrack", "ocsort", "botsort", "steadysort"),
    extractors: Sequence[str] = (),
    detections: str = "{folder}/det/det.txt",
    confidence: float | None = None,
    distractors: Distractors = "none",
    sequences: bool = False,
    style: Style = "text",
    output: Sequence[str] = (),
    jobs: Jobs,
    processes: int | None = None,
    overwrite: bool = False,
) -> str:
    """Compare trackers and extractors on a folder of sequences: same detections, same vectors.

    Examples:
        trackers benchmark MOT17/train --trackers sort,deepsort,steadysort
        trackers benchmark MOT17/train --extractors stripes osnet_x0_25.pth --output table.md chart.png

    Args:
        folder: Folder of MOT sequences with ground truth.
        trackers: Names, or YAML files with a section `tracker` as --print-config and tune write them.
        extractors: Names, YAML files with a section `extractor`, or stored:NAME for vectors in the
            detections file.
        detections: Where the detections of a sequence are; {folder} and {name} stand for its folder and its
            name.
        confidence: Lowest confidence of the detections. Default: each tracker's own for what a model found
            (.npz), everything from other files.
        distractors: Forgive boxes on distractors as the official score of MOT16 and MOT17, or of MOT20, does.
        sequences: Show each sequence, not only all of them together.
        style: How the table is written.
        output: Files to write the table to (.md, .json, .csv, .txt), or a picture of it (.png, .svg, .pdf).
        jobs: Where they run.
        processes: Old name of --workers.
        overwrite: Replace existing files.

    Returns:
        The table.
    """
    chosen = [typed_options(TRACKERS, read_choice(name)) for name in trackers]
    tasks = make_tasks(folder, detections, chosen, extractors, confidence, distractors)
    check_outputs(
        output, (*STYLE_OF, *PICTURES), overwrite=overwrite, inputs=[*inputs_of(tasks), *trackers, *extractors]
    )
    with renamed_workers(jobs, processes).open(len(tasks)) as pool:
        done = list(progress_bar(run_tasks(tasks, pool=pool), len(tasks), "sequence"))
    outcomes = [outcome for outcomes in done for outcome in outcomes]
    joined = summarise(outcomes)
    check_truth([one.scores for one in joined])
    rows = outcome_rows([*sorted(outcomes, key=lambda one: one.scores.name), *joined] if sequences else joined)
    for path in map(Path, output):
        with whole_file(path) as beside:
            if path.suffix.lower() in PICTURES:
                draw_chart(joined, beside)
            else:
                beside.write_text(format_table(rows, STYLE_OF[path.suffix.lower()]) + "\n", encoding="utf-8")
    return format_table(rows, style)
