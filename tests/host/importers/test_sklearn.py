"""Models of scikit-learn, exported by skl2onnx with its defaults: packed, they decide alike."""

import warnings
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from tinypack import ops
from tinypack.calibrate import _session, reference
from tinypack.errors import PackError
from tinypack.execute import run_samples
from tinypack.pipeline import Packed, diagnose, load, pack
from tinypack.samples import Samples

pytest.importorskip("skl2onnx")

from skl2onnx import to_onnx
from sklearn import (
    calibration,
    cluster,
    compose,
    datasets,
    decomposition,
    ensemble,
    feature_selection,
    gaussian_process,
    impute,
    linear_model,
    multiclass,
    naive_bayes,
    neighbors,
    neural_network,
    preprocessing,
    svm,
    tree,
)
from sklearn.metrics import r2_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline, make_union

scaled = preprocessing.StandardScaler

CLASSIFIERS: dict[str, tuple[Callable[[], Any], float]] = {
    "tree": (lambda: tree.DecisionTreeClassifier(random_state=0), 0.99),
    "forest": (lambda: ensemble.RandomForestClassifier(10, random_state=0), 0.99),
    "extra_trees": (lambda: ensemble.ExtraTreesClassifier(10, random_state=0), 0.99),
    "boosting": (
        lambda: ensemble.GradientBoostingClassifier(n_estimators=10, random_state=0),
        0.99,
    ),
    "scaled_forest": (
        lambda: make_pipeline(scaled(), ensemble.RandomForestClassifier(10, random_state=0)),
        0.99,
    ),
    "logistic": (lambda: linear_model.LogisticRegression(), 0.98),
    "ridge": (lambda: linear_model.RidgeClassifier(), 0.98),
    "linear_svc": (lambda: svm.LinearSVC(random_state=0), 0.98),
    "sgd": (lambda: make_pipeline(scaled(), linear_model.SGDClassifier(random_state=0)), 0.98),
    "pca": (
        lambda: make_pipeline(
            scaled(), decomposition.PCA(4), linear_model.LogisticRegression(max_iter=500)
        ),
        0.98,
    ),
    "normalized": (
        lambda: make_pipeline(
            preprocessing.MinMaxScaler(),
            preprocessing.Normalizer(),
            linear_model.LogisticRegression(),
        ),
        0.98,
    ),
    "svc": (lambda: make_pipeline(scaled(), svm.SVC()), 0.98),
    "svc_linear": (lambda: svm.SVC(kernel="linear"), 0.98),
    "svc_poly": (lambda: make_pipeline(scaled(), svm.SVC(kernel="poly")), 0.98),
    "mlp": (
        lambda: make_pipeline(
            scaled(), neural_network.MLPClassifier((8,), max_iter=300, random_state=0)
        ),
        0.98,
    ),
}

logistic = linear_model.LogisticRegression
# On features of very different size.
COMPOSED: dict[str, Callable[[], Any]] = {
    "best": lambda: make_pipeline(feature_selection.SelectKBest(k=3), logistic(max_iter=5000)),
    "best_forest": lambda: make_pipeline(
        feature_selection.SelectKBest(k=3), ensemble.RandomForestClassifier(10, random_state=0)
    ),
    "union": lambda: make_pipeline(
        make_union(scaled(), preprocessing.MinMaxScaler()), logistic(max_iter=500)
    ),
    "columns": lambda: make_pipeline(
        compose.ColumnTransformer(
            [("a", scaled(), [0, 12]), ("b", preprocessing.MinMaxScaler(), [1, 9])],
            remainder="passthrough",
        ),
        ensemble.RandomForestClassifier(10, random_state=0),
    ),
    "features_of_members": lambda: ensemble.BaggingClassifier(
        n_estimators=5, max_features=0.6, random_state=0
    ),
    "bernoulli": naive_bayes.BernoulliNB,
    "multinomial": lambda: make_pipeline(
        preprocessing.MinMaxScaler(clip=True), naive_bayes.MultinomialNB()
    ),
    "complement": lambda: make_pipeline(
        preprocessing.MinMaxScaler(clip=True), naive_bayes.ComplementNB()
    ),
    "ada_boost": lambda: ensemble.AdaBoostClassifier(n_estimators=10, random_state=0),
    "voting": lambda: make_pipeline(
        scaled(),
        ensemble.VotingClassifier(
            [("a", logistic()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=0))],
            voting="soft",
            flatten_transform=False,
        ),
    ),
    "stacking": lambda: make_pipeline(
        scaled(),
        ensemble.StackingClassifier(
            [("a", logistic()), ("b", tree.DecisionTreeClassifier(max_depth=4, random_state=0))],
            logistic(),
        ),
    ),
    "calibrated": lambda: make_pipeline(
        scaled(), calibration.CalibratedClassifierCV(svm.LinearSVC(random_state=0), cv=2)
    ),
    "calibrated_bayes": lambda: make_pipeline(
        scaled(), calibration.CalibratedClassifierCV(naive_bayes.GaussianNB(), cv=2)
    ),
    "log_loss": lambda: make_pipeline(
        scaled(), linear_model.SGDClassifier(loss="log_loss", random_state=0)
    ),
    "polynomial": lambda: make_pipeline(
        scaled(), preprocessing.PolynomialFeatures(2), logistic(max_iter=500)
    ),
    "binarized": lambda: make_pipeline(
        impute.SimpleImputer(), scaled(), preprocessing.Binarizer(), logistic()
    ),
}

