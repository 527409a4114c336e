// Module _tinyinfer: the engine as a MicroPython type. One source for the user C module and for the native .mpy
// (natmod/_tinyinfer.c includes it). cpython/_tinyinfer.c and device/tinyinfer/engine have the same interface.

#if MICROPY_ENABLE_DYNRUNTIME
#include "py/dynruntime.h"
#define mp_type_MemoryError (*(const mp_obj_type_t *)mp_load_global(MP_QSTR_MemoryError))
// What a native module cannot have as constants is filled in by mpy_init. The loader gives it a place, so it is not the linker's to find.
#define TIN_LOADED __attribute__((visibility("default")))
TIN_LOADED mp_obj_full_type_t engine_type;
TIN_LOADED const mp_obj_type_t *memoryview_type;
#define ENGINE_TYPE ((const mp_obj_type_t *)&engine_type)
#define MEMORYVIEW_TYPE memoryview_type
#else
#include "py/runtime.h"
extern const mp_obj_type_t engine_type;
#define ENGINE_TYPE (&engine_type)
#define MEMORYVIEW_TYPE (&mp_type_memoryview)
#endif

#include <string.h>
#include "py/binary.h"
#include "py/mperrno.h"
#include "py/objarray.h"
#include "arch/family.h"
#include "tin.h"

typedef struct {
    mp_obj_base_t base;
    mp_obj_t source;            // these two keep the memory that the model points into alive
    mp_obj_t arena;
    uint8_t *arena_head;        // the arena as the garbage collector knows it
    volatile bool busy;
    tin_model_t model;
} engine_obj_t;

// Typecodes of array and memoryview by tin_dtype_t; what has none is seen as bytes.
static char typecode_of(const tin_tensor_t *tensor) {
    static const char typecodes[] = "BbBhiBf";
    return typecodes[tensor->dtype];
}

static uint32_t element_count(const tin_tensor_t *tensor) {
    return (uint32_t)(tensor->n * tensor->h * tensor->w * tensor->c);
}

// Errors

// Raises with `message`, its %d replaced by the numbers: by Python, which has that anyway.
static void __attribute__((noreturn)) raise_numbers(const mp_obj_type_t *type, const char *message, const int32_t *numbers) {
    mp_obj_t items[3];
    size_t length = 0, count = 0;
    for (; message[length] != '\0'; length++) {
        if (message[length] == '%') {
            items[count] = mp_obj_new_int(numbers[count]);
            count++;
        }
    }
    const mp_obj_t text = mp_obj_new_str(message, length);
    nlr_raise(mp_obj_new_exception_arg1(type, mp_binary_op(MP_BINARY_OP_MODULO, text, mp_obj_new_tuple(count, items))));
}

static void check(tin_status_t status, const tin_error_t *error) {
    if (status == TIN_OK) {
        return;
    }
    const mp_obj_type_t *type = &mp_type_ValueError;
    if (status == TIN_ERR_ARENA) {
        type = &mp_type_MemoryError;
    } else if (status == TIN_ERR_LEFT_OUT) {
        type = &mp_type_NotImplementedError;
    }
    int32_t numbers[] = { error->a, error->b };
    raise_numbers(type, tin_message(status), numbers);
}

// A run may be met by another: from a hard interrupt, or from a thread where there is no global lock. Nothing between
// claim() and release() may raise.
static void claim(engine_obj_t *self) {
    if (self->busy) {
        mp_raise_OSError(MP_EBUSY);
    }
    self->busy = true;
}

static void release(engine_obj_t *self) {
    self->busy = false;
}

static int32_t checked_index(mp_obj_t index_in, int32_t count) {
    mp_int_t index = mp_obj_get_int(index_in);
    if (index < 0 || index >= count) {
        int32_t numbers[] = { (int32_t)index, count };
        raise_numbers(&mp_type_IndexError, "index %d of %d", numbers);
    }
    return (int32_t)index;
}

// Tensors and buffers of the caller

enum { INPUT, OUTPUT };

static int32_t get_tensor(const engine_obj_t *self, int which, mp_obj_t index_in, tin_tensor_t *tensor) {
    const int32_t index = checked_index(index_in, which == INPUT ? self->model.input_count : self->model.output_count);
    if (which == INPUT) {
        tin_input(&self->model, index, tensor);
    } else {
        tin_output(&self->model, index, tensor);
    }
    return index;
}

