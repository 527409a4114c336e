"""Samples from every kind of source, and errors that say what to do."""

import wave

import numpy as np
import pytest
from tinypack import samples
from tinypack.errors import PackError
from tinypack.input_spec import InputSpec, load_input_spec
from tinypack.sample_pictures import Form
from tinypack.samples import arrange, has_test, load_calibration, load_test
from tinypack.warn import warnings


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


@pytest.mark.parametrize(
    "text",
    [
        "1.5,-2\n3,4\n",
        "ax,ay\r\n1.5,-2\r\n\r\n3,4\r\n",
        "1,5;-2\n3;4\n",
        "ax;ay\n1.5;-2\n3;4\n",
        "ax\tay\n1,5\t-2\n3\t4",
        '\ufeff"ax","ay"\n"1.5","-2"\n3, 4\n',
    ],
)
def test_tables_of_many_programs(text, tmp_path):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8", newline="")
    assert load_calibration(tmp_path).x.tolist() == [[[1.5, -2], [3, 4]]]


def riff(kind, channels, bits, data, extra=b""):
    form = np.array([kind, channels], "<u2").tobytes() + bytes(10)
    form += np.array([bits], "<u2").tobytes() + extra
    parts = b"".join(
        name + np.uint32(len(part)).tobytes() + part + bytes(len(part) % 2)
        for name, part in ((b"LIST", b"abc"), (b"fmt ", form), (b"data", data))
    )
    return b"RIFF" + np.uint32(len(parts) + 4).tobytes() + b"WAVE" + parts


HALVES = np.array([0, 0.5, -1])
EXTENSIBLE = np.array([22, 24], "<u2").tobytes() + bytes(4) + b"\x01\0" + bytes(14)
WAVES = {
    "8": riff(1, 1, 8, bytes([128, 192, 0])),
    "16": riff(1, 1, 16, (HALVES * 32768).astype("<i2").tobytes()),
    "24": riff(1, 1, 24, b"\0\0\0" + b"\0\0\x40" + b"\0\0\x80"),
    "32": riff(1, 1, 32, (HALVES * 2**31).astype("<i4").tobytes()),
    "extensible": riff(0xFFFE, 1, 24, b"\0\0\0\0\0\x40\0\0\x80", EXTENSIBLE),
    "float": riff(3, 1, 32, HALVES.astype("<f4").tobytes()),
    "double": riff(3, 1, 64, HALVES.astype("<f8").tobytes()),
}


@pytest.mark.parametrize("kind", WAVES)
def test_recordings_of_all_widths(kind, tmp_path):
    (tmp_path / "a.wav").write_bytes(WAVES[kind])
    assert load_calibration(tmp_path).x.tolist() == [HALVES.tolist()]


def test_a_stereo_recording_keeps_its_channels(tmp_path):
    (tmp_path / "a.wav").write_bytes(riff(1, 2, 8, bytes([128, 192, 0, 128, 7])))
    assert load_calibration(tmp_path).x.tolist() == [[[0, 0.5], [-1, 0]]]


@pytest.mark.parametrize(("bits", "data"), [(16, b""), (24, b""), (16, b"\0")])
def test_a_recording_of_nothing_is_refused(bits, data, tmp_path):
    (tmp_path / "a.wav").write_bytes(riff(1, 1, bits, data))
    with pytest.raises(PackError, match="holds no sound"):
        load_calibration(tmp_path)