REGRESSORS: dict[str, Callable[[], Any]] = {
    "tree": lambda: tree.DecisionTreeRegressor(max_depth=5, random_state=0),
    "forest": lambda: ensemble.RandomForestRegressor(10, random_state=0),
    "boosting": lambda: ensemble.GradientBoostingRegressor(n_estimators=20, random_state=0),
    "linear": lambda: linear_model.LinearRegression(),
    "lasso": lambda: linear_model.Lasso(),
    "sgd": lambda: make_pipeline(scaled(), linear_model.SGDRegressor(random_state=0)),
    "svr": lambda: svm.SVR(kernel="linear", C=100),
    "voting": lambda: ensemble.VotingRegressor(
        [
            ("a", linear_model.LinearRegression()),
            ("b", tree.DecisionTreeRegressor(max_depth=3, random_state=0)),
        ]
    ),
    "stacking": lambda: ensemble.StackingRegressor(
        [
            ("a", linear_model.LinearRegression()),
            ("b", tree.DecisionTreeRegressor(max_depth=3, random_state=0)),
        ],
        linear_model.Ridge(),
    ),
    "polynomial": lambda: make_pipeline(
        scaled(), decomposition.PCA(3), preprocessing.PolynomialFeatures(3), linear_model.Ridge()
    ),
    "union": lambda: make_pipeline(
        make_union(scaled(), decomposition.PCA(3)), linear_model.Ridge()
    ),
    "neighbours": lambda: make_pipeline(scaled(), neighbors.KNeighborsRegressor(7)),
}


def _data(load: Callable[..., Any]) -> list[Any]:
    x, y = load(return_X_y=True)
    parts: list[Any] = train_test_split(x.astype(np.float32), y, test_size=0.4, random_state=0)
    return parts


def _exported(folder: Path, model: Any, x: np.ndarray, y: np.ndarray, **options: bool) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(x, y)
        path = folder / "model.onnx"
        # As IsolationForest needs them; by themselves they are as new as onnx knows.
        opsets = {"": 17, "ai.onnx.ml": 3}
        proto = to_onnx(model, x[:1], options=options or None, target_opset=opsets)
        path.write_bytes(proto.SerializeToString())
    return path


def _outputs(packed: Packed, x: np.ndarray) -> np.ndarray:
    (outputs,) = run_samples(packed.file, [x])
    return outputs.reshape(len(x), -1)


@pytest.mark.parametrize("load", [datasets.load_breast_cancer, datasets.load_wine])
@pytest.mark.parametrize("name", CLASSIFIERS)
def test_classifier_decides_alike(name: str, load: Callable[..., Any], tmp_path: Path) -> None:
    make, least = CLASSIFIERS[name]
    x, unseen, y, _ = _data(load)
    model = make()
    packed = pack(_exported(tmp_path, model, x, y), Samples(x, y))
    scores = _outputs(packed, unseen)
    places = scores.argmax(1) if scores.shape[1] > 1 else (scores[:, 0] > 0).astype(int)
    assert np.mean(model.classes_[places] == model.predict(unseen)) >= least
    assert packed.model.labels == tuple(map(str, model.classes_))


