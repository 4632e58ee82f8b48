"""The original script's workflow on a MOT folder: embed, track, replay."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import supervision as sv
from PIL import Image

from trackers.appearance.stripes import StripeFeatureExtractor
from trackers.io import open_source, read_detections, read_mot
from trackers.pipeline.deep_sort import ScriptOptions, embed_sequence, track_benchmark, track_sequence
from trackers.pipeline.replay import replay
from trackers.sample import Scene

LENGTH = 12
EVERYTHING = ScriptOptions(min_confidence=-10.0)


@pytest.fixture(scope="module")
def challenge(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small sequences; the scores of the second are raw margins, mostly below zero."""
    folder = tmp_path_factory.mktemp("benchmark")
    for name, seed, shift in (("A-01", 3, 0.0), ("B-02", 4, -2.0)):
        scene = Scene(seed=seed, size=(320, 180), length=LENGTH, figures=4)
        (folder / name / "img1").mkdir(parents=True)
        (folder / name / "det").mkdir()
        ini = f"[Sequence]\nname={name}\nimDir=img1\nframeRate=25\nseqLength={LENGTH}\n"
        (folder / name / "seqinfo.ini").write_text(ini)
        lines = []
        for index, image in enumerate(scene.frames()):
            Image.fromarray(image[..., ::-1]).save(folder / name / "img1" / f"{index + 1:06d}.png")
            found = scene.detections(index)
            for (x1, y1, x2, y2), score in zip(found.xyxy.tolist(), np.asarray(found.confidence).tolist(), strict=True):
                lines.append(
                    f"{index + 1},-1,{x1:.2f},{y1:.2f},{x2 - x1:.2f},{y2 - y1:.2f},{score + shift:.3f},-1,-1,-1"
                )
        (folder / name / "det" / "det.txt").write_text("\n".join(lines))
    return folder


def test_the_three_steps(challenge: Path, tmp_path: Path) -> None:
    vectors, results, video = tmp_path / "A-01.npy", tmp_path / "A-01.txt", tmp_path / "A-01.mp4"
    written = embed_sequence(challenge / "A-01", vectors, StripeFeatureExtractor())
    array = np.load(vectors)
    boxes = read_mot(challenge / "A-01" / "det" / "det.txt")
    assert written == len(array) == len(boxes)
    assert array[:, 0].tolist() == boxes.frame.tolist()
    assert np.allclose(array[:, 2:6], boxes.xywh, atol=1e-9)
    assert array[:, 6].tolist() == boxes.confidence.tolist()
    lengths = np.linalg.norm(array[:, 10:], axis=1)
    assert np.allclose(lengths, 1.0, atol=1e-5)

    summary = track_sequence(challenge / "A-01", results, detections=vectors)
    tracks = read_mot(results, last_frame=LENGTH)
    assert summary.frames == LENGTH
    assert summary.boxes == len(tracks) > 10
    assert set(tracks.tracker_id.tolist()) == set(range(1, summary.tracks + 1))
    # What is written are the detected boxes, to the last digit of the file.
    given = {
        (frame, *box) for frame, box in zip(boxes.frame.tolist(), map(tuple, boxes.xywh.round(2).tolist()), strict=True)
    }
    assert {
        (f, *b) for f, b in zip(tracks.frame.tolist(), map(tuple, tracks.xywh.round(2).tolist()), strict=True)
    } <= given

    assert replay(challenge / "A-01", results, video).frames == LENGTH
    source = open_source(video)
    drawn = dict(source)
    assert source.frame_rate == 25.0
    assert len(drawn) == LENGTH
    first = int(tracks.frame[0])
    plain = np.asarray(Image.open(challenge / "A-01" / "img1" / f"{first:06d}.png"))[..., ::-1]
    assert np.abs(drawn[first].astype(int) - plain).max() > 60, "nothing is drawn where there are tracks"


def test_without_vectors_motion_alone_tracks(challenge: Path, tmp_path: Path) -> None:
    assert track_sequence(challenge / "A-01", tmp_path / "out.txt").tracks > 0


def test_a_benchmark_is_a_folder_of_sequences(challenge: Path, tmp_path: Path) -> None:
    embed_sequence(challenge / "A-01", tmp_path / "A-01.npy", StripeFeatureExtractor())
    embed_sequence(challenge / "B-02", tmp_path / "B-02.npy", StripeFeatureExtractor())
    done = track_benchmark(challenge, tmp_path / "results", detections=tmp_path, options=EVERYTHING)
    assert list(done) == ["A-01", "B-02"]
    assert all(read_mot(tmp_path / "results" / f"{name}.txt").frame.size == done[name].boxes > 0 for name in done)


