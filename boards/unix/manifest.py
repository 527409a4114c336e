# The interpreter without tinyinfer, as a maker downloads it.
include("$(MPY_DIR)/extmod/asyncio")
