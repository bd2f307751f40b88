"""Model files: what comes back is what was saved, bit for bit; anything else is refused by name."""

import json
import subprocess
import sys

import numpy as np
import pytest
from training.storage.forgery import compact, forged, unpacked

import chainrule as cr
from chainrule.networks.architecture import LAYERS, STARTS, layer_data, layer_from
from chainrule.networks.loading import load_model
from chainrule.networks.saving import network_data
from chainrule.training.data import open_data

RANDOM = np.random.default_rng(0)
NETWORKS = {
    "dense": lambda dtype: cr.Network(
        5,
        [
            *(cr.Linear(4, weights=cr.Normal(0.3)), cr.ReLU(), cr.Dropout(0.25), cr.Linear(4, bias=False)),
            *(cr.Sigmoid(), cr.Linear(3, weights=cr.Glorot()), cr.Tanh(), cr.LeakyReLU(0.2), cr.Softplus()),
            *(cr.Linear(3, weights=cr.Zeros()), cr.ELU(0.7), cr.GELU(), cr.GELU(approximate=True)),
            *(cr.Linear(3, weights=cr.He(0.1)), cr.relu, cr.softmax, cr.Linear(3)),
        ],
        loss="cross_entropy",
        seed=2**70,
        dtype=dtype,
    ),
    "images": lambda dtype: cr.Network(
        (2, 12, 11),
        [
            cr.Conv2d(4, (3, 2), stride=(1, 2), padding=((0, 1), (1, 0)), groups=2, weights=cr.He(0.5)),
            *(cr.AvgPool2d(2, stride=1, padding=1, count_padding=True), cr.Conv2d(3, 2, dilation=2)),
            *(cr.MaxPool2d((2, 2), padding=((0, 1), 1), ceil_mode=True), cr.Conv2d(2, 2, padding="full")),
            *(cr.Conv2d(2, 3, padding="same", bias=False), cr.Flatten(), cr.Linear(1)),
        ],
        loss="binary_cross_entropy",
        dtype=dtype,
    ),
    "sequences": lambda dtype: cr.Network(
        (2, 20),
        [
            *(cr.Conv1d(4, 3, padding=(2, 0)), cr.Tanh(), cr.MaxPool1d(2), cr.Conv1d(2, [2], padding=1)),
            *(cr.AvgPool1d(3, stride=2, padding=1), cr.Flatten(), cr.Linear(())),
        ],
        loss="squared_error",
        seed=3,
        dtype=dtype,
    ),
    "vectors": lambda dtype: cr.Network(4, [cr.Linear(2)], loss="half_squared_error", dtype=dtype),
}


def outputs(net):
    X = np.random.default_rng(1).normal(size=(7, *net.input_shape))
    return net.predict_proba(X) if net.head.probabilities else net.predict(X)


def saved(net, folder, **facts):
    path = folder / "model.safetensors"
    net.save(path, **facts)
    return path


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, "float32") for name in NETWORKS), ("dense", "float64"), ("vectors", "float64")],
)
def test_a_round_trip_keeps_every_bit(name, dtype, tmp_path):
    net = NETWORKS[name](dtype)
    drawn = {k: RANDOM.normal(size=v.shape) for k, v in net.parameters.items()}
    net.set_parameters(drawn)
    net.epochs = 7
    path = saved(net, tmp_path)
    again = cr.load(path)
    assert outputs(again).tobytes() == outputs(net).tobytes()
    assert repr(again) == repr(net)
    assert again.layers == net.layers
    assert again.expression is net.expression
    assert (again.seed, again.dtype, again.epochs) == (net.seed, net.dtype, 7)
    for leaf, value in net.parameters.items():
        assert again.parameters[leaf].tobytes() == value.tobytes()
    content = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == content


