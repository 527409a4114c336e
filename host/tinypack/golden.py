"""Golden vectors of a file: a generated input, and real samples while they are small."""

from dataclasses import replace

from .evaluate import feed
from .execute import golden_noise, golden_sample
from .model_file import GoldenSpec, ModelSpec, write_model
from .samples import Samples

# Real samples may take this share of the file.
_SHARE = 0.02


def golden_vectors(planned: ModelSpec, samples: Samples | None) -> tuple[GoldenSpec, ...]:
    file = write_model(planned)
    golden = [golden_noise(file, planned)]
    if samples is None:
        return tuple(golden)
    shortest = len(write_model(replace(planned, golden=tuple(golden))))
    for sample in zip(*feed(planned, samples), strict=True):
        longer = (*golden, golden_sample(file, planned, sample))
        size = len(write_model(replace(planned, golden=longer)))
        if size - shortest > _SHARE * size:
            break
        golden = list(longer)
    return tuple(golden)
