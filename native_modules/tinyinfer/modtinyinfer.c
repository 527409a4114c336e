// Module _tinyinfer: the engine as a MicroPython type. One source for the user C module and for the native .mpy
// (natmod/_tinyinfer.c includes it). cpython/_tinyinfer.c and device/tinyinfer/engine have the same interface.

#if MICROPY_ENABLE_DYNRUNTIME
#include "py/dynruntime.h"
#define mp_type_MemoryError (*(const mp_obj_type_t *)mp_load_global(MP_QSTR_MemoryError))
// What a native module cannot have as constants is filled in by mpy_init.
mp_obj_full_type_t engine_type;
const mp_obj_type_t *memoryview_type;
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

// Raises with `message`, its %d replaced by the numbers.
static void __attribute__((noreturn)) raise_numbers(const mp_obj_type_t *type, const char *message, const int32_t *numbers) {
    char text[112];
    size_t length = 0;
    for (; *message != '\0' && length < sizeof(text) - 12; message++) {
        if (*message != '%') {
            text[length++] = *message;
            continue;
        }
        message++;
        char digits[10];
        size_t count = 0;
        int32_t number = *numbers++;
        uint32_t rest = number < 0 ? 0 - (uint32_t)number : (uint32_t)number;
        do {
            digits[count++] = (char)('0' + rest % 10);
            rest /= 10;
        } while (rest != 0);
        if (number < 0) {
            text[length++] = '-';
        }
        while (count > 0) {
            text[length++] = digits[--count];
        }
    }
    nlr_raise(mp_obj_new_exception_arg1(type, mp_obj_new_str(text, length)));
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

// The engine object, for methods that may not interrupt a run: from a hard interrupt, or a thread without a global lock.
static engine_obj_t *idle_engine(mp_obj_t self_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (self->busy) {
        mp_raise_OSError(MP_EBUSY);
    }
    return self;
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

static tin_tensor_t get_input(const engine_obj_t *self, mp_obj_t index_in) {
    tin_tensor_t tensor;
    tin_input(&self->model, checked_index(index_in, self->model.input_count), &tensor);
    return tensor;
}

static tin_tensor_t get_output(const engine_obj_t *self, mp_obj_t index_in) {
    tin_tensor_t tensor;
    tin_output(&self->model, checked_index(index_in, self->model.output_count), &tensor);
    return tensor;
}

// Whether a buffer for this tensor is one of binary32. Plain bytes are told apart by their length.
static bool holds_floats(const tin_tensor_t *tensor, const mp_buffer_info_t *buffer) {
    const uint32_t float_bytes = 4 * element_count(tensor);
    const bool bytes = buffer->typecode == 'B' || buffer->typecode == BYTEARRAY_TYPECODE;
    if (!bytes && buffer->typecode != 'f' && buffer->typecode != typecode_of(tensor)) {
        int32_t numbers[] = { 0 };
        raise_numbers(&mp_type_TypeError, "buffer must hold float32, bytes or the model's integers", numbers);
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

static void load(engine_obj_t *self, mp_obj_t index_in, mp_obj_t src_in) {
    tin_tensor_t tensor = get_input(self, index_in);
    mp_buffer_info_t src;
    mp_get_buffer_raise(src_in, &src, MP_BUFFER_READ);
    if (holds_floats(&tensor, &src)) {
        tin_quantize_input(&self->model, mp_obj_get_int(index_in), src.buf, tensor.data, element_count(&tensor));
    } else {
        memmove(tensor.data, src.buf, tensor.bytes);
    }
}

static void store(const engine_obj_t *self, mp_obj_t index_in, mp_obj_t dst_in) {
    tin_tensor_t tensor = get_output(self, index_in);
    mp_buffer_info_t dst;
    mp_get_buffer_raise(dst_in, &dst, MP_BUFFER_WRITE);
    if (holds_floats(&tensor, &dst)) {
        tin_dequantize_output(&self->model, mp_obj_get_int(index_in), tensor.data, dst.buf, element_count(&tensor));
    } else {
        memmove(dst.buf, tensor.data, tensor.bytes);
    }
}

// A memoryview into the arena. It holds the head of the arena's memory, which is what the garbage collector looks for,
// and counts its offset from there in elements.
static mp_obj_t new_view(const engine_obj_t *self, const tin_tensor_t *tensor) {
    const char typecode = typecode_of(tensor);
    const size_t size = mp_binary_get_size('@', typecode, NULL);
    uint8_t *head = self->arena_head;
    const size_t distance = (size_t)((uint8_t *)tensor->data - head);
    size_t offset = distance / size;
    if (offset * size != distance) {
        // Memory that is not of the garbage collector, whose blocks are aligned.
        head = tensor->data;
        offset = 0;
    }
    mp_obj_array_t *view = mp_obj_malloc(mp_obj_array_t, MEMORYVIEW_TYPE);
    view->typecode = (size_t)typecode | MP_OBJ_ARRAY_TYPECODE_FLAG_RW;
    view->free = offset;
    view->len = tensor->bytes / size;
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
    engine_obj_t *self = idle_engine(args[0]);
    if (n_args > 1 && args[1] != mp_const_none) {
        load(self, MP_OBJ_NEW_SMALL_INT(0), args[1]);
    }
    self->busy = true;
    tin_invoke(&self->model);
    self->busy = false;
    if (n_args > 2 && args[2] != mp_const_none) {
        store(self, MP_OBJ_NEW_SMALL_INT(0), args[2]);
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(engine_run_obj, 1, 3, engine_run);

// .load(i, src): fills input i
static mp_obj_t engine_load(mp_obj_t self_in, mp_obj_t index_in, mp_obj_t src_in) {
    load(idle_engine(self_in), index_in, src_in);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(engine_load_obj, engine_load);

// .store(i, dst): copies output i
static mp_obj_t engine_store(mp_obj_t self_in, mp_obj_t index_in, mp_obj_t dst_in) {
    store(idle_engine(self_in), index_in, dst_in);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_3(engine_store_obj, engine_store);

// .start()
static mp_obj_t engine_start(mp_obj_t self_in) {
    tin_start(&idle_engine(self_in)->model);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(engine_start_obj, engine_start);

// .step(max_macs): True while there is more
static mp_obj_t engine_step(mp_obj_t self_in, mp_obj_t max_macs_in) {
    engine_obj_t *self = idle_engine(self_in);
    const mp_int_t max_macs = mp_obj_get_int(max_macs_in);
    self->busy = true;
    const bool more = tin_step(&self->model, max_macs < 0 ? 0 : (uint32_t)max_macs);
    self->busy = false;
    return mp_obj_new_bool(more);
}
static MP_DEFINE_CONST_FUN_OBJ_2(engine_step_obj, engine_step);

// .run_node(): the rest of the current operator
static mp_obj_t engine_run_node(mp_obj_t self_in) {
    engine_obj_t *self = idle_engine(self_in);
    if (self->model.node < self->model.node_count) {
        self->busy = true;
        tin_run_node(&self->model);
        self->busy = false;
    }
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(engine_run_node_obj, engine_run_node);

// .crc(i): of the outputs of node i, which has just run
static mp_obj_t engine_crc(mp_obj_t self_in, mp_obj_t node_in) {
    engine_obj_t *self = idle_engine(self_in);
    return mp_obj_new_int_from_uint(tin_node_crc(&self->model, checked_index(node_in, self->model.node_count)));
}
static MP_DEFINE_CONST_FUN_OBJ_2(engine_crc_obj, engine_crc);

// .input(i), .output(i): memoryviews
static mp_obj_t engine_input(mp_obj_t self_in, mp_obj_t index_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    tin_tensor_t tensor = get_input(self, index_in);
    return new_view(self, &tensor);
}
static MP_DEFINE_CONST_FUN_OBJ_2(engine_input_obj, engine_input);

static mp_obj_t engine_output(mp_obj_t self_in, mp_obj_t index_in) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    tin_tensor_t tensor = get_output(self, index_in);
    return new_view(self, &tensor);
}
static MP_DEFINE_CONST_FUN_OBJ_2(engine_output_obj, engine_output);

// .argmax(i)
static mp_obj_t engine_argmax(mp_obj_t self_in, mp_obj_t index_in) {
    tin_tensor_t tensor = get_output(MP_OBJ_TO_PTR(self_in), index_in);
    return MP_OBJ_NEW_SMALL_INT(tin_argmax(&tensor));
}
static MP_DEFINE_CONST_FUN_OBJ_2(engine_argmax_obj, engine_argmax);

// How many numbers to convert, from the sizes of both buffers.
static uint32_t conversion_count(const tin_tensor_t *tensor, size_t float_bytes, size_t integer_bytes) {
    const uint32_t count = (uint32_t)float_bytes / 4;
    if (4 * count != float_bytes || count * tensor->bits / 8 != integer_bytes) {
        int32_t numbers[] = { (int32_t)float_bytes, (int32_t)integer_bytes };
        raise_numbers(&mp_type_ValueError, "buffers differ: %d bytes of float32, %d of integers", numbers);
    }
    return count;
}

// .quantize(i, src, dst): any count of binary32, as if they were elements 0, 1, ... of input i
static mp_obj_t engine_quantize(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    engine_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    tin_tensor_t tensor = get_input(self, args[1]);
    mp_buffer_info_t src, dst;
    mp_get_buffer_raise(args[2], &src, MP_BUFFER_READ);
    mp_get_buffer_raise(args[3], &dst, MP_BUFFER_WRITE);
    const uint32_t count = conversion_count(&tensor, src.len, dst.len);
    tin_quantize_input(&self->model, mp_obj_get_int(args[1]), src.buf, dst.buf, count);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(engine_quantize_obj, 4, 4, engine_quantize);

// .dequantize(i, src, dst): the way back, for output i
static mp_obj_t engine_dequantize(size_t n_args, const mp_obj_t *args) {
    (void)n_args;
    engine_obj_t *self = MP_OBJ_TO_PTR(args[0]);
    tin_tensor_t tensor = get_output(self, args[1]);
    mp_buffer_info_t src, dst;
    mp_get_buffer_raise(args[2], &src, MP_BUFFER_READ);
    mp_get_buffer_raise(args[3], &dst, MP_BUFFER_WRITE);
    const uint32_t count = conversion_count(&tensor, dst.len, src.len);
    tin_dequantize_output(&self->model, mp_obj_get_int(args[1]), src.buf, dst.buf, count);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_VAR_BETWEEN(engine_dequantize_obj, 4, 4, engine_dequantize);

// .reset(): the state to zero
static mp_obj_t engine_reset(mp_obj_t self_in) {
    tin_reset(&idle_engine(self_in)->model);
    return mp_const_none;
}
static MP_DEFINE_CONST_FUN_OBJ_1(engine_reset_obj, engine_reset);

// .node, the next operator; .aligned
static void engine_attr(mp_obj_t self_in, qstr attr, mp_obj_t *dest) {
    engine_obj_t *self = MP_OBJ_TO_PTR(self_in);
    if (dest[0] != MP_OBJ_NULL) {
        return;
    }
    if (attr == MP_QSTR_node) {
        dest[0] = MP_OBJ_NEW_SMALL_INT(self->model.node);
    } else if (attr == MP_QSTR_aligned) {
        dest[0] = mp_obj_new_bool(self->model.aligned);
    } else {
        dest[1] = MP_OBJ_SENTINEL;
    }
}

// needs(buffer): (arena bytes, state bytes)
static mp_obj_t needs(mp_obj_t source_in) {
    mp_buffer_info_t source;
    mp_get_buffer_raise(source_in, &source, MP_BUFFER_READ);
    tin_model_t model;
    tin_error_t error;
    check(tin_open(&model, source.buf, source.len, &error), &error);
    mp_obj_t items[] = { mp_obj_new_int_from_uint(model.arena_bytes), mp_obj_new_int_from_uint(model.state_bytes) };
    return mp_obj_new_tuple(2, items);
}
static MP_DEFINE_CONST_FUN_OBJ_1(needs_obj, needs);

// Names of the methods, once for constant tables and once for those filled by mpy_init.
#define ENGINE_METHODS(METHOD) \
    METHOD(MP_QSTR_run, engine_run_obj) \
    METHOD(MP_QSTR_load, engine_load_obj) \
    METHOD(MP_QSTR_store, engine_store_obj) \
    METHOD(MP_QSTR_start, engine_start_obj) \
    METHOD(MP_QSTR_step, engine_step_obj) \
    METHOD(MP_QSTR_run_node, engine_run_node_obj) \
    METHOD(MP_QSTR_crc, engine_crc_obj) \
    METHOD(MP_QSTR_input, engine_input_obj) \
    METHOD(MP_QSTR_output, engine_output_obj) \
    METHOD(MP_QSTR_argmax, engine_argmax_obj) \
    METHOD(MP_QSTR_quantize, engine_quantize_obj) \
    METHOD(MP_QSTR_dequantize, engine_dequantize_obj) \
    METHOD(MP_QSTR_reset, engine_reset_obj)

#if !MICROPY_ENABLE_DYNRUNTIME

static const mp_rom_map_elem_t engine_locals_dict_table[] = {
    #define METHOD(name, function) { MP_ROM_QSTR(name), MP_ROM_PTR(&function) },
    ENGINE_METHODS(METHOD)
    #undef METHOD
};
static MP_DEFINE_CONST_DICT(engine_locals_dict, engine_locals_dict_table);

MP_DEFINE_CONST_OBJ_TYPE(
    engine_type,
    MP_QSTR_Engine,
    MP_TYPE_FLAG_NONE,
    make_new, engine_make_new,
    attr, engine_attr,
    locals_dict, &engine_locals_dict
    );

static const mp_rom_map_elem_t tinyinfer_globals_table[] = {
    { MP_ROM_QSTR(MP_QSTR___name__), MP_ROM_QSTR(MP_QSTR__tinyinfer) },
    { MP_ROM_QSTR(MP_QSTR_BACKEND), MP_ROM_QSTR(MP_QSTR_usermod) },
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
