include boards/MICROBIT/mpconfigboard.mk
include $(BOARD_DIR)/../qemu/port.mk
