"""Arrays that lie otherwise than written: turned, in parts, with the examples last. The entries stay the same."""

from itertools import permutations, product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support.tolerance import EQUAL, agree
from support.unoptimised import UNOPTIMISED

import chainrule as cr
from chainrule.lowering import products
from chainrule.lowering.channels import BATCH_SUMS
from chainrule.lowering.entries import FORMS, entry_by_entry
from chainrule.lowering.held import Place, held
from chainrule.lowering.once import once
from chainrule.lowering.orders import kept_places
from chainrule.readings.compiled import traced_held

rng = np.random.default_rng(5)
SHAPE = (6, 4)
PLACES = [
    Place(order, split, last)
    for split in ((), ((2, 3), (4,)), ((6,), (2, 1, 2)))
    for order in permutations(range(sum(map(len, split)) if split else 2))
    for last in (False, True)
]


def test_the_entries_stay_the_same_from_place_to_place():
    x = rng.normal(size=(3, *SHAPE)).astype(np.float32)

    def there_and_back(x):
        found, before = [], held(x, 2)
        for place in PLACES:
            before = before.at(place)
            assert before.place == place
            assert before.shape == SHAPE
            assert before.examples == 3
            found.append(before.plain())
        return found

    for place, back in zip(PLACES, jax.jit(there_and_back)(x), strict=True):
        assert np.array_equal(back, x), place


def test_without_examples_they_cannot_be_last():
    x = held(np.arange(24.0).reshape(SHAPE), 2).at(Place((1, 0), last=True))
    assert x.place == Place((1, 0))
    assert x.examples is None
    assert np.array_equal(x.plain(), np.arange(24.0).reshape(SHAPE))


@pytest.mark.parametrize("place", [Place((0,)), *(p for p in PLACES if p.split or p.last)], ids=str)
def test_entry_by_entry_values_meet_where_one_of_them_lies(place):
    x, y, a, s = rng.normal(size=(3, *SHAPE)), rng.normal(size=SHAPE), rng.normal(size=3), rng.normal()
    if len(place.order) == 1:
        place = Place((1, 0))

    def run(x, y, a, s):
        values = [held(y, 2), held(x, 2).at(place), held(a, 0), held(s, 0)]
        made = entry_by_entry(lambda y, x, a, s: jnp.where(x > 0, y * a, x + s), values)
        assert made.place == place
        return made.plain()

    wanted = np.where(x > 0, y * a[:, None, None], x + s)
    agree(jax.jit(run, compiler_options=UNOPTIMISED)(x, y, a, s), wanted, str(place), EQUAL["float32"])


@pytest.mark.parametrize("few", [0, 2**20], ids=["products", "written out"])
@pytest.mark.parametrize("flags", list(product((False, True), repeat=2)), ids=str)
def test_products_of_arrays_in_parts_and_with_the_examples_last(flags, few, monkeypatch):
    """Whatever is agreed upon or not: the parts of an axis need not lie alike in both, nor side by side."""
    monkeypatch.setattr(products, "_FEW", few)
    W, x = rng.normal(size=(*(3,) * flags[0], 5, 6)), rng.normal(size=(*(3,) * flags[1], 6, 4))
    sides = ["z" * flags[0] + "ab", "z" * flags[1] + "bc"]
    results = ["zac", "za", "zcb"] if any(flags) else ["ac", "ba"]
    results += ["ca", "b", "bc"]
    left = [
        Place((0, 1)),
        Place((1, 0), (), True),
        Place((0, 2, 1), ((5,), (2, 3))),
        Place((2, 0, 1), ((5,), (2, 3))),
    ]
    right = [Place((0, 1)), *PLACES[4:12], PLACES[-1]]
    cases = [(one, other, result) for one in left for other in right for result in results]

    def run(W, x):
        return [
            products.einsum(f"{','.join(sides)}->{result}", held(W, 2).at(one), held(x, 2).at(other)).plain()
            for one, other, result in cases
        ]

    for made, (one, other, result) in zip(
        jax.jit(run, compiler_options=UNOPTIMISED)(W, x), cases, strict=True
    ):
        wanted = np.einsum(f"{','.join(sides)}->{result}", W, x)
        agree(made, wanted, f"{one} {other} {result}", 10 * EQUAL["float32"])


