"""Samples from every kind of source, and errors that say what to do."""

import wave

import numpy as np
import pytest
from tinypack.errors import PackError
from tinypack.samples import has_test, load_calibration, load_test


@pytest.fixture
def npz(tmp_path):
    def save(**arrays):
        np.savez(tmp_path / "samples.npz", **arrays)
        return tmp_path / "samples.npz"

    return save


def test_npz_keys_in_their_order(npz):
    path = npz(x=np.zeros((1, 2)), x_calib=np.ones((3, 2)), y_calib=np.arange(3))
    samples = load_calibration(path)
    assert samples.x.shape == (3, 2) and samples.x.dtype == np.float32
    assert samples.y.tolist() == [0, 1, 2]
    assert load_calibration(npz(y=np.arange(2), x=np.ones((2, 1)))).y.tolist() == [0, 1]
    assert load_calibration(npz(data=np.full((2, 1), 7))).x.tolist() == [[7], [7]]


def test_the_test_set_is_only_read_as_such(npz):
    path = npz(x_calib=np.zeros((2, 1)), x_test=np.ones((3, 1)), y_test=np.arange(3))
    assert load_calibration(path).x.tolist() == [[0], [0]]
    assert load_test(path).y.tolist() == [0, 1, 2]
    assert has_test(path) and not has_test(npz(x=np.zeros(2)))
    with pytest.raises(PackError, match="x_test or x"):
        load_test(npz(data=np.zeros((2, 1))))


def test_npy(tmp_path):
    np.save(tmp_path / "x.npy", np.arange(6).reshape(3, 2))
    assert load_calibration(tmp_path / "x.npy").x.shape == (3, 2)


def test_a_folder_of_csv_has_labels_from_its_folders(tmp_path):
    for label, value in (("wave", 1), ("idle", 2)):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.csv").write_text(f"ax,ay\n{value},0.5\n{value},-1\n")
    samples = load_calibration(tmp_path)
    assert samples.labels == ("idle", "wave")
    assert samples.y.tolist() == [0, 1]
    assert samples.x.tolist() == [[[2, 0.5], [2, -1]], [[1, 0.5], [1, -1]]]


def test_a_folder_of_wav(tmp_path):
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(np.array([0, 16384, -32768], "<i2").tobytes())
    samples = load_calibration(tmp_path)
    assert samples.x.tolist() == [[0, 0.5, -1]] and samples.y is None


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.npz", b"no zip", "not a readable .npz"),
        ("a.npy", b"", "not a readable .npy"),
        ("a.txt", b"1 2 3", "unknown"),
        ("folder/a.csv", b"1,x\n", "table of numbers"),
        ("folder/a.wav", b"RIFF", "not a readable WAV"),
        ("folder/readme", b"", "holds no .csv or .wav"),
    ],
)
def test_unreadable_sources_are_named(tmp_path, name, content, message):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    with pytest.raises(PackError, match=message):
        load_calibration(path if path.parent == tmp_path else path.parent)


def test_bad_numbers_and_lengths_are_refused(tmp_path, npz):
    with pytest.raises(PackError, match="NaN"):
        load_calibration(npz(x=np.array([[np.nan]])))
    with pytest.raises(PackError, match="no numbers"):
        load_calibration(npz(x=np.array(["a"])))
    with pytest.raises(PackError, match="no such file"):
        load_calibration(tmp_path / "missing.npz")
    (tmp_path / "f").mkdir()
    (tmp_path / "f/a.csv").write_text("1,2\n")
    (tmp_path / "f/b.csv").write_text("1,2\n3,4\n")
    with pytest.raises(PackError, match="cut all samples to one length"):
        load_calibration(tmp_path / "f")