@pytest.mark.parametrize("name", COMPOSED)
def test_composed_classifier_decides_alike(name: str, tmp_path: Path) -> None:
    """With the width that is taken where none is asked for."""
    x, unseen, y, _ = _data(datasets.load_wine)
    model = COMPOSED[name]()
    packed = pack(_exported(tmp_path, model, x, y), Samples(x, y))
    assert np.mean(_outputs(packed, unseen).argmax(1) == model.predict(unseen)) >= 0.98
    assert packed.model.labels == ("0", "1", "2")


def test_clusters_score_highest_where_they_are(tmp_path: Path) -> None:
    x, unseen, y, _ = _data(datasets.load_wine)
    for model in (cluster.KMeans(3, random_state=0), make_pipeline(scaled(), cluster.KMeans(3))):
        packed = pack(_exported(tmp_path, model, x, y), Samples(x))
        assert np.mean(_outputs(packed, unseen).argmax(1) == model.predict(unseen)) >= 0.97


def test_isolation_forest_finds_the_same_outliers(tmp_path: Path) -> None:
    x, unseen, y, _ = _data(datasets.load_wine)
    model = ensemble.IsolationForest(n_estimators=10, contamination=0.1, random_state=0)
    scores = _outputs(pack(_exported(tmp_path, model, x, y), Samples(x)), unseen)[:, 0]
    expected = model.decision_function(unseen)
    assert scores == pytest.approx(expected, abs=0.02 * np.ptp(expected))
    assert np.array_equal(scores < 0, model.predict(unseen) < 0)


def test_outliers_unlike_all_samples_are_told(tmp_path: Path) -> None:
    """What it was trained on scores 0 or more; what it is there for does not."""
    x, unseen, y, _ = _data(datasets.load_wine)
    model = make_pipeline(scaled(), svm.OneClassSVM(nu=0.1))
    packed = pack(_exported(tmp_path, model, x, y), Samples(x), precision="int8")
    scores, expected = _outputs(packed, unseen)[:, 0], model.decision_function(unseen)
    assert np.var(scores - expected) <= 0.03 * np.var(expected)
    assert (_outputs(packed, 1.5 * unseen) < -0.2).all()


def test_numbers_are_judged_on_samples_not_fitted_to(tmp_path: Path) -> None:
    x, _, y, _ = _data(datasets.load_breast_cancer)
    path = _exported(tmp_path, make_pipeline(scaled(), svm.OneClassSVM(nu=0.1)), x, y)
    packed = pack(path, Samples(x))
    assert packed.precision == "int16" and packed.warnings == ()
    assert packed.reason and "was not fitted to" in packed.reason
    packed = pack(path, Samples(x), precision="int8")
    assert "not fitted to; --precision int16 is closer" in packed.warnings[-1]


def test_width_is_taken_that_decides_alike(tmp_path: Path) -> None:
    """Eight bits cannot tell some classes apart, and to be told so is the least."""
    x, y = datasets.make_classification(
        300, 8, n_informative=5, n_classes=4, class_sep=1.2, random_state=1
    )
    x = x.astype(np.float32)
    model = make_pipeline(scaled(), naive_bayes.GaussianNB())
    path = _exported(tmp_path, model, x, y)
    packed = pack(path, Samples(x, y))
    assert packed.precision == "int16"
    assert packed.reason and "because int8" in packed.reason
    assert np.mean(_outputs(packed, x).argmax(1) == model.predict(x)) >= 0.99
    assert pack(path, Samples(x, y), precision="int8").precision == "int8"


def test_nothing_is_packed_that_decides_otherwise(tmp_path: Path) -> None:
    x, _, y, _ = _data(datasets.load_wine)
    path = _exported(tmp_path, neighbors.KNeighborsClassifier(), x, y)
    with pytest.raises(PackError, match="StandardScaler") as info:
        pack(path, Samples(x, y))
    assert "\n" not in str(info.value)
    packed = pack(path, Samples(x, y), precision="int16")
    assert "float model's answer" in packed.warnings[-1]