@pytest.mark.parametrize(
    ("shape", "new", "moves"),
    [
        ((3, 4, 2), (24,), False),
        ((3, 4, 2), (12, 2), False),
        ((3, 4, 2), (1, 24), True),
        ((3, 4, 2), (6, 4), True),
        ((5, 1, 1), (5,), False),
        ((5, 1, 2), (5, 2), False),
        ((3, 4, 2), (3, 4, 2), False),
    ],
)
def test_a_flattened_image_lies_as_it_lay(shape, new, moves):
    x = rng.normal(size=(2, *shape)).astype(np.float32)
    turned = Place((1, 2, 0))
    found = FORMS["reshape"]([held(x, 3).at(turned)], [True], shape=new)
    assert (found is None) == moves
    if found is not None:
        assert found.shape == new
        assert found.array.shape == (2, *shape[1:], shape[0])
        assert np.array_equal(found.plain(), x.reshape(2, *new))
        back = FORMS["reshape"]([found], [True], shape=shape)
        assert back is not None
        assert np.array_equal(back.plain(), x)


def test_the_axes_of_parts_are_exchanged_with_them():
    W = rng.normal(size=(5, 6))
    place = Place((0, 2, 1), ((5,), (2, 3)))
    (transposed,) = [FORMS["transpose"]([held(W, 2).at(place)], [False])]
    assert transposed is not None
    assert transposed.array.shape == (5, 3, 2)
    assert np.array_equal(transposed.plain(), W.T)


def test_columns_of_weights_are_kept_as_the_flattened_image_lies_and_so_is_their_gradient():
    image, W = cr.data("x", (20, 6, 6)), cr.parameter("W", (7, 180))
    k = cr.parameter("k", (20, 20, 3, 3))
    a = cr.relu(cr.flatten(cr.max_pool2d(cr.relu(cr.correlate2d(image, k, padding="same")), size=2)))
    loss = cr.sum((W @ a) ** 2)
    place = kept_places([loss])[W]
    assert place == Place((0, 2, 3, 1), ((7,), (20, 3, 3)))
    values = {leaf: rng.normal(size=leaf.shape) / 9 for leaf in (W, k)} | {
        image: rng.normal(size=(4, *image.shape))
    }
    (made,) = traced_held(cr.gradient(loss, [W]), values, True, "float32", ["sum"])
    assert made.place == place
    wanted = sum(cr.evaluate(cr.gradient(loss, [W])[0], values | {image: one}) for one in values[image])
    agree(made.plain(), wanted, "dW", 50 * EQUAL["float32"])


@pytest.mark.parametrize("first", [0.0, -1.0, 2.0, np.nan, np.inf, -np.inf])
def test_what_is_computed_once_is_always_computed(first):
    x = np.array([[first, 1.0]])
    assert np.array_equal(jax.jit(lambda x: once(lambda x: x + 1, x))(x), x + 1, equal_nan=True)


def test_images_with_few_channels_have_the_examples_last_and_give_the_same():
    layers = [
        cr.Conv2d(4, 3),
        cr.ReLU(),
        cr.MaxPool2d(2),
        cr.Conv2d(3, 3, padding="same"),
        cr.Sigmoid(),
        cr.AvgPool2d(2),
    ]
    net = cr.Network((2, 12, 10), [*layers, cr.Flatten(), cr.Linear(5)], loss="cross_entropy")
    x = rng.normal(size=(6, 2, 12, 10))
    many = net.predict_proba(x)
    agree(
        np.concatenate([net.predict_proba(one[None]) for one in x]), many, "one by one", 20 * EQUAL["float32"]
    )


@pytest.mark.parametrize("pool", [cr.max_pool2d, cr.average_pool2d])
def test_the_gradient_of_one_image_that_all_examples_share(pool):
    """It lies without examples, what comes back to it with the examples last."""
    image, x = cr.parameter("P", (2, 6, 6)), cr.data("x", (2, 3, 3))
    loss = cr.sum(pool(image * cr.sum(x), 2) * x) + cr.sum(pool(image, 2) * x)
    values = {image: rng.normal(size=image.shape), x: rng.normal(size=(4, *x.shape))}
    (made,) = traced_held(cr.gradient(loss, [image]), values, True, "float32", ["sum"])
    slope = cr.gradient(loss, [image])[0]
    wanted = sum(cr.evaluate(slope, {image: values[image], x: one}) for one in values[x])
    agree(made.plain(), wanted, "dP", 20 * EQUAL["float32"])


def test_the_sum_for_a_bias_whose_images_lie_turned_with_the_examples_last():
    x = rng.normal(size=(4, 3, 5, 6))
    wanted = x.sum((0, 2, 3))
    for order in permutations(range(3)):
        found = BATCH_SUMS["channel_sum"]([held(x, 3).at(Place(order, last=True))], axes=2)
        assert found is not None
        agree(found.plain(), wanted, str(order), EQUAL["float32"])
