"""The bundled model and its samples, for `tinypack demo` and for tests.

Samples: Optical Recognition of Handwritten Digits, E. Alpaydin and C. Kaynak (1998), UCI Machine
Learning Repository, CC BY 4.0, in the 8 x 8 form that scikit-learn carries.
"""

from pathlib import Path

MODEL = Path(__file__).with_name("digits.onnx")
SAMPLES = Path(__file__).with_name("digits.npz")
