"""Which pixels belong to a box, and how they become the input of a model."""

from __future__ import annotations

from typing import Any

import hypothesis.strategies as st
import numpy as np
import numpy.typing as npt
import pytest
import supervision as sv
from hypothesis import given
from hypothesis.extra import numpy as hnp

from trackers.appearance.crops import object_masks, windows
from trackers.appearance.pillow_crops import cut_windows, to_array
from trackers.appearance.preprocessing import Preprocessing
from trackers.images import as_bgr

COORDINATES = st.floats(-1e4, 1e4) | st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 30.0, 40.0])


def image(height: int = 40, width: int = 30, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Noise."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 1), (4, 6, 3), (4, 6, 4)])
def test_frames_of_any_channels_become_bgr(shape: tuple[int, ...]) -> None:
    frame = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    bgr = as_bgr(frame)
    assert bgr.shape == (4, 6, 3)
    expected = frame[..., :3] if shape[-1] in (3, 4) else np.dstack([frame.reshape(4, 6)] * 3)
    np.testing.assert_array_equal(bgr, expected)


@pytest.mark.parametrize(
    ("frame", "error", "message"),
    [
        (None, TypeError, "expected a frame as a numpy array .* got NoneType"),
        ([[1, 2]], TypeError, "got list"),
        (np.zeros((4, 6, 3), np.float32), TypeError, "uint8 .* got float32"),
        (np.zeros((4, 6, 3), np.float16), TypeError, "uint8 .* got float16"),
        (np.zeros((4, 6, 3), np.int64), TypeError, "uint8 .* got int64"),
        (np.zeros((2, 4, 6, 3), np.uint8), ValueError, r"got shape \(2, 4, 6, 3\)"),
        (np.zeros((3, 4, 6), np.uint8), ValueError, r"got shape \(3, 4, 6\)"),
        (np.zeros((0, 6, 3), np.uint8), ValueError, r"got shape \(0, 6, 3\)"),
        (np.zeros(6, np.uint8), ValueError, r"got shape \(6,\)"),
    ],
)
def test_what_is_no_frame_is_refused(frame: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        as_bgr(frame)


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((2, 3, 12, 23), (2, 3, 12, 23)),
        ((2.4, 3.6, 12.5, 23.4), (2, 4, 13, 23)),
        ((-30, -30, 20, 20), (0, 0, 20, 20)),
        ((20, 30, 99, 99), (20, 30, 30, 40)),
        ((-30, -30, -10, -10), None),
        ((30, 0, 50, 40), None),
        ((0, 40, 30, 60), None),
        ((5.0, 5.0, 5.4, 25.0), None),
        ((29.5, 0, 60, 40), None),
        ((10, 10, 5, 20), None),
        ((10, 10, 10, 20), None),
        ((np.nan, 0, 10, 10), None),
        ((0, 0, np.inf, 10), None),
    ],
)
def test_windows_are_rounded_and_cut_off_at_the_border(box: Any, expected: Any) -> None:
    corners, visible = windows(np.array([box, (0, 0, 5, 5)], float), height=40, width=30)
    assert visible.tolist() == [expected is not None, True]
    assert corners.tolist() == [list(expected or (0, 0, 0, 0)), [0, 0, 5, 5]]


@given(boxes=hnp.arrays(np.float64, st.tuples(st.integers(0, 8), st.just(4)), elements=COORDINATES))
def test_windows_lie_inside_the_frame_and_near_their_box(boxes: npt.NDArray[np.float64]) -> None:
    corners, visible = windows(boxes, height=40, width=30)
    assert corners.shape == (len(boxes), 4)
    shown = corners[visible]
    assert (shown[:, :2] >= 0).all()
    assert (shown[:, 2:] <= [30, 40]).all()
    assert (shown[:, 2:] > shown[:, :2]).all()
    assert (np.abs(shown - np.clip(boxes[visible], 0, [30, 40, 30, 40])) <= 0.5).all()
    assert not corners[~visible].any()


def test_padding_widens_windows_but_never_shows_what_is_outside() -> None:
    boxes = np.array([[10.0, 10, 20, 30], [50, 50, 60, 60]])
    corners, visible = windows(boxes, height=40, width=30, padding=0.1)
    assert corners.tolist() == [[9, 8, 21, 32], [0, 0, 0, 0]]
    assert visible.tolist() == [True, False]


