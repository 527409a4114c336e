include("../unix/manifest.py")
include("../manifest.py")
