// Module _tinyinfer as a native .mpy.
#include "../modtinyinfer.c"

// The C library's, for the engine and for what the compiler makes of its loops.
void *memmove(void *dst, const void *src, size_t size) {
    return mp_fun_table.memmove_(dst, src, size);
}

void *memcpy(void *dst, const void *src, size_t size) __attribute__((alias("memmove")));

void *memset(void *dst, int value, size_t size) {
    return mp_fun_table.memset_(dst, value, size);
}

// Names of the methods: MicroPython's own numbers, which are below 256, or 256 and more for a place in mp_native_qstr_table.
#define mp_native_qstr_table 256 + (uintptr_t)&((const char *)0)
#define METHOD(name, name_qstr, count) name_qstr,
static const uint16_t method_names[] = { ENGINE_METHODS(METHOD) MP_QSTR_run };
#undef METHOD
#undef mp_native_qstr_table
#define METHOD_COUNT (sizeof(method_names) / sizeof(method_names[0]))

TIN_LOADED mp_map_elem_t engine_locals_dict_table[METHOD_COUNT];
static MP_DEFINE_CONST_DICT(engine_locals_dict, engine_locals_dict_table);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    memoryview_type = (const mp_obj_type_t *)mp_load_global(MP_QSTR_memoryview);

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        const qstr name = method_names[i] < 256 ? method_names[i] : mp_native_qstr_table[method_names[i] - 256];
        engine_locals_dict_table[i].key = MP_OBJ_NEW_QSTR(name);
        engine_locals_dict_table[i].value = MP_OBJ_FROM_PTR(&engine_methods.load + i);
    }
    engine_type.base.type = &mp_type_type;
    engine_type.flags = MP_TYPE_FLAG_NONE;
    engine_type.name = MP_QSTR_Engine;
    MP_OBJ_TYPE_SET_SLOT(&engine_type, make_new, engine_make_new, 0);
    MP_OBJ_TYPE_SET_SLOT(&engine_type, locals_dict, (void *)&engine_locals_dict, 1);

    mp_store_global(MP_QSTR_BACKEND, MP_OBJ_NEW_QSTR(MP_QSTR_natmod));
    mp_store_global(MP_QSTR_FAMILY, MP_OBJ_NEW_SMALL_INT(TIN_FAMILY));
    mp_store_global(MP_QSTR_Engine, MP_OBJ_FROM_PTR(&engine_type));
    mp_store_global(MP_QSTR_needs, MP_OBJ_FROM_PTR(&needs_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
