"""Whether what was packed still decides as the float model does; of tables with few features there
is RAM to spare, so that activations get 16 bits where 8 do not.
"""

from dataclasses import dataclass

import numpy as np

from .ir import FloatArray
from .metrics import agreement
from .wording import percent

# Of samples that get the same answer, or the error's share of the variance.
_SAME_ANSWERS = 0.995
_ERROR = 0.005
# With fewer or more than these the user is told.
_FEW_ANSWERS = 0.99
_LARGE_ERROR = 0.01
# And with these the model is another one.
_TOO_FEW_ANSWERS = 0.98
_TOO_LARGE_ERROR = 0.02


@dataclass(frozen=True)
class Likeness:
    """To the float model on the calibration samples: `share` of answers, of classifiers, or
    else the `error` of numbers as a share of their variance. `unseen`: each half of the samples
    was asked of a model that was fitted to the other."""

    share: float | None
    error: float
    unseen: bool = False

    @classmethod
    def of(cls, outputs: FloatArray, reference: FloatArray, classes: bool) -> "Likeness":
        actual, exact = (x.reshape(len(x), -1).astype(np.float64) for x in (outputs, reference))
        spread = float(np.square(exact - exact.mean(0)).sum())
        error = float(np.square(actual - exact).sum())
        return cls(
            agreement(outputs, reference) if classes and exact.shape[1] > 1 else None,
            error / spread if spread > 0 else 0.0,
        )

    @property
    def suffices(self) -> bool:
        return self._within(_SAME_ANSWERS, _ERROR)

    @property
    def is_fair(self) -> bool:
        return self._within(_FEW_ANSWERS, _LARGE_ERROR)

    @property
    def is_poor(self) -> bool:
        return not self._within(_TOO_FEW_ANSWERS, _TOO_LARGE_ERROR)

    def _within(self, share: float, error: float) -> bool:
        return self.error <= error if self.share is None else self.share >= share

    def exceeds(self, other: "Likeness") -> bool:
        if self.share is None or other.share is None:
            return self.error < other.error
        return (self.share, -self.error) > (other.share, -other.error)

    def __str__(self) -> str:
        samples = "samples that it was not fitted to" if self.unseen else "the samples"
        if self.share is None:
            error = percent(self.error)
            return f"is off the float model's numbers by {error} of their variance on {samples}"
        return f"gives the float model's answer for {percent(self.share)} of {samples}"