def test_masks_come_from_instances_or_polygons() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [5, 5, 25, 35]])
    masks = np.zeros((2, 40, 30), bool)
    masks[1, 5:35, 5:25] = True
    given = sv.Detections(xyxy=boxes, mask=masks)
    found = object_masks(given, np.array([1]), (40, 30, 3))
    assert found is not None
    np.testing.assert_array_equal(found, masks[1:])
    corners = np.array([[[0, 0], [10, 0], [10, 10], [0, 10]], [[5, 5], [24, 5], [24, 34], [5, 34]]], float)
    polygons = sv.Detections(xyxy=boxes, data={"xyxyxyxy": corners})
    drawn = object_masks(polygons, np.array([1]), (40, 30, 3))
    assert drawn is not None
    np.testing.assert_array_equal(drawn, masks[1:])
    assert object_masks(sv.Detections(xyxy=boxes), np.array([0]), (40, 30, 3)) is None


@pytest.mark.skipif(not hasattr(sv, "CompactMask"), reason="this supervision has no compact masks")
def test_compact_masks_are_masks() -> None:
    boxes = np.array([[0.0, 0, 10, 10], [5, 5, 25, 35]])
    masks = np.zeros((2, 40, 30), bool)
    masks[1, 5:30, 8:20] = True
    compact = sv.Detections(xyxy=boxes, mask=sv.CompactMask.from_dense(masks, boxes, image_shape=(40, 30)))
    found = object_masks(compact, np.array([1]), (40, 30, 3))
    assert found is not None
    np.testing.assert_array_equal(found, masks[1:])


def test_masks_of_another_size_are_refused() -> None:
    detections = sv.Detections(xyxy=np.array([[0.0, 0, 10, 10]]), mask=np.ones((1, 20, 30), bool))
    with pytest.raises(ValueError, match=r"masks of the frame's size \(40, 30\), but got \(20, 30\)"):
        object_masks(detections, np.array([0]), (40, 30, 3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"size": (0, 10)}, "input_size must be"),
        ({"mean": (0.5, 0.5)}, "mean must hold one number for each of 3 channels"),
        ({"std": (0.5, 0.0, 0.5)}, "std must not hold zeros"),
        ({"interpolation": "nearest"}, "interpolation must be one of 'bilinear', 'bicubic'"),
        ({"color": "hsv"}, "color must be one of"),
        ({"fit": "crop"}, "fit must be one of"),
        ({"mask": "foreground"}, "mask must be one of"),
        ({"padding": -0.1}, "padding must be"),
        ({"center_sigma": 0.0}, "center_sigma must be"),
    ],
)
def test_settings_out_of_range_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Preprocessing(**{"size": (8, 4), **options})


def test_colors_are_brought_into_the_order_of_the_model() -> None:
    red = np.zeros((10, 10, 3), np.uint8)
    red[..., 2] = 255
    window = np.array([[0, 0, 10, 10]])
    plain: dict[str, Any] = {"mean": (0, 0, 0), "std": (1, 1, 1)}
    for color, channel in (("rgb", 0), ("bgr", 2)):
        settings = Preprocessing(size=(4, 4), color=color, **plain)
        pixel = to_array(cut_windows(red, window, None, settings), settings)[0, 0, 0]
        assert pixel.argmax() == channel
        assert pixel.sum() == pytest.approx(1.0)


def test_letterbox_keeps_the_aspect_and_fills_with_the_mean_color() -> None:
    settings = Preprocessing(size=(64, 64), fit="letterbox")
    white = np.full((40, 20, 3), 255, np.uint8)
    crops = to_array(cut_windows(white, np.array([[0, 0, 20, 40]]), None, settings), settings)
    border = crops[0, :, :16]
    assert np.abs(border).max() < 0.01  # the mean color, to the rounding of one byte, becomes zero
    assert (crops[0, :, 16:48] > 2.0).all()


def test_background_is_filled_with_the_mean_color() -> None:
    settings = Preprocessing(size=(20, 10), mask="background")
    masks = np.zeros((1, 40, 30), bool)
    masks[0, :20] = True
    crops = to_array(
        cut_windows(np.full((40, 30, 3), 255, np.uint8), np.array([[0, 0, 30, 40]]), masks, settings), settings
    )
    assert (crops[0, :9] > 2.0).all()
    assert np.abs(crops[0, 11:]).max() < 0.01


def test_border_fades_where_the_center_counts_more() -> None:
    settings = Preprocessing(size=(21, 11), center_sigma=0.2)
    weight = settings.center_weight()
    assert weight is not None
    assert weight.argmax() == weight.size // 2
    assert weight[10, 5] == pytest.approx(1.0)
    assert weight[0, 0] < 0.01


def test_no_pixel_outside_the_window_counts() -> None:
    first, second = image(seed=1), image(seed=2)
    second[5:30, 4:20] = first[5:30, 4:20]
    window = np.array([[4, 5, 20, 30]])
    settings = Preprocessing(size=(64, 32), interpolation="bicubic")
    np.testing.assert_array_equal(
        cut_windows(first, window, None, settings), cut_windows(second, window, None, settings)
    )
