"""Pictures of arrays: each pixel has the colour of its number, and gaps are clear."""

import io

import numpy as np
import pytest
from PIL import Image

from chainrule.documents.heatmap import heat_map, tiled
from chainrule.documents.pixels import image


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGBA")).astype(int)


def test_the_largest_are_blue_and_orange_and_zero_is_pale():
    found = pixels(heat_map(np.array([[-2.0, 0.0, 2.0, 1.0]])))
    assert found.shape == (1, 4, 4)
    assert found[0, :3].tolist() == [[33, 102, 172, 255], [247, 247, 247, 255], [217, 95, 2, 255]]
    assert np.abs(found[0, 3, :3] - (found[0, 1, :3] + found[0, 2, :3]) / 2).max() <= 1


def test_gaps_between_tiles_are_clear_and_numbers_are_in_their_places():
    values = np.arange(2 * 3 * 3.0).reshape(2, 3, 3) - 9
    found, plain = pixels(heat_map(values)), tiled(values)
    np.testing.assert_array_equal(found[..., 3] == 0, np.isnan(plain))
    np.testing.assert_array_equal(found[..., 2] > found[..., 0], np.nan_to_num(plain) < 0)


def test_what_is_not_finite_is_drawn_as_far_as_it_can_be():
    found = pixels(heat_map(np.array([[np.inf, -np.inf, 1.0]])))
    assert found[0, 0].tolist() == [217, 95, 2, 255] and found[0, 1].tolist() == [33, 102, 172, 255]


@pytest.mark.parametrize("shape", [(4, 5), (1, 4, 5), (2, 4, 5)])
def test_grey_images_go_from_black_to_white(shape):
    values = np.random.default_rng(0).normal(size=shape)
    plane = values.reshape(-1, 4, 5)[0]
    expected = ((plane - plane.min()) / (plane.max() - plane.min()) * 255).round()
    np.testing.assert_array_equal(pixels(image(values))[..., 0], expected)


def test_images_of_three_channels_have_their_colours():
    values = np.random.default_rng(1).uniform(size=(3, 4, 5))
    values[0, 0, 0], values[1, 0, 0] = 0, 1
    np.testing.assert_array_equal(pixels(image(values))[..., :3], (values * 255).round().transpose(1, 2, 0))
