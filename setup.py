"""The two things pyproject.toml cannot say: folders mapped into packages, and the C extension."""

from glob import glob

from setuptools import Extension, find_packages, setup

NATIVE = "native_modules/tinyinfer"

setup(
    packages=[
        *find_packages("host"),
        *find_packages("device"),
        "tinypack._native",
        "tinypack._boards",
    ],
    package_dir={
        "tinypack": "host/tinypack",
        "tinyinfer": "device/tinyinfer",
        "tinypack._native": NATIVE,
        "tinypack._boards": "boards",
    },
    ext_modules=[
        Extension(
            "_tinyinfer",
            sources=sorted(
                source
                for room in ("engine", "kernels", "cpython")
                for source in glob(f"{NATIVE}/{room}/*.c")
            ),
            depends=sorted(glob(f"{NATIVE}/**/*.h", recursive=True) + glob(f"{NATIVE}/*.def")),
            include_dirs=[NATIVE],
            extra_compile_args=["-std=c99", "-O2"],
            # Without a compiler the install goes on: tinyinfer then runs its Python engine.
            optional=True,
        )
    ],
)