@pytest.mark.parametrize(
    "load", [datasets.load_breast_cancer, datasets.load_iris, datasets.load_wine]
)
@pytest.mark.parametrize("scale", [False, True])
def test_gaussian_nb_decides_alike(scale: bool, load: Callable[..., Any], tmp_path: Path) -> None:
    """Features whose variances differ by 10^7 as they are, and scaled."""
    x, unseen, y, _ = _data(load)
    model = naive_bayes.GaussianNB()
    model = make_pipeline(scaled(), model) if scale else model
    path = _exported(tmp_path, model, x, y)
    for precision, least in (("int8", 0.98), ("int16", 1.0)):
        packed = pack(path, Samples(x, y), precision=precision)
        decided = model.classes_[_outputs(packed, unseen).argmax(1)]
        assert np.mean(decided == model.predict(unseen)) >= least


@pytest.mark.parametrize("metric", ["euclidean", "manhattan"])
@pytest.mark.parametrize("optim", [None, "cdist"])
def test_neighbours_decide_alike(optim: str | None, metric: str, tmp_path: Path) -> None:
    """In both forms that skl2onnx writes distances in; of as many votes the first class wins."""
    x, unseen, y, _ = _data(datasets.load_wine)
    model = make_pipeline(scaled(), neighbors.KNeighborsClassifier(4, metric=metric))
    model.fit(x, y)
    options = {id(model[-1]): {"optim": optim}} if optim else {}
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(model, x[:1], options=options).SerializeToString())
    packed = pack(path, Samples(x, y))
    assert packed.precision == "int16" and packed.reason
    assert np.mean(_outputs(packed, unseen).argmax(1) == model.predict(unseen)) >= 0.98
    assert packed.model.labels == tuple(map(str, model.classes_))


@pytest.mark.parametrize("name", REGRESSORS)
def test_regressor_explains_as_much(name: str, tmp_path: Path) -> None:
    x, unseen, y, truth = _data(datasets.load_diabetes)
    model = REGRESSORS[name]()
    packed = pack(_exported(tmp_path, model, x, y), Samples(x, y))
    exact = r2_score(truth, model.predict(unseen))
    assert r2_score(truth, _outputs(packed, unseen)[:, 0]) == pytest.approx(exact, abs=0.01)


@pytest.mark.parametrize("precision", ["int8", "int16"])
@pytest.mark.parametrize(
    "make",
    [
        naive_bayes.BernoulliNB,
        lambda: make_pipeline(
            scaled(), preprocessing.Binarizer(threshold=0.3), naive_bayes.BernoulliNB()
        ),
    ],
)
def test_features_are_compared_exactly(
    make: Callable[[], Any], precision: str, tmp_path: Path
) -> None:
    """However near they lie to the threshold: a tree compares them, not a table."""
    x, y = datasets.make_classification(1000, 20, n_informative=8, n_classes=3, random_state=1)
    x = x.astype(np.float32)
    x[:, ::2] *= 1e-5
    model = make()
    path = _exported(tmp_path, model, x[:300], y[:300])
    packed = pack(path, Samples(x[:300], y[:300]), precision=precision)
    assert packed.model.nodes[0].op == "tree_ensemble"
    answers = model.classes_[_outputs(packed, x[300:]).argmax(1)]
    least = 0.995 if precision == "int16" else 0.97
    assert np.mean(answers == model.predict(x[300:])) >= least


def test_diagnosis_sees_features_of_different_size_as_packed(tmp_path: Path) -> None:
    x, _, y, _ = _data(datasets.load_wine)
    model = linear_model.LogisticRegression(max_iter=5000)
    found = diagnose(_exported(tmp_path, model, x, y), Samples(x, y))
    assert found.trials[0].decibels > 20  # 5 with one scale for all


def test_names_of_classes_are_labels(tmp_path: Path) -> None:
    x, _, y, _ = _data(datasets.load_iris)
    names = np.array(["setosa", "versicolor", "virginica"])
    model = tree.DecisionTreeClassifier(random_state=0)
    packed = pack(_exported(tmp_path, model, x, names[y]), Samples(x, y))
    assert packed.model.labels == tuple(names)
    assert [packed.model.tensors[i].shape for i in packed.model.outputs] == [(1, 3)]


