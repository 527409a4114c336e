include("../qemu/manifest.py")
include("../manifest.py")
