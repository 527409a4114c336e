"""tinypack diagnose: which layers hurt, and what helps."""

import json

import pytest
from tinypack import cli
from tinypack.demo import MODEL, SAMPLES


def diagnosed(capsys, *arguments):
    command = ["diagnose", MODEL, "--calib", SAMPLES, *arguments]
    assert cli.main([str(a) for a in command]) == 0
    return capsys.readouterr().out


@pytest.fixture
def int4(capsys):
    return json.loads(diagnosed(capsys, "--precision", "int4", "--json"))


def test_shares_add_up(int4):
    noise = sum(layer["weight_noise"] + layer["output_noise"] for layer in int4["layers"])
    assert noise == pytest.approx(1)
    assert sum(layer["weights"] for layer in int4["layers"]) == pytest.approx(1)


def test_what_hurts_is_named_worst_first(int4):
    by_name = {x["name"]: x["weight_noise"] + x["output_noise"] for x in int4["layers"]}
    shares = [by_name[name] for name in int4["hurting"]]
    assert shares and shares == sorted(shares, reverse=True) and min(shares) >= 0.1


def test_wider_weights_help_where_narrow_ones_hurt(int4):
    narrow, two_wide, mixed, wide = int4["trials"]
    assert narrow["decibels"] < two_wide["decibels"] < wide["decibels"]
    assert mixed["decibels"] < wide["decibels"]
    assert narrow["file_bytes"] < two_wide["file_bytes"] < wide["file_bytes"]


def test_an_operator_that_keeps_its_scale_rounds_nothing(int4):
    pools = [layer for layer in int4["layers"] if layer["op"] == "max_pool_2d"]
    assert all(layer["output_noise"] == 0 for layer in pools)


def test_it_reads_as_sentences(capsys):
    text = diagnosed(capsys, "--precision", "int4")
    assert "hurts: " in text and "all as int8" in text


def test_a_model_of_integers_has_nothing_to_find(shared_models, capsys):
    model = shared_models / "models" / "kws.int8.tflite"
    command = ["diagnose", model, "--calib", shared_models / "samples" / "kws.npz"]
    assert cli.main([str(a) for a in command]) == 2
    assert "diagnose the float model" in capsys.readouterr().err
