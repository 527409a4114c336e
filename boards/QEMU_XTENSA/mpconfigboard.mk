# QEMU's Xtensa simulator machine; upstream's port has no Xtensa. CROSS_COMPILE, XTENSA_CFLAGS and XTENSA_LIBGCC, Debian's
# compiler and a libgcc for the windowed ABI, come on make's command line.
QEMU_ARCH = xtensa
QEMU_MACHINE = sim
BOARD_FOLDER := $(abspath $(BOARD_DIR))
CFLAGS += $(XTENSA_CFLAGS) -mtext-section-literals
CFLAGS += -DMICROPY_HW_MCU_NAME='"DE212"'
CFLAGS += -DMICROPY_EMIT_XTENSAWIN=1 -DMICROPY_NLR_SETJMP=1
LDSCRIPT = $(BOARD_FOLDER)/sim.ld
LDFLAGS += -nostdlib
LIBS = $(XTENSA_LIBGCC)
SRC_C += $(BOARD_FOLDER)/sim.c
MPY_CROSS_FLAGS += -march=xtensawin

# Picolibc's headers serve, its library is for the other ABI.
override PICOLIBC_SPECS = picolibc.specs

MICROPY_VFS_LFS2 = 1
include $(BOARD_DIR)/../qemu/port.mk
