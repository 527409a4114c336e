include boards/MPS2_AN385/mpconfigboard.mk
MICROPY_VFS_LFS2 = 1
include $(BOARD_DIR)/../qemu/port.mk
