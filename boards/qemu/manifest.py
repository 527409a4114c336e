# The firmware without tinyinfer, as a maker downloads it.
include("$(MPY_DIR)/extmod/asyncio")
freeze(".", "_boot.py")
