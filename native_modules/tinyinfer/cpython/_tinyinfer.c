// Module _tinyinfer for CPython: the interface of ../modtinyinfer.c. The interpreter's lock is held during a run, so a
// run cannot be interrupted by another.

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include "arch/family.h"
#include "tin.h"

typedef struct {
    PyObject_HEAD
    Py_buffer source;           // these two keep the memory that the model points into alive and in its place
    Py_buffer arena;
    Py_ssize_t skip;            // bytes before the first aligned address of the arena
    tin_model_t model;
} engine_t;

// Typecodes of array and memoryview by tin_dtype_t; what has none is seen as bytes.
static char typecode_of(const tin_tensor_t *tensor) {
    return "BbBhiBf"[tensor->dtype];
}

static Py_ssize_t element_count(const tin_tensor_t *tensor) {
    return (Py_ssize_t)tensor->n * tensor->h * tensor->w * tensor->c;
}

static int check(tin_status_t status, const tin_error_t *error) {
    if (status == TIN_OK) {
        return 0;
    }
    PyObject *type = PyExc_ValueError;
    if (status == TIN_ERR_ARENA) {
        type = PyExc_MemoryError;
    } else if (status == TIN_ERR_LEFT_OUT) {
        type = PyExc_NotImplementedError;
    }
    PyErr_Format(type, tin_message(status), (int)error->a, (int)error->b);
    return -1;
}

static int check_index(long index, int32_t count) {
    if (index < 0 || index >= count) {
        PyErr_Format(PyExc_IndexError, "index %ld of %d", index, (int)count);
        return -1;
    }
    return 0;
}

static int get_input(const engine_t *self, long index, tin_tensor_t *tensor) {
    if (check_index(index, self->model.input_count) < 0) {
        return -1;
    }
    tin_input(&self->model, (int32_t)index, tensor);
    return 0;
}

static int get_output(const engine_t *self, long index, tin_tensor_t *tensor) {
    if (check_index(index, self->model.output_count) < 0) {
        return -1;
    }
    tin_output(&self->model, (int32_t)index, tensor);
    return 0;
}

// Whether a buffer for this tensor is one of binary32: 1, 0, or -1 when it does not fit. Plain bytes are told apart by
// their length.
static int holds_floats(const tin_tensor_t *tensor, const Py_buffer *buffer) {
    const char *format = buffer->format == NULL ? "B" : buffer->format;
    if (format[0] == '@' || format[0] == '=' || format[0] == (PY_LITTLE_ENDIAN ? '<' : '>')) {
        format++;
    }
    const char typecode = format[0];
    const Py_ssize_t float_bytes = 4 * element_count(tensor);
    if (format[1] != '\0' || (typecode != 'B' && typecode != 'f' && typecode != typecode_of(tensor))) {
        PyErr_SetString(PyExc_TypeError, "buffer must hold float32, bytes or the model's integers");
        return -1;
    }
    if (typecode != 'f' && buffer->len == (Py_ssize_t)tensor->bytes) {
        return 0;
    }
    if ((typecode == 'f' || typecode == 'B') && buffer->len == float_bytes) {
        return 1;
    }
    PyErr_Format(PyExc_ValueError, "buffer must have %u bytes, or %zd as float32, has %zd",
        (unsigned int)tensor->bytes, float_bytes, buffer->len);
    return -1;
}

// TypeError for what is no buffer, is not contiguous or cannot be written, as in MicroPython.
static int get_buffer(PyObject *object, Py_buffer *buffer, int flags) {
    if (PyObject_GetBuffer(object, buffer, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT | flags) == 0) {
        return 0;
    }
    if (PyErr_ExceptionMatches(PyExc_BufferError)) {
        PyErr_Format(PyExc_TypeError, "a contiguous%s buffer required", flags == PyBUF_WRITABLE ? " writable" : "");
    }
    return -1;
}

static int quantize(const engine_t *self, long index, const void *src, void *dst, uint32_t count) {
    if (tin_quantize_input(&self->model, (int32_t)index, src, dst, count)) {
        return 0;
    }
    PyErr_Format(PyExc_ValueError, "input %ld takes no floats", index);
    return -1;
}

static int load(engine_t *self, long index, PyObject *src_in) {
    tin_tensor_t tensor;
    Py_buffer src;
    if (get_input(self, index, &tensor) < 0 || get_buffer(src_in, &src, 0) < 0) {
        return -1;
    }
    int floats = holds_floats(&tensor, &src);
    if (floats == 1) {
        floats = quantize(self, index, src.buf, tensor.data, (uint32_t)element_count(&tensor));
    } else if (floats == 0) {
        memmove(tensor.data, src.buf, tensor.bytes);
    }
    PyBuffer_Release(&src);
    return floats < 0 ? -1 : 0;
}

