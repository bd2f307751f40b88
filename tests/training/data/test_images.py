"""Folders of images: pixels as Pillow wrote them, grey or RGB, turned, resized, decoded on demand."""

import numpy as np
import pytest
from PIL import Image

from chainrule.graph.errors import DataError
from chainrule.training.data import open_data


def folder_of(folder, modes=("L",), kind="png", size=(6, 4), n=5):
    """Images of noise in two classes; returns them as (n, height, width[, 3]) in the order of the files."""
    rng = np.random.default_rng(0)
    pixels = []
    for name in ("ant", "bee"):
        (folder / name).mkdir(parents=True)
        for i in range(n):
            image = Image.fromarray(rng.integers(0, 255, (size[1], size[0], 3), np.uint8)).convert(
                modes[i % len(modes)]
            )
            image.save(folder / name / f"{i}.{kind}", quality=95)
            pixels.append(np.asarray(image))
    return pixels


@pytest.mark.parametrize("memory", [1 << 28, 200])
def test_grey_and_rgb(memory, tmp_path):
    grey, rgb = folder_of(tmp_path / "grey"), folder_of(tmp_path / "rgb", ("RGB", "RGB", "P", "RGBA", "L"))
    data = open_data(tmp_path / "grey", memory=memory)
    assert data.shape == (1, 4, 6)
    assert data.in_memory == (memory > 2000)
    X = np.concatenate([X for X, _ in data.batches(3, shuffle=False)])
    np.testing.assert_allclose(X[:, 0], np.stack(grey) / 255, rtol=1e-6)
    colour = open_data(tmp_path / "rgb", memory=memory)
    assert colour.shape == (3, 4, 6)
    X = np.concatenate([X for X, _ in colour.batches(3, shuffle=False)])
    np.testing.assert_allclose(X[0], rgb[0].transpose(2, 0, 1) / 255, rtol=1e-6)
    for channel in range(3):
        np.testing.assert_allclose(X[4, channel], rgb[4] / 255, rtol=1e-6)


@pytest.mark.parametrize("memory", [1 << 28, 200])
def test_every_image_once_in_any_order(memory, tmp_path):
    folder_of(tmp_path, n=20)
    data = open_data(tmp_path, memory=memory)
    assert data.classes == ("ant", "bee")
    assert "equally likely" in data.shuffling()
    plain = [np.concatenate(parts) for parts in zip(*data.batches(7, shuffle=False), strict=True)]
    mixed = [np.concatenate(parts) for parts in zip(*data.batches(7, seed=3), strict=True)]
    assert plain[1].tolist() == [0] * 20 + [1] * 20
    assert mixed[1].tolist() != plain[1].tolist()
    order = [int(np.flatnonzero((plain[0] == x).all(axis=(1, 2, 3)))[0]) for x in mixed[0]]
    assert sorted(order) == list(range(40))
    train, held = data.split(0.25)
    assert train.n + held.n == 40
    assert sum(len(X) for X, _ in train.batches(7)) == train.n


def test_jpeg_is_near_to_what_was_saved(tmp_path):
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        ramp = np.linspace(0, 255, 16 * 16).reshape(16, 16).astype(np.uint8)
        Image.fromarray(ramp).save(tmp_path / name / "1.JPEG", quality=95)
    np.testing.assert_allclose(open_data(tmp_path).arrays()[0][0, 0], ramp / 255, atol=0.02)


def test_images_are_resized_if_asked(tmp_path):
    for i, size in enumerate([(6, 4), (9, 7), (3, 3)]):
        for name in ("ant", "bee"):
            (tmp_path / name).mkdir(exist_ok=True)
            Image.new("L", size, 51).save(tmp_path / name / f"{i}.png")
    data = open_data(tmp_path, size=(5, 8))
    assert data.shape == (1, 5, 8)
    np.testing.assert_allclose(data.arrays()[0], 0.2, rtol=1e-6)
    again = open_data(tmp_path / "ant", encoder=data.encoder.state())
    assert again.shape == (1, 5, 8)
    assert again.arrays()[1] is None
    assert open_data(tmp_path / "ant" / "1.png", encoder=data.encoder).arrays()[0].shape == (1, 1, 5, 8)


def test_exif_turns_images(tmp_path):
    pixels = np.arange(24, dtype=np.uint8).reshape(4, 6)
    for name in ("ant", "bee"):
        (tmp_path / name).mkdir()
        image = Image.fromarray(pixels)
        exif = image.getexif()
        exif[0x0112] = 6
        image.save(tmp_path / name / "1.png", exif=exif)
    data = open_data(tmp_path)
    assert data.shape == (1, 6, 4)
    np.testing.assert_allclose(data.arrays()[0][0, 0] * 255, np.rot90(pixels, -1), rtol=1e-5)


def test_hidden_files_are_passed_over(tmp_path):
    folder_of(tmp_path)
    for name in (".DS_Store", "ant/.hidden", "ant/Thumbs.db", "bee/desktop.ini"):
        (tmp_path / name).write_text("x")
    (tmp_path / ".git").mkdir()
    assert open_data(tmp_path).n == 10


def test_a_class_that_a_model_does_not_know(tmp_path):
    folder_of(tmp_path / "a")
    encoder = open_data(tmp_path / "a").encoder
    (tmp_path / "a" / "ant").rename(tmp_path / "a" / "cat")
    data = open_data(tmp_path / "a", encoder=encoder)
    with pytest.raises(DataError, match=r"classes 'ant', 'bee'; came 'cat'"):
        data.arrays()


def test_the_digest_is_of_names_and_bytes(tmp_path):
    folder_of(tmp_path)
    before = open_data(tmp_path).digest
    assert open_data(tmp_path).digest == before
    (tmp_path / "bee" / "4.png").rename(tmp_path / "bee" / "5.png")
    assert open_data(tmp_path).digest != before