// A tensor and a buffer of the caller's to fill it from, or to copy it to.
typedef struct {
    tin_tensor_t tensor;
    mp_buffer_info_t buffer;
    int32_t index;
    bool floats;
} port_t;

// Whether a buffer for this tensor is one of binary32. Plain bytes are told apart by their length.
static bool holds_floats(const tin_tensor_t *tensor, const mp_buffer_info_t *buffer) {
    const uint32_t float_bytes = 4 * element_count(tensor);
    const bool bytes = buffer->typecode == 'B' || buffer->typecode == BYTEARRAY_TYPECODE;
    if (!bytes && buffer->typecode != 'f' && buffer->typecode != typecode_of(tensor)) {
        mp_raise_TypeError(MP_ERROR_TEXT("buffer must hold float32, bytes or the model's integers"));
    }
    if (buffer->typecode != 'f' && buffer->len == tensor->bytes) {
        return false;
    }
    if ((bytes || buffer->typecode == 'f') && buffer->len == float_bytes) {
        return true;
    }
    int32_t numbers[] = { (int32_t)tensor->bytes, (int32_t)float_bytes, (int32_t)buffer->len };
    raise_numbers(&mp_type_ValueError, "buffer must have %d bytes, or %d as float32, has %d", numbers);
}

static void check_quantizer(const engine_obj_t *self, int32_t index) {
    if (!tin_quantize_input(&self->model, index, NULL, NULL, 0)) {
        raise_numbers(&mp_type_ValueError, "input %d takes no floats", &index);
    }
}

static void open_port(const engine_obj_t *self, int which, mp_obj_t index_in, mp_obj_t buffer_in, port_t *port) {
    port->index = get_tensor(self, which, index_in, &port->tensor);
    mp_get_buffer_raise(buffer_in, &port->buffer, which == INPUT ? MP_BUFFER_READ : MP_BUFFER_WRITE);
    port->floats = holds_floats(&port->tensor, &port->buffer);
    if (port->floats && which == INPUT) {
        check_quantizer(self, port->index);
    }
}

static void fill(const engine_obj_t *self, const port_t *port) {
    const tin_tensor_t *tensor = &port->tensor;
    if (port->floats) {
        tin_quantize_input(&self->model, port->index, port->buffer.buf, tensor->data, element_count(tensor));
    } else {
        memmove(tensor->data, port->buffer.buf, tensor->bytes);
    }
}

static void copy(const engine_obj_t *self, const port_t *port) {
    const tin_tensor_t *tensor = &port->tensor;
    if (port->floats) {
        tin_dequantize_output(&self->model, port->index, tensor->data, port->buffer.buf, element_count(tensor));
    } else {
        memmove(port->buffer.buf, tensor->data, tensor->bytes);
    }
}

// A memoryview into the arena. It holds the head of the arena's memory, which is what the garbage collector looks for,
// and counts its offset from there in elements.
static mp_obj_t new_view(mp_obj_t self_in, int which, mp_obj_t index_in) {
    const engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    tin_tensor_t tensor;
    get_tensor(self, which, index_in, &tensor);
    const char typecode = typecode_of(&tensor);
    const size_t size = mp_binary_get_size('@', typecode, NULL);
    uint8_t *head = self->arena_head;
    const size_t distance = (size_t)((uint8_t *)tensor.data - head);
    size_t offset = distance / size;
    if (offset * size != distance) {
        // Memory that is not of the garbage collector, whose blocks are aligned.
        head = tensor.data;
        offset = 0;
    }
    mp_obj_array_t *view = mp_obj_malloc(mp_obj_array_t, MEMORYVIEW_TYPE);
    view->typecode = (size_t)typecode | MP_OBJ_ARRAY_TYPECODE_FLAG_RW;
    view->free = offset;
    view->len = tensor.bytes / size;
    view->items = head;
    return MP_OBJ_FROM_PTR(view);
}

