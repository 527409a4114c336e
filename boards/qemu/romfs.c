// The ROMFS segment: memory that QEMU's loader device fills at reset and that `mpremote romfs deploy` writes.
#include <string.h>

#include "extmod/vfs.h"
#include "py/mperrno.h"
#include "py/objarray.h"
#include "py/runtime.h"

static const MP_DEFINE_MEMORYVIEW_OBJ(romfs_obj, 'B', 0, ROMFS_BYTES, (void *)ROMFS_ADDRESS);

mp_obj_t mp_vfs_rom_ioctl(size_t n_args, const mp_obj_t *args) {
    mp_int_t request = mp_obj_get_int(args[0]);
    if (request == MP_VFS_ROM_IOCTL_GET_NUMBER_OF_SEGMENTS) {
        return MP_OBJ_NEW_SMALL_INT(1);
    }
    if (n_args < 2 || mp_obj_get_int(args[1]) != 0) {
        return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
    switch (request) {
        case MP_VFS_ROM_IOCTL_GET_SEGMENT:
            return MP_OBJ_FROM_PTR(&romfs_obj);
        case MP_VFS_ROM_IOCTL_WRITE_PREPARE:
            return MP_OBJ_NEW_SMALL_INT(4); // smallest write
        case MP_VFS_ROM_IOCTL_WRITE: {
            if (n_args < 4) {
                return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
            }
            mp_uint_t offset = mp_obj_get_int(args[2]);
            mp_buffer_info_t data;
            mp_get_buffer_raise(args[3], &data, MP_BUFFER_READ);
            if (offset > ROMFS_BYTES || data.len > ROMFS_BYTES - offset) {
                return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
            }
            memcpy((uint8_t *)ROMFS_ADDRESS + offset, data.buf, data.len);
            return MP_OBJ_NEW_SMALL_INT(0);
        }
        case MP_VFS_ROM_IOCTL_WRITE_COMPLETE:
            return MP_OBJ_NEW_SMALL_INT(0);
        default:
            return MP_OBJ_NEW_SMALL_INT(-MP_EINVAL);
    }
}
