"""MOT sequence folders, and how results are laid out beside them.

A sequence folder holds `seqinfo.ini`, the frames as `img1/` or `video.mp4`, and often `gt/gt.txt` and
`det/det.txt`.
"""

from __future__ import annotations

import configparser
import difflib
import math
from dataclasses import dataclass
from pathlib import Path

from trackers.io.text import read_text

VIDEO_SUFFIXES = (".mp4", ".avi", ".mkv", ".mov", ".webm", ".m4v", ".mpg", ".mpeg", ".ts")
IMAGE_SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".bmp", ".dib", ".webp", ".tif", ".tiff", ".gif"),
    *(".jp2", ".ppm", ".pgm", ".pbm", ".pnm", ".tga", ".avif"),
)


@dataclass(frozen=True)
class MOTSequence:
    """A MOT sequence folder.

    Attributes:
        folder: The folder; its name is the name of the sequence.
        length: Number of frames by `seqinfo.ini`, or None.
        frame_rate: Frames per second by `seqinfo.ini`, or None.
        frames: Folder of images or video file, or None where the sequence comes without frames.
        truth: The ground truth file, or None.
        detections: The detections file, or None.
    """

    folder: Path
    length: int | None
    frame_rate: float | None
    frames: Path | None
    truth: Path | None
    detections: Path | None

    @property
    def name(self) -> str:
        """Name of the sequence."""
        return self.folder.name


def is_sequence(folder: str | Path) -> bool:
    """Tell whether a folder is a MOT sequence folder."""
    folder = Path(folder)
    return (folder / "seqinfo.ini").is_file() or (folder / "gt" / "gt.txt").is_file()


def read_sequence(folder: str | Path) -> MOTSequence:
    """Read what a MOT sequence folder holds.

    Args:
        folder: The folder.

    Returns:
        What is in it.

    Raises:
        FileNotFoundError: If it is not a MOT sequence folder.
        ValueError: If `seqinfo.ini` cannot be understood.
    """
    folder = Path(folder)
    if not is_sequence(folder):
        raise FileNotFoundError(f"{folder} is not a MOT sequence folder: no seqinfo.ini and no gt/gt.txt in it")
    info = _read_info(folder / "seqinfo.ini")
    length = _number(folder, info, "seqlength")
    images = folder / _inside(folder, info.get("imdir", "img1"))
    videos = [folder / f"video{suffix}" for suffix in VIDEO_SUFFIXES]
    return MOTSequence(
        folder=folder,
        length=None if length is None else int(length),
        frame_rate=_number(folder, info, "framerate"),
        frames=next((path for path in (images, *videos) if path.exists()), None),
        truth=_if_there(folder / "gt" / "gt.txt"),
        detections=_if_there(folder / "det" / "det.txt"),
    )


def find_sequences(folder: str | Path) -> list[MOTSequence]:
    """Find the MOT sequences in a folder, sorted by name; the folder itself may be one.

    Raises:
        FileNotFoundError: If there is none.
    """
    folder = Path(folder)
    if is_sequence(folder):
        return [read_sequence(folder)]
    found = [read_sequence(path) for path in sorted(folder.glob("*")) if path.is_dir() and is_sequence(path)]
    if not found:
        raise FileNotFoundError(
            f"no MOT sequence in {folder}: a sequence is a folder with seqinfo.ini or gt/gt.txt in it"
        )
    return found


def pair_results(truth: str | Path, result: str | Path) -> dict[str, tuple[Path, Path, int | None]]:
    """Find the result of each sequence.

    Args:
        truth: A ground truth file, a sequence folder, a folder of sequences (`<SEQ>/gt/gt.txt`), or a folder
            of ground truth files (`<SEQ>.txt`).
        result: A result file, a folder of results (`<SEQ>.txt`, `<SEQ>.csv`, `<SEQ>.jsonl`), or a folder
            as TrackEval wants it (`data/<SEQ>.txt`).

    Returns:
        By name of the sequence: truth file, result file and number of frames where known.

    Raises:
        FileNotFoundError: If a file or folder is missing or the names do not match.
    """
    truth, result = Path(truth), Path(result)
    for path in (truth, result):
        if not path.exists():
            raise FileNotFoundError(f"no such file or folder: {path}")
    truths = _truth_files(truth)
    if result.is_file():
        if len(truths) > 1 and result.stem in truths:
            truths = {result.stem: truths[result.stem]}
        if len(truths) > 1:
            raise FileNotFoundError(f"{truth} has {len(truths)} sequences, but {result} is one file; give a folder")
        return {name: (path, result, length) for name, (path, length) in truths.items()}
    results = _result_files(result / "data") or _result_files(result)
    missing = [name for name in truths if name not in results]
    if missing:
        close = difflib.get_close_matches(missing[0], results, n=3) or sorted(results)[:3]
        hint = f"; did you mean {', '.join(close)}?" if close else ""
        raise FileNotFoundError(
            f"{result} has no result {missing[0]}.txt for {len(missing)} of {len(truths)} sequences{hint}"
        )
    return {name: (path, results[name], length) for name, (path, length) in truths.items()}


def _truth_files(truth: Path) -> dict[str, tuple[Path, int | None]]:
    if truth.is_file():
        folder = truth.parent.parent
        if truth.name == "gt.txt" and is_sequence(folder):
            return {folder.name: (truth, read_sequence(folder).length)}
        return {truth.stem: (truth, None)}
    flat = _text_files(truth)
    if flat and not is_sequence(truth):
        return {path.stem: (path, None) for path in flat}
    found = {one.name: (one.truth, one.length) for one in find_sequences(truth) if one.truth}
    if not found:
        raise FileNotFoundError(f"no ground truth in {truth}: expected <SEQ>/gt/gt.txt or <SEQ>.txt")
    return {name: (path, length) for name, (path, length) in found.items()}


def _result_files(folder: Path) -> dict[str, Path]:
    """Results by name; where a name has several, MOT text goes first, then CSV."""
    return {path.stem: path for suffix in (".jsonl", ".csv", ".txt") for path in _text_files(folder, suffix)}


def _text_files(folder: Path, suffix: str = ".txt") -> list[Path]:
    skipped = ("seqmap", "readme", "license", ".")
    files = sorted(folder.iterdir()) if folder.is_dir() else []
    return [one for one in files if one.suffix.lower() == suffix and not one.name.lower().startswith(skipped)]


def _read_info(path: Path) -> dict[str, str]:
    parser = configparser.ConfigParser(interpolation=None)
    if not path.is_file():
        return {}
    try:
        parser.read_string(read_text(path, "an ini file with a [Sequence] section"))
        return dict(parser["Sequence"]) if parser.has_section("Sequence") else {}
    except configparser.Error as error:
        reason = str(error).splitlines()[0]
        raise ValueError(f"{path} is not an ini file with a [Sequence] section: {reason}") from error


def _inside(folder: Path, name: str) -> Path:
    """Refuse a place that is not in the folder; what stands in a file must not lead elsewhere."""
    place = Path(name)
    if place.anchor or ".." in place.parts:
        raise ValueError(f"{folder / 'seqinfo.ini'}: imDir must be a folder beside this file, but is {name!r}")
    return place


def _number(folder: Path, info: dict[str, str], key: str) -> float | None:
    if key not in info:
        return None
    try:
        value = float(info[key])
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise ValueError(f"{folder / 'seqinfo.ini'}: {key} must be a number above 0, but is {info[key]!r}")
    return value


def _if_there(path: Path) -> Path | None:
    return path if path.is_file() else None