def test_a_compressed_recording_is_refused(tmp_path):
    (tmp_path / "a.wav").write_bytes(riff(7, 1, 8, bytes(9)))
    with pytest.raises(PackError, match="format 7 with 8 bits; convert it to 16-bit PCM"):
        load_calibration(tmp_path)


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("L", 51, [0.2]),
        ("LA", (51, 7), [0.2]),
        ("RGB", (51, 0, 255), [0.2, 0, 1]),
        ("RGBA", (51, 0, 255, 7), [0.2, 0, 1]),
        ("1", 1, [1]),
        ("I;16", 13107, [0.2]),
    ],
)
def test_pictures_of_all_kinds(mode, color, expected, tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new(mode, (3, 2), color).save(tmp_path / "a.png")
    x = load_calibration(tmp_path).x
    assert x.shape == (1, 2, 3, len(expected))
    np.testing.assert_allclose(x[0, 1, 2], expected, rtol=1e-6)


def test_a_palette_is_looked_up(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (3, 2), (51, 0, 255)).quantize(4).save(tmp_path / "a.png")
    np.testing.assert_allclose(load_calibration(tmp_path).x[0, 0, 0], [0.2, 0, 1], atol=0.01)


def photos(folder, *sizes):
    image = pytest.importorskip("PIL.Image")
    for i, size in enumerate(sizes):
        image.new("RGB", size, (51, 0, 255)).save(folder / f"{i}.png")


def test_photos_of_many_sizes_are_resized(tmp_path):
    photos(tmp_path, (40, 30), (7, 64))
    with pytest.raises(PackError, match=r"write resize = \[height, width\] into the file"):
        load_calibration(tmp_path)
    x = load_calibration(tmp_path, Form((8, 6))).x
    assert x.shape == (2, 8, 6, 3)
    np.testing.assert_allclose(x, np.broadcast_to(np.float32([0.2, 0, 1]), x.shape))


def test_colour_and_grey_are_brought_to_one_form(tmp_path):
    image = pytest.importorskip("PIL.Image")
    image.new("RGB", (4, 3), (51, 51, 51)).save(tmp_path / "0.png")
    image.new("L", (4, 3), 51).save(tmp_path / "1.png")
    image.new("I;16", (4, 3), 13107).save(tmp_path / "2.png")
    with pytest.raises(PackError, match=r"write channels = 1 \(grey\) or 3 \(colour\) into"):
        load_calibration(tmp_path)
    for channels in (1, 3):
        x = load_calibration(tmp_path, Form(channels=channels)).x
        assert x.shape == (3, 3, 4, channels)
        np.testing.assert_allclose(x, 0.2, rtol=1e-3)


def test_files_of_several_kinds_are_no_samples(tmp_path):
    photos(tmp_path, (4, 3))
    (tmp_path / "a.csv").write_text("1,2\n3,4\n")
    with pytest.raises(PackError, match="keep files of one kind in a folder"):
        load_calibration(tmp_path)


@pytest.mark.parametrize(
    ("given", "shape", "order", "remedy"),
    [
        ((28, 28, 3), (1, 28, 28, 1), (0, 3, 1, 2), "pictures write channels = 1 into"),
        ((28, 28, 3), (1, 1, 28, 28), None, "pictures write channels = 1 into"),
        ((28, 28, 1), (1, 28, 28, 3), (0, 3, 1, 2), "pictures write channels = 3 into"),
        ((40, 30, 3), (1, 96, 64, 3), None, r"pictures write resize = \[96, 64\] into"),
        ((40, 30, 3), (1, 96, 64, 1), None, r"resize = \[96, 64\] and channels = 1 into"),
        ((40, 30, 8), (1, 96, 64, 8), None, "layout of the source model$"),
        ((40, 3), (1, 96, 64, 3), None, "layout of the source model$"),
    ],
)
def test_the_remedy_for_pictures_is_a_key_of_the_spec(given, shape, order, remedy):
    with pytest.raises(PackError, match=remedy):
        arrange(shape, order, np.zeros((2, *given), np.float32))


def test_one_file_is_one_sample(tmp_path):
    photos(tmp_path, (4, 3))
    assert load_calibration(tmp_path / "0.png").x.shape == (1, 3, 4, 3)


def test_a_folder_is_not_larger_than_it_may(tmp_path, monkeypatch):
    monkeypatch.setattr(samples, "MOST", 1000)
    photos(tmp_path, *[(4, 4)] * 7)
    with pytest.raises(PackError, match=r"5\.png: samples up to this fill more"):
        load_calibration(tmp_path)
    (tmp_path / "long.csv").write_text("1,2\n" * 300)
    with pytest.raises(PackError, match=r"long\.csv: has more than"):
        load_calibration(tmp_path / "long.csv")


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.array(["a", "b", "c"]), "are no numbers"),
        (np.array([0, np.nan, 1]), "are no numbers"),
        (np.arange(2), "3 samples but 2 targets"),
        (np.array(1), "3 samples but 1 targets"),
    ],
)
def test_targets_that_fit_no_samples(y, message, npz):
    with pytest.raises(PackError, match=message):
        load_calibration(npz(x=np.zeros((3, 2)), y=y))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("input = 5", "is no table"),
        ("mean = nan", "not JSON"),
        ("day = 2020-01-01", "not JSON"),
        ("resize = [0, 3]", "resize must be"),
        ("resize = 5", "resize must be"),
        ("channels = 2", r"channels must be 1 \(grey\) or 3"),
        ("mean = 1e300", "below 1e"),
        ("std = 0", "above 1e"),
        ("a = " + "[" * 5000, "cannot be read as TOML"),
    ],
)
def test_input_specs_that_cannot_be(text, message, tmp_path):
    (tmp_path / "input.toml").write_text(text)
    with pytest.raises(PackError, match=message):
        load_input_spec(tmp_path / "input.toml")


def test_as_many_means_as_channels(tmp_path):
    photos(tmp_path, (4, 4))
    spec = InputSpec(mean=(1.0, 2.0), other={})
    with pytest.raises(PackError, match=r"mean has 2 numbers but .* has 3"):
        spec.normalized(load_calibration(tmp_path))


def test_a_class_that_no_target_has_is_named():
    """Whatever the float model answers."""
    given = samples.Samples(np.zeros((3, 2), np.float32), np.array([0, 1, 1]))
    (few, missing) = warnings(given, np.float32([[1, 0, 0]] * 3), ("a", "b", "c"))
    assert few.startswith("only 3") and missing.startswith("no calibration sample is of class c:")