def test_labels_are_those_of_the_scores(tmp_path: Path) -> None:
    """Not of a member that tells one class from the others, or of pairs."""
    x, unseen, y, _ = _data(datasets.load_iris)
    whole = multiclass.OneVsRestClassifier(linear_model.LogisticRegression())
    packed = pack(_exported(tmp_path, make_pipeline(scaled(), whole), x, y), Samples(x, y))
    assert packed.model.labels == ("0", "1", "2")
    decided = _outputs(packed, unseen).argmax(1)
    assert np.mean(decided == make_pipeline(scaled(), whole).fit(x, y).predict(unseen)) >= 0.98


@pytest.mark.parametrize("given", [{"decision_function_shape": "ovo"}, {"probability": True}])
def test_pairs_of_classes_vote(given: dict[str, Any], tmp_path: Path) -> None:
    """Whatever becomes of the pairs' scores in floats: labels are those of the votes."""
    x, unseen, y, _ = _data(datasets.load_wine)
    model = make_pipeline(scaled(), svm.SVC(random_state=0, **given))
    packed = pack(_exported(tmp_path, model, x, y), Samples(x, y))
    assert packed.model.labels == ("0", "1", "2")
    assert np.mean(_outputs(packed, unseen).argmax(1) == model.predict(unseen)) >= 0.98


@pytest.mark.parametrize("offset", [0.0, 50.0, -3000.0], ids=["centred", "far", "below"])
def test_trees_split_between_neighbours(offset: float, tmp_path: Path) -> None:
    """Features of any size and place: every sample that was trained on takes its path."""
    rng = np.random.default_rng(0)
    x = (rng.integers(0, 200, (300, 3)) * [1e-4, 1.0, 1e4]).astype(np.float32)
    x[:, 1] += offset
    y = rng.integers(0, 4, 300)
    model = tree.DecisionTreeClassifier(random_state=0)
    packed = pack(_exported(tmp_path, model, x, y), Samples(x, y))
    assert np.array_equal(_outputs(packed, x).argmax(1), model.predict(x))


KERNELS = {
    "rbf": {},
    "poly": {"kernel": "poly", "degree": 2, "coef0": 1.0},
    "sigmoid": {"kernel": "sigmoid", "coef0": -1.0},
    "linear": {"kernel": "linear"},
}


@pytest.mark.parametrize("name", KERNELS)
def test_kernels_and_votes_are_those_of_onnxruntime(name: str, tmp_path: Path) -> None:
    x, unseen, y, _ = _data(datasets.load_wine)
    model = make_pipeline(scaled(), svm.SVC(**KERNELS[name]))
    path = _exported(tmp_path, model, x, y, zipmap=False)
    graph = load(path).graph
    (scores,) = ops.run(graph, ops.source_inputs(graph, [unseen]))
    expected = _session(path).run(None, {"X": unseen})[1]
    assert scores.reshape(expected.shape) == pytest.approx(expected, abs=1e-3)


def _ensemble(modes: list[str], aggregate: str) -> bytes:
    """Two trees over three features, with thresholds that inputs meet exactly."""
    node = helper.make_node(
        "TreeEnsembleRegressor",
        ["X"],
        ["Y"],
        domain="ai.onnx.ml",
        n_targets=2,
        aggregate_function=aggregate,
        base_values=[0.5, -0.25],
        nodes_treeids=[0] * 5 + [1] * 3,
        nodes_nodeids=[0, 1, 2, 3, 4, 0, 1, 2],
        nodes_featureids=[0, 1, 0, 0, 0, 2, 0, 0],
        nodes_values=[1.0, 2.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0],
        nodes_modes=[modes[0], modes[1], "LEAF", "LEAF", "LEAF", modes[2], "LEAF", "LEAF"],
        nodes_truenodeids=[1, 3, 0, 0, 0, 1, 0, 0],
        nodes_falsenodeids=[2, 4, 0, 0, 0, 2, 0, 0],
        target_treeids=[0] * 6 + [1] * 4,
        target_nodeids=[2, 2, 3, 3, 4, 4, 1, 1, 2, 2],
        target_ids=[0, 1] * 5,
        target_weights=[1.0, -2.0, 3.0, 0.5, 5.0, 6.0, -7.0, 8.0, 9.0, 10.0],
    )
    x, y = (
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size])
        for name, size in (("X", 3), ("Y", 2))
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(helper.make_graph([node], "trees", [x], [y]), opset_imports=opsets)
    model.ir_version = 9
    encoded: bytes = model.SerializeToString()
    return encoded