def test_every_layer_and_start_is_in_the_table_and_in_a_round_trip():
    used = [layer for make in NETWORKS.values() for layer in make("float32").layers]
    assert {type(layer).__name__ for layer in used} == LAYERS.keys() | {"Function"}
    starts = {type(getattr(layer, "weights", None)).__name__ for layer in used}
    assert starts == STARTS.keys() | {"NoneType"}
    public = {name for name in dir(cr) if _is_layer(getattr(cr, name))}
    assert public - {"Layer"} == LAYERS.keys(), "a layer that can be used can be stored"


def _is_layer(value):
    return isinstance(value, type) and issubclass(value, cr.Layer)


def test_training_goes_on_as_without_the_file(tmp_path):
    X, y = RANDOM.normal(size=(40, 5)), RANDOM.integers(0, 3, 40)
    layers = [cr.Linear(4), cr.ReLU(), cr.Dropout(0.25), cr.Linear(3)]
    net, whole = (cr.Network(5, layers, loss="cross_entropy", seed=9) for _ in range(2))
    net.fit(X, y, epochs=2, progress=False)
    again = cr.load(saved(net, tmp_path))
    for each in (again, net):
        each.fit(X, y, epochs=2, progress=False)
    for _ in range(2):
        whole.fit(X, y, epochs=2, progress=False)
    for name, value in net.parameters.items():
        assert again.parameters[name].tobytes() == value.tobytes() == whole.parameters[name].tobytes()


