"""`trackers multicam`."""

from __future__ import annotations

from pathlib import Path

from trackers.cli.progress import progress_bar
from trackers.identity import IdentityGallery
from trackers.pipeline.choices import Choice, files_of, make_extractor, make_tracker, uses_appearance
from trackers.pipeline.multicam import (
    identity_rows,
    read_pairs,
    read_plan,
    run_cameras,
    write_events,
    write_page,
    write_results,
)
from trackers.pipeline.multicam.changes import EVENTS_FILE
from trackers.pipeline.multicam.page import take_crops
from trackers.pipeline.outputs import check_outputs


def multicam(
    cameras: Path,
    output_dir: Path,
    *,
    tracker: Choice,
    extractor: Choice | None = None,
    gallery: Path | None = None,
    pairs: Path | None = None,
    hindsight: bool = True,
    overwrite: bool = False,
) -> str:
    """Track several cameras and give everybody one identity over all of them.

    Examples:
        trackers multicam cameras.yaml results
        trackers multicam cameras.yaml results --gallery people.npz --extractor osnet_x0_25.pth

    Args:
        cameras: YAML file with the sections `cameras` (a source for each name, or source, detections, frame_rate and
            starts), `links` (from, to, seconds, overlap, homography) and `names` (pictures for each name).
        output_dir: Folder to write into: `<camera>.txt`, MOT text with identities for ids, `identities.csv`,
            `events.csv` (every change of an identity) and `identities.html`.
        tracker: Chosen by name; every camera gets one of its own.
        extractor: Chosen by name; for the identities, and for a tracker that takes one. Default: stripes; `none`
            leaves only place and time.
        gallery: Identities known before (.npz); what is found is added to the file, which is made if it is not there.
        pairs: CSV of `same` and `different` pairs of tracks, as the page gives them out.
        hindsight: Decide all tracks anew when the recordings are over.
        overwrite: Replace files in the folder.

    Returns:
        What was found, in words.
    """
    plan = read_plan(cameras)
    files = [*(f"{name}.txt" for name in plan.cameras), "identities.csv", EVENTS_FILE, "identities.html"]
    read = [place for one in plan.cameras.values() for place in (one.source, one.detections)]
    pictures = [picture for several in plan.names.values() for picture in several]
    inputs = [cameras, pairs, gallery, *read, *pictures, *files_of(tracker, extractor)]
    existing = output_dir.is_dir()
    output_dir.mkdir(parents=True, exist_ok=True)
    try:
        check_outputs(
            [output_dir / one for one in files], (".txt", ".csv", ".html"), overwrite=overwrite, inputs=inputs
        )
    except (ValueError, OSError):
        if not existing:
            output_dir.rmdir()
        raise
    model = make_extractor(Choice("stripes") if extractor is None else extractor)
    known = IdentityGallery.load(gallery, model) if gallery is not None and gallery.is_file() else None
    judged = None if pairs is None else read_pairs(pairs)
    found, runs = run_cameras(
        plan,
        lambda _: make_tracker(tracker, model if uses_appearance(tracker) else None),
        model,
        gallery=known,
        hindsight=hindsight,
        follow_rate="frame_rate" not in tracker.options,
        pairs=judged,
        progress=lambda moments: progress_bar(moments, None),
    )
    done = [*write_results(output_dir, found, runs), write_events(output_dir, found.events)]
    rows = identity_rows(found, runs)
    if rows:
        done.append(output_dir / "identities.html")
        write_page(done[-1], rows, take_crops(plan.cameras, runs), cameras.stem)
    if gallery is not None:
        found.gallery.save(gallery)
        done.append(gallery)
    several = sum(len({row[2] for row in rows if row[0] == one}) > 1 for one in {row[0] for row in rows})
    lines = [
        f"{len(runs)} cameras, {len(rows)} tracks, {len({row[0] for row in rows})} identities, {several} of them on "
        "several cameras"
    ]
    learned = str(found.learned_links())
    return "\n".join([*lines, *([learned] if learned else []), "written: " + ", ".join(map(str, done))])