static int store(const engine_t *self, long index, PyObject *dst_in) {
    tin_tensor_t tensor;
    Py_buffer dst;
    if (get_output(self, index, &tensor) < 0 || get_buffer(dst_in, &dst, PyBUF_WRITABLE) < 0) {
        return -1;
    }
    const int floats = holds_floats(&tensor, &dst);
    if (floats == 1) {
        tin_dequantize_output(&self->model, (int32_t)index, tensor.data, dst.buf, (uint32_t)element_count(&tensor));
    } else if (floats == 0) {
        memmove(dst.buf, tensor.data, tensor.bytes);
    }
    PyBuffer_Release(&dst);
    return floats < 0 ? -1 : 0;
}

// A memoryview into the arena, which it keeps alive.
static PyObject *new_view(const engine_t *self, const tin_tensor_t *tensor) {
    const Py_ssize_t start = (uint8_t *)tensor->data - (uint8_t *)self->arena.buf;
    const char typecode[] = { typecode_of(tensor), '\0' };
    PyObject *whole = PyMemoryView_FromObject(self->arena.obj);
    PyObject *bytes = whole == NULL ? NULL : PyObject_CallMethod(whole, "cast", "s", "B");
    PyObject *part = bytes == NULL ? NULL : PySequence_GetSlice(bytes, start, start + (Py_ssize_t)tensor->bytes);
    PyObject *view = part == NULL ? NULL : PyObject_CallMethod(part, "cast", "s", typecode);
    Py_XDECREF(whole);
    Py_XDECREF(bytes);
    Py_XDECREF(part);
    return view;
}

static PyObject *engine_new(PyTypeObject *type, PyObject *args, PyObject *kwargs) {
    PyObject *source, *arena;
    static char *names[] = { "buffer", "arena", NULL };
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "OO:Engine", names, &source, &arena)) {
        return NULL;
    }
    engine_t *self = (engine_t *)type->tp_alloc(type, 0);
    if (self == NULL) {
        return NULL;
    }
    tin_error_t error = { TIN_OK, 0, 0 };
    if (get_buffer(source, &self->source, 0) < 0
        || get_buffer(arena, &self->arena, PyBUF_WRITABLE) < 0
        || check(tin_open(&self->model, self->source.buf, (size_t)self->source.len, &error), &error) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    const Py_ssize_t skip = (Py_ssize_t)(-(uintptr_t)self->arena.buf & 3);
    const Py_ssize_t rest = self->arena.len > skip ? self->arena.len - skip : 0;
    if (check(tin_bind(&self->model, (uint8_t *)self->arena.buf + skip, (size_t)rest, &error), &error) < 0) {
        Py_DECREF(self);
        return NULL;
    }
    return (PyObject *)self;
}

static void engine_dealloc(PyObject *object) {
    engine_t *self = (engine_t *)object;
    PyBuffer_Release(&self->source);
    PyBuffer_Release(&self->arena);
    Py_TYPE(object)->tp_free(object);
}

