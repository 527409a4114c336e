// MicroPython's qemu port, made to behave like a board on the desk: time, asyncio, ROMFS, a file system.
#include "ports/qemu/mpconfigport.h"

#undef MICROPY_PY_TIME
#define MICROPY_PY_TIME (1)
#undef MICROPY_PY_SELECT
#define MICROPY_PY_SELECT (1)
#undef MICROPY_PY_ASYNCIO
#define MICROPY_PY_ASYNCIO (1)
#undef MICROPY_VFS_ROM_IOCTL
#define MICROPY_VFS_ROM_IOCTL (1)

void board_init(void);
#define MICROPY_PORT_INIT_FUNC board_init()

#ifdef QEMU_SOC_NRF51
// The port leaves native code out on the Cortex-M0, and a native .mpy is then refused.
#define MICROPY_EMIT_THUMB (1)
#define MICROPY_EMIT_THUMB_ARMV7M (0)
#define MICROPY_EMIT_INLINE_THUMB (0)
#endif