// Engine(buffer, arena)
static mp_obj_t engine_make_new(const mp_obj_type_t *type, size_t n_args, size_t n_kw, const mp_obj_t *args) {
    mp_arg_check_num(n_args, n_kw, 2, 2, false);
    mp_buffer_info_t source, arena;
    mp_get_buffer_raise(args[0], &source, MP_BUFFER_READ);
    mp_get_buffer_raise(args[1], &arena, MP_BUFFER_WRITE);

    engine_obj_t *self = mp_obj_malloc(engine_obj_t, type);
    self->source = args[0];
    self->arena = args[1];
    self->busy = false;
    self->arena_head = arena.buf;
    if (mp_obj_get_type(args[1]) == MEMORYVIEW_TYPE) {
        self->arena_head = ((mp_obj_array_t *)MP_OBJ_TO_PTR(args[1]))->items;
    }
    const size_t end = (size_t)((uint8_t *)arena.buf - self->arena_head) + arena.len;
    if ((end >> MP_OBJ_ARRAY_FREE_SIZE_BITS) != 0) {
        mp_raise_ValueError(MP_ERROR_TEXT("arena too large for memoryview"));
    }

    tin_error_t error;
    check(tin_open(&self->model, source.buf, source.len, &error), &error);
    const size_t skip = -(uintptr_t)arena.buf & 3;
    const size_t rest = arena.len > skip ? arena.len - skip : 0;
    check(tin_bind(&self->model, (uint8_t *)arena.buf + skip, rest, &error), &error);
    return MP_OBJ_FROM_PTR(self);
}

// .run(inp=None, out=None)
static mp_obj_t engine_run(size_t n_args, const mp_obj_t *args) {
    engine_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    const bool filled = n_args > 1 && args[1] != mp_const_none;
    const bool copied = n_args > 2 && args[2] != mp_const_none;
    port_t inp, out;
    if (filled) {
        open_port(self, INPUT, MP_OBJ_NEW_SMALL_INT(0), args[1], &inp);
    }
    if (copied) {
        open_port(self, OUTPUT, MP_OBJ_NEW_SMALL_INT(0), args[2], &out);
    }
    claim(self);
    if (filled) {
        fill(self, &inp);
    }
    tin_invoke(&self->model);
    if (copied) {
        copy(self, &out);
    }
    release(self);
    return mp_const_none;
}

// .load(i, src): fills input i
static mp_obj_t engine_load(mp_obj_t self_in, mp_obj_t index_in, mp_obj_t src_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    port_t port;
    open_port(self, INPUT, index_in, src_in, &port);
    claim(self);
    fill(self, &port);
    release(self);
    return mp_const_none;
}

// .store(i, dst): copies output i
static mp_obj_t engine_store(mp_obj_t self_in, mp_obj_t index_in, mp_obj_t dst_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    port_t port;
    open_port(self, OUTPUT, index_in, dst_in, &port);
    claim(self);
    copy(self, &port);
    release(self);
    return mp_const_none;
}

// .start(): the next step begins a new inference
static mp_obj_t engine_start(mp_obj_t self_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    claim(self);
    tin_start(&self->model);
    release(self);
    return mp_const_none;
}

// .step(max_macs): True while there is more
static mp_obj_t engine_step(mp_obj_t self_in, mp_obj_t max_macs_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    const mp_int_t max_macs = mp_obj_get_int(max_macs_in);
    claim(self);
    const bool more = tin_step(&self->model, max_macs < 0 ? 0 : (uint32_t)max_macs);
    release(self);
    return mp_obj_new_bool(more);
}

// .run_node(): the rest of the current operator
static mp_obj_t engine_run_node(mp_obj_t self_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    claim(self);
    tin_run_node(&self->model);
    release(self);
    return mp_const_none;
}

// .crc(i): of the outputs of node i, which has just run
static mp_obj_t engine_crc(mp_obj_t self_in, mp_obj_t node_in) {
    const engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    return mp_obj_new_int_from_uint(tin_node_crc(&self->model, checked_index(node_in, self->model.node_count)));
}

// .input(i), .output(i): memoryviews
static mp_obj_t engine_input(mp_obj_t self_in, mp_obj_t index_in) {
    return new_view(self_in, INPUT, index_in);
}

static mp_obj_t engine_output(mp_obj_t self_in, mp_obj_t index_in) {
    return new_view(self_in, OUTPUT, index_in);
}