def test_negative_scores_take_part_where_the_limit_lets_them(challenge: Path, tmp_path: Path) -> None:
    with_all = track_sequence(challenge / "B-02", tmp_path / "all.txt", options=EVERYTHING)
    without = track_sequence(challenge / "B-02", tmp_path / "none.txt", options=ScriptOptions(min_confidence=0.0))
    assert with_all.tracks > 0
    assert without.tracks == 0


@pytest.mark.parametrize(
    "options",
    [
        ScriptOptions(min_confidence=0.6),
        ScriptOptions(min_detection_height=45.0),
        ScriptOptions(nms_max_overlap=0.05),
    ],
)
def test_each_option_leaves_detections_out(challenge: Path, options: ScriptOptions) -> None:
    table = read_detections(challenge / "A-01" / "det" / "det.txt")
    open_options = ScriptOptions(min_confidence=0.0)
    counts = [
        sum(len(chosen.detector(table)(number, None)) for number in range(1, LENGTH + 1))
        for chosen in (options, open_options)
    ]
    assert 0 < counts[0] < counts[1]
    kept = [chosen for number in range(1, LENGTH + 1) for chosen in [options.detector(table)(number, None)]]
    heights = np.concatenate([one.xyxy[:, 3] - one.xyxy[:, 1] for one in kept])
    assert (heights >= options.min_detection_height).all()


def test_matching_options_reach_the_tracker() -> None:
    tracker = ScriptOptions(max_cosine_distance=0.4, nn_budget=None).tracker()
    assert tracker.appearance_threshold == 0.4
    assert tracker.gallery_size is None


def test_nothing_is_tracked_if_one_sequence_has_no_detections(challenge: Path, tmp_path: Path) -> None:
    embed_sequence(challenge / "A-01", tmp_path / "A-01.npy", StripeFeatureExtractor())
    with pytest.raises(FileNotFoundError, match="B-02"):
        track_benchmark(challenge, tmp_path / "results", detections=tmp_path)
    assert not (tmp_path / "results").exists()


def test_existing_files_stay(challenge: Path, tmp_path: Path) -> None:
    for name in ("a.npy", "a.txt", "a.mp4"):
        (tmp_path / name).write_text("1,1,0,0,9,9\n")
    with pytest.raises(FileExistsError):
        embed_sequence(challenge / "A-01", tmp_path / "a.npy", StripeFeatureExtractor())
    with pytest.raises(FileExistsError):
        track_sequence(challenge / "A-01", tmp_path / "a.txt")
    with pytest.raises(FileExistsError):
        replay(challenge / "A-01", tmp_path / "a.txt", tmp_path / "a.mp4")
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1,1,0,0,9,9\n"}


def test_what_is_missing_is_named(challenge: Path, tmp_path: Path) -> None:
    (tmp_path / "gt").mkdir()
    (tmp_path / "gt" / "gt.txt").write_text("1,1,0,0,9,9,1\n")
    with pytest.raises(FileNotFoundError, match=r"no det/det\.txt"):
        track_sequence(tmp_path, tmp_path / "out.txt")
    with pytest.raises(FileNotFoundError, match="no frames"):
        embed_sequence(tmp_path, tmp_path / "out.npy", StripeFeatureExtractor(), detections=tmp_path / "gt" / "gt.txt")
    with pytest.raises(ValueError, match=r"\.npy"):
        embed_sequence(challenge / "A-01", tmp_path / "out.txt", StripeFeatureExtractor())


@pytest.mark.data
def test_real_sequence(data_dir: Path, tmp_path: Path) -> None:
    folder = data_dir / "data" / "mot" / "TUD-Campus"
    embed_sequence(folder, tmp_path / "campus.npy", StripeFeatureExtractor())
    # The scores of this file are margins from below 0 to above 100.
    summary = track_sequence(folder, tmp_path / "out.txt", detections=tmp_path / "campus.npy", options=EVERYTHING)
    assert summary.frames == 71
    assert 5 <= summary.tracks <= 30
    assert isinstance(read_detections(tmp_path / "campus.npy")[1], sv.Detections)
