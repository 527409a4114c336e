# Freezes the package: include("<here>/manifest.py"). The native part is native_modules/.
# ruff: noqa: F821  (the names come from makemanifest.py)
metadata(
    description="Neural networks from one file, the same bits on every machine",
    version="0.1.0",
    license="MIT",
)
package("tinyinfer", opt=3)