// .argmax(i)
static mp_obj_t engine_argmax(mp_obj_t self_in, mp_obj_t index_in) {
    tin_tensor_t tensor;
    get_tensor(MP_OBJ_TO_PTR(self_in), OUTPUT, index_in, &tensor);
    return MP_OBJ_NEW_SMALL_INT(tin_argmax(&tensor));
}

// .reset(): the state to zero
static mp_obj_t engine_reset(mp_obj_t self_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    claim(self);
    tin_reset(&self->model);
    release(self);
    return mp_const_none;
}

// needs(buffer): (arena bytes, state bytes, whether the constants can be read as words)
static mp_obj_t needs(mp_obj_t source_in) {
    mp_buffer_info_t source;
    mp_get_buffer_raise(source_in, &source, MP_BUFFER_READ);
    tin_model_t model;
    tin_error_t error;
    check(tin_open(&model, source.buf, source.len, &error), &error);
    mp_obj_t items[] = {
        mp_obj_new_int_from_uint(model.arena_bytes), mp_obj_new_int_from_uint(model.state_bytes), mp_obj_new_bool(model.aligned),
    };
    return mp_obj_new_tuple(3, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(needs_obj, needs);

// Methods and how many arguments they have. run, which has a choice of them and is larger, comes last.
#define ENGINE_METHODS(METHOD) \
    METHOD(load, MP_QSTR_load, 3) \
    METHOD(store, MP_QSTR_store, 3) \
    METHOD(start, MP_QSTR_start, 1) \
    METHOD(step, MP_QSTR_step, 2) \
    METHOD(run_node, MP_QSTR_run_node, 1) \
    METHOD(crc, MP_QSTR_crc, 2) \
    METHOD(input, MP_QSTR_input, 2) \
    METHOD(output, MP_QSTR_output, 2) \
    METHOD(argmax, MP_QSTR_argmax, 2) \
    METHOD(reset, MP_QSTR_reset, 1)

static const struct {
    #define METHOD(name, name_qstr, count) mp_obj_fun_builtin_fixed_t name;
    ENGINE_METHODS(METHOD)
    #undef METHOD
    mp_obj_fun_builtin_var_t run;
} engine_methods = {
    #define METHOD(name, name_qstr, count) { { &mp_type_fun_builtin_##count }, { ._##count = engine_##name } },
    ENGINE_METHODS(METHOD)
    #undef METHOD
    { { &mp_type_fun_builtin_var }, MP_OBJ_FUN_MAKE_SIG(1, 3, false), { .var = engine_run } },
};

#if !MICROPY_ENABLE_DYNRUNTIME

static const mp_rom_map_elem_t engine_locals_dict_table[] = {
    #define METHOD(name, name_qstr, count) { MP_ROM_QSTR(name_qstr), MP_ROM_PTR(&engine_methods.name) },
    ENGINE_METHODS(METHOD)
    #undef METHOD
    { MP_ROM_QSTR(MP_QSTR_run), MP_ROM_PTR(&engine_methods.run) },
};
static MP_DEFINE_CONST_DICT(engine_locals_dict, engine_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    engine_type,
    MP_QSTR_Engine,
    MP_TYPE_FLAG_NONE,
    make_new, engine_make_new,
    locals_dict, &engine_locals_dict
    );

static const mp_rom_map_elem_t tinyinfer_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__tinyinfer) },
    { MP_ROM_QSTR(MP_QSTR_BACKEND), MP_ROM_QSTR(MP_QSTR_usermod) },
    { MP_ROM_QSTR(MP_QSTR_FAMILY), MP_ROM_INT(TIN_FAMILY) },
    { MP_ROM_QSTR(MP_QSTR_Engine), MP_ROM_PTR(&engine_type) },
    { MP_ROM_QSTR(MP_QSTR_needs), MP_ROM_PTR(&needs_obj) },
};
static MP_DEFINE_CONST_DICT(tinyinfer_globals, tinyinfer_globals_table);

const mp_obj_module_t tinyinfer_user_cmodule = {
    .base = { &mp_type_module },
    .globals = (mp_obj_dict_t *)&tinyinfer_globals,
};

MP_REGISTER_MODULE(MP_QSTR__tinyinfer, tinyinfer_user_cmodule);

#endif