static PyObject *engine_run(PyObject *object, PyObject *args, PyObject *kwargs) {
    engine_t *self = (engine_t *)object;
    PyObject *inp = Py_None, *out = Py_None;
    static char *names[] = { "inp", "out", NULL };
    if (!PyArg_ParseTupleAndKeywords(args, kwargs, "|OO:run", names, &inp, &out)
        || (inp != Py_None && load(self, 0, inp) < 0)) {
        return NULL;
    }
    tin_invoke(&self->model);
    if (out != Py_None && store(self, 0, out) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *engine_load(PyObject *object, PyObject *args) {
    long index;
    PyObject *src;
    if (!PyArg_ParseTuple(args, "lO:load", &index, &src) || load((engine_t *)object, index, src) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *engine_store(PyObject *object, PyObject *args) {
    long index;
    PyObject *dst;
    if (!PyArg_ParseTuple(args, "lO:store", &index, &dst) || store((engine_t *)object, index, dst) < 0) {
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *engine_start(PyObject *object, PyObject *unused) {
    (void)unused;
    tin_start(&((engine_t *)object)->model);
    Py_RETURN_NONE;
}

static PyObject *engine_step(PyObject *object, PyObject *max_macs_in) {
    const long long max_macs = PyLong_AsLongLong(max_macs_in);
    if (max_macs == -1 && PyErr_Occurred()) {
        return NULL;
    }
    const uint32_t limit = max_macs < 0 ? 0 : max_macs > UINT32_MAX ? UINT32_MAX : (uint32_t)max_macs;
    return PyBool_FromLong(tin_step(&((engine_t *)object)->model, limit));
}

static PyObject *engine_run_node(PyObject *object, PyObject *unused) {
    (void)unused;
    tin_run_node(&((engine_t *)object)->model);
    Py_RETURN_NONE;
}

static PyObject *engine_crc(PyObject *object, PyObject *node_in) {
    const tin_model_t *model = &((engine_t *)object)->model;
    const long node = PyLong_AsLong(node_in);
    if ((node == -1 && PyErr_Occurred()) || check_index(node, model->node_count) < 0) {
        return NULL;
    }
    return PyLong_FromUnsignedLong(tin_node_crc(model, (int32_t)node));
}

static PyObject *engine_input(PyObject *object, PyObject *index_in) {
    const long index = PyLong_AsLong(index_in);
    tin_tensor_t tensor;
    if ((index == -1 && PyErr_Occurred()) || get_input((engine_t *)object, index, &tensor) < 0) {
        return NULL;
    }
    return new_view((engine_t *)object, &tensor);
}

static PyObject *engine_output(PyObject *object, PyObject *index_in) {
    const long index = PyLong_AsLong(index_in);
    tin_tensor_t tensor;
    if ((index == -1 && PyErr_Occurred()) || get_output((engine_t *)object, index, &tensor) < 0) {
        return NULL;
    }
    return new_view((engine_t *)object, &tensor);
}

static PyObject *engine_argmax(PyObject *object, PyObject *index_in) {
    const long index = PyLong_AsLong(index_in);
    tin_tensor_t tensor;
    if ((index == -1 && PyErr_Occurred()) || get_output((engine_t *)object, index, &tensor) < 0) {
        return NULL;
    }
    return PyLong_FromLong(tin_argmax(&tensor));
}

static PyObject *engine_reset(PyObject *object, PyObject *unused) {
    (void)unused;
    tin_reset(&((engine_t *)object)->model);
    Py_RETURN_NONE;
}

static PyMethodDef engine_methods[] = {
    { "run", (PyCFunction)(void (*)(void))engine_run, METH_VARARGS | METH_KEYWORDS,
      "run(inp=None, out=None)\n--\n\nOne inference; buffers of the model's integers or of float32." },
    { "load", engine_load, METH_VARARGS, "load(i, src)\n--\n\nFills input i." },
    { "store", engine_store, METH_VARARGS, "store(i, dst)\n--\n\nCopies output i." },
    { "start", engine_start, METH_NOARGS, "start()\n--\n\nThe next step begins a new inference." },
    { "step", engine_step, METH_O, "step(max_macs)\n--\n\nRuns some rows; True while there is more." },
    { "run_node", engine_run_node, METH_NOARGS, "run_node()\n--\n\nThe rest of the current operator." },
    { "crc", engine_crc, METH_O, "crc(i)\n--\n\nCRC-32 of the outputs of node i, which has just run." },
    { "input", engine_input, METH_O, "input(i)\n--\n\nInput i as a memoryview." },
    { "output", engine_output, METH_O, "output(i)\n--\n\nOutput i as a memoryview." },
    { "argmax", engine_argmax, METH_O, "argmax(i)\n--\n\nFirst index of the maximum of output i." },
    { "reset", engine_reset, METH_NOARGS, "reset()\n--\n\nThe state to zero." },
    { NULL, NULL, 0, NULL },
};

static PyTypeObject engine_type = {
    PyVarObject_HEAD_INIT(NULL, 0)
    .tp_name = "_tinyinfer.Engine",
    .tp_doc = "Engine(buffer, arena)\n--\n\nRuns the model file in `buffer` with the writable buffer `arena` as memory.",
    .tp_basicsize = sizeof(engine_t),
    .tp_flags = Py_TPFLAGS_DEFAULT,
    .tp_new = engine_new,
    .tp_dealloc = engine_dealloc,
    .tp_methods = engine_methods,
};

static PyObject *needs(PyObject *module, PyObject *source_in) {
    (void)module;
    Py_buffer source;
    if (get_buffer(source_in, &source, 0) < 0) {
        return NULL;
    }
    tin_model_t model;
    tin_error_t error = { TIN_OK, 0, 0 };
    const int failed = check(tin_open(&model, source.buf, (size_t)source.len, &error), &error);
    PyBuffer_Release(&source);
    if (failed < 0) {
        return NULL;
    }
    return Py_BuildValue("kkO", (unsigned long)model.arena_bytes, (unsigned long)model.state_bytes,
        model.aligned ? Py_True : Py_False);
}

static PyMethodDef module_methods[] = {
    { "needs", needs, METH_O, "needs(buffer)\n--\n\n(arena bytes, state bytes, whether the constants can be read as words) of a model file." },
    { NULL, NULL, 0, NULL },
};

static PyModuleDef module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_tinyinfer",
    .m_doc = "The engine: what tinyinfer.Model runs on.",
    .m_size = 0,
    .m_methods = module_methods,
};

PyMODINIT_FUNC PyInit__tinyinfer(void);
PyMODINIT_FUNC PyInit__tinyinfer(void) {
    PyObject *self = PyType_Ready(&engine_type) < 0 ? NULL : PyModule_Create(&module);
    Py_INCREF(&engine_type);
    if (self == NULL
        || PyModule_AddObject(self, "Engine", (PyObject *)&engine_type) < 0
        || PyModule_AddStringConstant(self, "BACKEND", "cpython") < 0
        || PyModule_AddIntConstant(self, "FAMILY", TIN_FAMILY) < 0) {
        Py_XDECREF(self);
        return NULL;
    }
    return self;
}
