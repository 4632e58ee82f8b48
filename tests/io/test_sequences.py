"""MOT sequence folders and the layouts of results."""

from __future__ import annotations

from pathlib import Path

import pytest

from trackers.io import find_sequences, pair_results, read_sequence

ROW = "1,1,0,0,5,5,1,-1,-1,-1\n"


def make_sequence(folder: Path, info: str = "[Sequence]\nseqLength=3\nframeRate=12.5\n") -> Path:
    (folder / "gt").mkdir(parents=True)
    (folder / "gt" / "gt.txt").write_text(ROW)
    if info:
        (folder / "seqinfo.ini").write_text(info)
    return folder


def test_what_a_sequence_folder_holds(tmp_path: Path) -> None:
    folder = make_sequence(tmp_path / "one")
    (folder / "img1").mkdir()
    sequence = read_sequence(folder)
    assert (sequence.name, sequence.length, sequence.frame_rate) == ("one", 3, 12.5)
    assert sequence.frames == folder / "img1"
    assert sequence.truth == folder / "gt" / "gt.txt"
    assert sequence.detections is None


def test_a_video_stands_in_for_images(tmp_path: Path) -> None:
    folder = make_sequence(tmp_path / "one", info="")
    (folder / "video.mp4").touch()
    sequence = read_sequence(folder)
    assert sequence.frames == folder / "video.mp4"
    assert (sequence.length, sequence.frame_rate) == (None, None)


@pytest.mark.parametrize("info", ["seqLength=3\n", "[Sequence]\nseqLength=many\n", "[Sequence]\nframeRate=0\n"])
def test_bad_seqinfo_is_named(tmp_path: Path, info: str) -> None:
    folder = make_sequence(tmp_path / "one", info=info)
    with pytest.raises(ValueError, match=r"seqinfo\.ini"):
        read_sequence(folder)


def test_sequences_are_found_in_a_folder(tmp_path: Path) -> None:
    for name in ("b", "a"):
        make_sequence(tmp_path / name)
    (tmp_path / "other").mkdir()
    assert [one.name for one in find_sequences(tmp_path)] == ["a", "b"]
    assert [one.name for one in find_sequences(tmp_path / "a")] == ["a"]
    with pytest.raises(FileNotFoundError, match="no MOT sequence"):
        find_sequences(tmp_path / "other")
    with pytest.raises(FileNotFoundError, match="not a MOT sequence folder"):
        read_sequence(tmp_path / "other")


def results(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / f"{name}.txt").write_text(ROW)
    return folder


@pytest.mark.parametrize("inner", ["", "data"])
def test_truth_in_folders_and_results_flat_or_as_trackeval_wants(tmp_path: Path, inner: str) -> None:
    for name in ("a", "b"):
        make_sequence(tmp_path / "truth" / name)
    flat = results(tmp_path / "results" / inner, "b", "a", "unused")
    pairs = pair_results(tmp_path / "truth", tmp_path / "results")
    assert list(pairs) == ["a", "b"]
    assert pairs["a"] == (tmp_path / "truth" / "a" / "gt" / "gt.txt", flat / "a.txt", 3)


def test_flat_truth(tmp_path: Path) -> None:
    truth = results(tmp_path / "truth", "a", "b")
    flat = results(tmp_path / "results", "a", "b")
    assert pair_results(truth, flat)["b"] == (truth / "b.txt", flat / "b.txt", None)


def test_single_files(tmp_path: Path) -> None:
    folder = make_sequence(tmp_path / "seq")
    (tmp_path / "mine.txt").write_text(ROW)
    truth = folder / "gt" / "gt.txt"
    for given in (truth, folder):
        assert pair_results(given, tmp_path / "mine.txt") == {"seq": (truth, tmp_path / "mine.txt", 3)}


def test_one_file_is_recognised_by_its_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        make_sequence(tmp_path / "truth" / name)
    flat = results(tmp_path / "results", "b", "c")
    assert list(pair_results(tmp_path / "truth", flat / "b.txt")) == ["b"]
    with pytest.raises(FileNotFoundError, match=r"2 sequences, but .* is one file"):
        pair_results(tmp_path / "truth", flat / "c.txt")


def test_names_that_do_not_match_list_close_ones(tmp_path: Path) -> None:
    make_sequence(tmp_path / "truth" / "MOT17-02")
    results(tmp_path / "results", "MOT17-02-SDP")
    with pytest.raises(FileNotFoundError, match=r"no result MOT17-02\.txt .*did you mean MOT17-02-SDP\?"):
        pair_results(tmp_path / "truth", tmp_path / "results")


@pytest.mark.parametrize("missing", ["truth", "result"])
def test_missing_paths(tmp_path: Path, missing: str) -> None:
    paths = {"truth": make_sequence(tmp_path / "seq"), "result": results(tmp_path / "r", "seq")}
    paths[missing] = tmp_path / "nowhere"
    with pytest.raises(FileNotFoundError, match="nowhere"):
        pair_results(**paths)


@pytest.mark.data
def test_real_folders(data_dir: Path) -> None:
    found = find_sequences(data_dir / "data" / "mot")
    assert [one.length for one in found] == [145, 525, 450, 795, 71, 179]
    assert all(one.frames and one.truth and one.detections for one in found)
    assert all(one.frames is None for one in find_sequences(data_dir / "data" / "gt_only"))
