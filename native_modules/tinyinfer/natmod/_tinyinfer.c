// Module _tinyinfer as a native .mpy.
#include "../modtinyinfer.c"

// The C library's, for the engine and for what the compiler makes of its loops.
void *memcpy(void *dst, const void *src, size_t size) {
    return mp_fun_table.memmove_(dst, src, size);
}

void *memmove(void *dst, const void *src, size_t size) {
    return mp_fun_table.memmove_(dst, src, size);
}

void *memset(void *dst, int value, size_t size) {
    return mp_fun_table.memset_(dst, value, size);
}

#define METHOD(name, function) + 1
TIN_LOADED mp_map_elem_t engine_locals_dict_table[0 ENGINE_METHODS(METHOD)];
#undef METHOD
static MP_DEFINE_CONST_DICT(engine_locals_dict, engine_locals_dict_table);

mp_obj_t mpy_init(mp_obj_fun_bc_t *self, size_t n_args, size_t n_kw, mp_obj_t *args) {
    MP_DYNRUNTIME_INIT_ENTRY

    memoryview_type = (const mp_obj_type_t *)mp_load_global(MP_QSTR_memoryview);

    mp_map_elem_t *entry = engine_locals_dict_table;
    #define METHOD(name, function) *entry++ = (mp_map_elem_t) { MP_OBJ_NEW_QSTR(name), MP_OBJ_FROM_PTR(&function) };
    ENGINE_METHODS(METHOD)
    #undef METHOD
    engine_type.base.type = &mp_type_type;
    engine_type.flags = MP_TYPE_FLAG_NONE;
    engine_type.name = MP_QSTR_Engine;
    MP_OBJ_TYPE_SET_SLOT(&engine_type, make_new, engine_make_new, 0);
    MP_OBJ_TYPE_SET_SLOT(&engine_type, attr, engine_attr, 1);
    MP_OBJ_TYPE_SET_SLOT(&engine_type, locals_dict, (void *)&engine_locals_dict, 2);

    mp_store_global(MP_QSTR_BACKEND, MP_OBJ_NEW_QSTR(MP_QSTR_natmod));
    mp_store_global(MP_QSTR_Engine, MP_OBJ_FROM_PTR(&engine_type));
    mp_store_global(MP_QSTR_needs, MP_OBJ_FROM_PTR(&needs_obj));

    MP_DYNRUNTIME_INIT_EXIT
}
