# User C module of MicroPython's make ports: make USER_C_MODULES=.../native_modules
# TINYINFER_WITHOUT="mean transpose" leaves operators out.
TINYINFER_DIR := $(USERMOD_DIR)

# Only the binding is searched for names of Python.
SRC_USERMOD_C += $(TINYINFER_DIR)/modtinyinfer.c
SRC_USERMOD_LIB_C += $(filter-out $(TINYINFER_WITHOUT:%=$(TINYINFER_DIR)/kernels/%.c), \
    $(wildcard $(TINYINFER_DIR)/engine/*.c $(TINYINFER_DIR)/kernels/*.c))
CFLAGS_USERMOD += -I$(TINYINFER_DIR) $(patsubst %, -DTIN_WITHOUT_%=1, $(TINYINFER_WITHOUT))
