# The MPS2 board with a Cortex-M4F; upstream has it with the M3 only.
QEMU_ARCH = arm
QEMU_MACHINE = mps2-an386
CFLAGS += -mthumb -mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard
CFLAGS += -DQEMU_SOC_MPS2
CFLAGS += -DMICROPY_HW_MCU_NAME='"Cortex-M4"'
LDSCRIPT = mcu/arm/mps2.ld
SRC_BOARD_O = shared/runtime/gchelper_native.o shared/runtime/gchelper_thumb2.o
MPY_CROSS_FLAGS += -march=armv7emsp

# The port's reset handler leaves the FPU off: fpu.c switches it on before main().
SRC_C += $(abspath $(BOARD_DIR))/fpu.c
LDFLAGS += -Wl,--wrap=main

MICROPY_VFS_LFS2 = 1
include $(BOARD_DIR)/../qemu/port.mk
