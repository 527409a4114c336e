# What our QEMU boards add to MicroPython's qemu port; each board's mpconfigboard.mk includes it.
# ROMFS_ADDRESS and ROMFS_BYTES come from board.json, on make's command line.
PORT_DIR := $(abspath $(dir $(lastword $(MAKEFILE_LIST))))

CFLAGS += -DMP_CONFIGFILE='<$(PORT_DIR)/mpconfigport.h>'
CFLAGS += -DROMFS_ADDRESS=$(ROMFS_ADDRESS) -DROMFS_BYTES=$(ROMFS_BYTES)
QSTR_GLOBAL_DEPENDENCIES += $(PORT_DIR)/mpconfigport.h

SRC_C += $(addprefix $(PORT_DIR)/, board.c romfs.c semihosting_time.c)

ifeq ($(QEMU_ARCH),arm)
LDFLAGS += -T $(PORT_DIR)/discard_unwind.ld
endif