@pytest.mark.parametrize("aggregate", ["SUM", "AVERAGE"])
@pytest.mark.parametrize(
    "modes",
    [
        ["BRANCH_LEQ", "BRANCH_LT", "BRANCH_GT"],
        ["BRANCH_LT", "BRANCH_GTE", "BRANCH_LEQ"],
        ["BRANCH_GTE", "BRANCH_GT", "BRANCH_LT"],
    ],
)
def test_comparisons_are_those_of_onnxruntime(
    modes: list[str], aggregate: str, tmp_path: Path
) -> None:
    path = tmp_path / "trees.onnx"
    path.write_bytes(_ensemble(modes, aggregate))
    x = np.array(list(product([0, 1, 2, 3], [1, 2, 3], [-2, -1, 0])), np.float32)
    expected = np.concatenate([_session(path).run(None, {"X": row[None]})[0] for row in x])
    assert _outputs(pack(path, Samples(x)), x) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    ("key", "value"),
    [("nodes_truenodeids", 0), ("nodes_featureids", 3), ("nodes_falsenodeids", 99)],
    ids=["loop", "feature", "child"],
)
def test_damaged_trees_are_refused(key: str, value: int, tmp_path: Path) -> None:
    proto = ModelProto.FromString(_ensemble(["BRANCH_LEQ"] * 3, "SUM"))
    (attribute,) = (a for a in proto.graph.node[0].attribute if a.name == key)
    attribute.ints[1] = value
    path = tmp_path / "trees.onnx"
    path.write_bytes(proto.SerializeToString())
    with pytest.raises(PackError):
        load(path)


def test_platt_probabilities_are_those_of_onnxruntime(tmp_path: Path) -> None:
    x, unseen, y, _ = _data(datasets.load_breast_cancer)
    model = make_pipeline(scaled(), svm.SVC(probability=True, random_state=0))
    path = _exported(tmp_path, model, x, y, zipmap=False)
    graph = load(path).graph
    (scores,) = ops.run(graph, ops.source_inputs(graph, [unseen]))
    expected = _session(path).run(None, {"X": unseen})[1]
    assert scores.reshape(expected.shape) == pytest.approx(expected, abs=1e-2)


def test_float_reference_of_a_classifier_is_its_scores(tmp_path: Path) -> None:
    x, unseen, y, _ = _data(datasets.load_iris)
    model = ensemble.RandomForestClassifier(10, random_state=0)
    (scores,) = reference(_exported(tmp_path, model, x, y), unseen)
    assert scores.reshape(len(unseen), -1) == pytest.approx(model.predict_proba(unseen), abs=1e-5)


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (neighbors.KNeighborsClassifier(weights="distance"), "the distances themselves count"),
        (neighbors.KNeighborsRegressor(p=3), "another distance"),
        (ensemble.AdaBoostRegressor(n_estimators=5, random_state=0), "GradientBoostingRegressor"),
        (multiclass.OneVsOneClassifier(linear_model.LogisticRegression()), "OneVsRest"),
        (linear_model.SGDClassifier(loss="modified_huber", random_state=0), "log_loss"),
        (
            make_pipeline(preprocessing.QuantileTransformer(n_quantiles=9), logistic()),
            "RobustScaler",
        ),
        (
            make_pipeline(preprocessing.KBinsDiscretizer(3, encode="ordinal"), logistic()),
            "KBinsDiscretizer",
        ),
        (gaussian_process.GaussianProcessRegressor(), "train an SVC or a forest"),
        (
            make_pipeline(preprocessing.Normalizer("max"), linear_model.LogisticRegression()),
            "MAX norm",
        ),
    ],
    ids=[
        "weighted_neighbours",
        "minkowski",
        "ada_boost_regressor",
        "one_vs_one",
        "huber",
        "quantiles",
        "bins",
        "process",
        "norm",
    ],
)
def test_refused_in_one_sentence(model: Any, reason: str, tmp_path: Path) -> None:
    x, _, y, _ = _data(datasets.load_iris)
    with pytest.raises(PackError, match=reason) as info:
        pack(_exported(tmp_path, model, x, y), Samples(x, y))
    assert "\n" not in str(info.value)


@pytest.mark.parametrize("suffix", ["pkl", "joblib"])
def test_pickles_are_not_read(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(PackError, match="to_onnx"):
        load(tmp_path / f"model.{suffix}")
