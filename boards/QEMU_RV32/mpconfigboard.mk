# GCC's bare-metal libraries are built without the _zicsr suffix; -misa-spec=2.2 keeps the CSR instructions without it.
RV32_ARCH = rv32imac -misa-spec=2.2
include boards/VIRT_RV32/mpconfigboard.mk
MICROPY_VFS_LFS2 = 1
include $(BOARD_DIR)/../qemu/port.mk
