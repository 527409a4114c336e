include("$(PORT_DIR)/boards/ARDUINO_NANO_33_BLE_SENSE/manifest.py")
include("../manifest.py")