def test_a_whole_model_is_kept(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(
        "age,sex,label\n" + "".join(f"{i},{'fm'[i % 2]},{'no yes'.split()[i % 2]}\n" for i in range(9))
    )
    data = open_data(table, "label")
    net = cr.Network(data.shape, [cr.Linear(1)], loss="binary_cross_entropy")
    facts = {"history": {"loss": [0.5, 0.1 + 0.2]}, "data_sha256": data.digest, "command": "train t.csv"}
    path = saved(net, tmp_path, encoder=data.encoder, classes=np.array(["no", "yes"]), training=facts)
    model = load_model(path)
    assert model.encoder.state() == data.encoder.state()
    assert (model.classes, model.training, model.version) == (("no", "yes"), facts, cr.__version__)
    plain = load_model(saved(net, tmp_path))
    assert (plain.encoder, plain.classes, plain.training) == (None, (), {})


UNSAVEABLE = [
    (
        [lambda z: 2 * z],
        r"save, layer 2 of 2: needed layers that a file can name; came the function <lambda>",
    ),
    ([np.tanh], r"came the function tanh"),
    (
        [type("Own", (cr.Linear,), {})(3)],
        r"save, layer 2 of 2: needed one of the layers Linear, .*; came a Own of",
    ),
    (
        [cr.Linear(3, weights=type("Own", (cr.Normal,), {})())],
        r"save, Linear\(3, .*, layer 2 of 2: needed .* one of the initialisations Glorot, He, Normal, Zeros; came",
    ),
]


@pytest.mark.parametrize(("layers", "message"), UNSAVEABLE, ids=range(len(UNSAVEABLE)))
def test_what_no_file_can_name_is_refused(layers, message, tmp_path):
    def function(z):
        return cr.tanh(z)

    layers = [function if layer is np.tanh else layer for layer in layers]
    message = message.replace("tanh", "function")
    net = cr.Network(3, [cr.Linear(3), *layers], loss="cross_entropy")
    with pytest.raises(cr.ChainruleError, match=message):
        saved(net, tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "fact", [{"a": float("nan")}, {"a": np.eye(2)}, {"a": (1, 2)}, {1: 2}, {"a": "\ud800"}]
)
def test_facts_that_are_no_plain_data_are_refused(fact, tmp_path):
    with pytest.raises(cr.ChainruleError, match=r"save to .*model.safetensors: needed plain data"):
        saved(NETWORKS["vectors"]("float32"), tmp_path, training=fact)


@pytest.mark.parametrize(
    ("path", "came"),
    [
        ("no/such/folder/m", "No such file or directory"),
        (".", "a folder"),
        ("/dev/null", "something that is no file"),
    ],
)
def test_places_that_cannot_be_written(path, came, tmp_path):
    with pytest.raises(cr.DataError, match=f"came {came}"):
        NETWORKS["vectors"]("float32").save(tmp_path / path)


@pytest.mark.parametrize("path", [None, 3.5, "a\0b"])
def test_paths_that_are_none(path):
    with pytest.raises(cr.DataError, match="save: needed the path of a file; came"):
        NETWORKS["vectors"]("float32").save(path)
    with pytest.raises(cr.DataError, match="load: needed the path of a file; came"):
        cr.load(path)


def edited(change):
    """A file whose description or arrays are changed, with the digest that belongs to it."""

    def make(content):
        header, _ = unpacked(content)
        description = json.loads(header["__metadata__"]["chainrule"].partition(" ")[2])
        tensors = {"W^{(1)}": np.ones((2, 4), np.float32), "b^{(1)}": np.zeros(2, np.float32)}
        change(description, tensors)
        return forged(compact(description).decode(), tensors)

    return make


def of_network(**changed):
    return edited(lambda description, _: description["network"].update(changed))


def of_layer(**changed):
    return edited(lambda description, _: description["network"]["layers"][0].update(changed))


def put(key, value):
    return edited(lambda description, _: description.update({key: value}))


def tensor(name, value):
    return edited(lambda _, tensors: tensors.update({name: value}))


OTHER = {
    "later format": (
        put("format", 2),
        "needed the format 1 of model files; came the format 2 of chainrule '0.1.0'",
    ),
    "no format": (put("format", None), "came the format None"),
    "other kind": (put("kind", "checkpoint"), "needed a model file; came a file of the kind 'checkpoint'"),
    "epochs": (put("epochs", -1), "needed a number of epochs from 0; came -1"),
    "classes": (put("classes", "ab"), "needed a list of classes"),
    "training": (put("training", []), "needed a list of classes and facts"),
    "encoder": (put("encoder", {"kind": "table"}), "needed the state of an encoder"),
    "encoder of a list": (put("encoder", [1]), "needed the state of an encoder"),
    "no network": (
        put("network", None),
        "needed a network with dtype, input_shape, layers, loss, seed; came None",
    ),
    "input shape": (of_network(input_shape=[5]), "the parameter W^{(1)} as float32 of the shape (2, 5)"),
    "negative shape": (of_network(input_shape=[-4]), "needed a network that can be built"),
    "shape of words": (of_network(input_shape="four"), "needed a network that can be built"),
    "loss": (of_network(loss="hinge"), "needed a network that can be built; came loss: needed one of"),
    "seed": (of_network(seed=1.5), "needed a network that can be built; came seed"),
    "dtype": (of_network(dtype="float16"), "needed a network that can be built"),
    "other dtype": (of_network(dtype="float64"), "the parameter W^{(1)} as float64"),
    "setting of the network": (of_network(more=1), "needed a network with"),
    "layers": (of_network(layers={}), "needed a network with"),
    "no layers": (of_network(layers=[]), "needed a network that can be built"),
    "unknown layer": (of_layer(layer="Attention"), "needed one of the layers Linear,"),
    "dotted layer": (of_layer(layer="os.system"), "needed one of the layers Linear,"),
    "no layer": (of_network(layers=[7]), "needed one of the layers Linear,"),
    "private op": (
        of_network(layers=[{"layer": "op", "name": "data"}]),
        "needed the name of a public op; came 'data'",
    ),
    "op of two": (
        of_network(layers=[{"layer": "op", "name": "matmul"}]),
        "needed a network that can be built",
    ),
    "op of a list": (
        of_network(layers=[{"layer": "op", "name": ["relu"]}]),
        "needed the name of a public op",
    ),
    "further setting": (
        of_layer(more=1),
        "needed the settings bias, units, weights of Linear; came bias, more, units",
    ),
    "units": (of_layer(units=3), "the parameter W^{(1)} as float32 of the shape (3, 4)"),
    "units of words": (of_layer(units="two"), "needed a network that can be built"),
    "many units": (of_layer(units=10**30), "the parameter W^{(1)} as float32 of the shape (1000000000"),
    "start": (
        of_layer(weights={"start": "eval", "slope": 1}),
        "needed one of the starts Glorot, He, Normal, Zeros",
    ),
    "bias": (of_layer(bias=False), "came a further array 'b^{(1)}'"),
    "further array": (tensor("W^{(2)}", np.ones(1, np.float32)), "came a further array 'W^{(2)}'"),
    "no array": (edited(lambda _, tensors: tensors.pop("b^{(1)}")), "came no array 'b^{(1)}'"),
    "transposed": (tensor("W^{(1)}", np.ones((4, 2), np.float32)), "came float32 of the shape (4, 2)"),
    "integers": (tensor("b^{(1)}", np.zeros(2, np.int64)), "came int64 of the shape (2,)"),
    "nan": (
        tensor("b^{(1)}", np.float32([0, np.nan])),
        "needed finite numbers in the parameter b^{(1)}; came nan",
    ),
    "inf": (tensor("b^{(1)}", np.float32([0, -np.inf])), "needed finite numbers in the parameter b^{(1)}"),
}


@pytest.mark.parametrize("what", OTHER)
def test_a_file_that_is_no_model_is_refused(what, tmp_path):
    path = saved(NETWORKS["vectors"]("float32"), tmp_path)
    make, message = OTHER[what]
    path.write_bytes(make(path.read_bytes()))
    with pytest.raises(cr.DataError) as fault:
        cr.load(path)
    text = str(fault.value)
    assert message in text
    assert str(path) in text
    assert len(text) < 900 + len(str(path))


def test_the_editor_edits_well(tmp_path):
    path = saved(NETWORKS["vectors"]("float32"), tmp_path)
    path.write_bytes(edited(lambda *_: None)(path.read_bytes()))
    assert cr.load(path).predict([[1, 2, 3, 4]]).tolist() == [[10, 10]]


def test_an_encoder_of_another_shape_is_refused(tmp_path):
    data = open_data((np.eye(5), np.arange(5.0)))
    net = cr.Network(4, [cr.Linear(1)], loss="squared_error")
    with pytest.raises(
        cr.DataError, match=r"needed an encoder for inputs of the shape \(4,\); came one for \(5,\)"
    ):
        saved(net, tmp_path, encoder=data.encoder)


def test_loading_imports_and_executes_nothing(tmp_path):
    path = saved(NETWORKS["dense"]("float32"), tmp_path)
    code = (
        "import sys, chainrule as cr, safetensors\n"
        "from chainrule.networks import loading\n"
        "before = set(sys.modules)\n"
        "sys.addaudithook(lambda event, args: event in ('exec', 'compile', 'import', 'pickle.find_class')"
        " and print(event, args[0] if event == 'import' else ''))\n"
        f"cr.load({str(path)!r})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == ""


def test_a_link_stays_a_link(tmp_path):
    net, link = NETWORKS["vectors"]("float32"), tmp_path / "link"
    (tmp_path / "there").mkdir()
    saved(net, tmp_path / "there")
    link.symlink_to(tmp_path / "there" / "model.safetensors")
    net.epochs = 3
    net.save(link)
    assert link.is_symlink()
    assert cr.load(tmp_path / "there" / "model.safetensors").epochs == 3
    assert [file.name for file in (tmp_path / "there").iterdir()] == ["model.safetensors"]


def test_plain_data_and_back():
    for make in NETWORKS.values():
        for layer in make("float32").layers:
            data = json.loads(json.dumps(layer_data(layer)))
            assert layer_from(data, "a file") == layer
    assert network_data(NETWORKS["vectors"]("float64"))["dtype"] == "float64"
