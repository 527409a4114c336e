// QEMU TCG plugin: counts executed guest instructions, exactly and repeatably. It counts instructions, not cycles.
//
//     -plugin insn_count.so,out=FILE[,mark=ADDRESS][,region=N]
//
// FILE gets one line per fact:
//     mark N COUNT               instructions up to and with the block in which the one at `mark` (hex) ran the Nth time
//     block HEX INSNS RUNS NAME  straight piece of code: address, length, executions, ELF symbol or "?"
//     total COUNT
// Counts per symbol or address range are sums over blocks. With `region` the blocks are counted between marks N and N + 1
// only. A block counts when it begins: nothing may interrupt the guest midway between two marks.
//
// Debian does not package qemu-plugin.h, so the few prototypes used are declared here; they are the same in all versions
// of the interface so far. Callbacks rather than inline counters: the inline ones changed between versions.
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb, void (*cb)(unsigned, void *),
    enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned, void *),
    enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, void *), void *userdata);

EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

typedef struct block {
    struct block *next;
    char *symbol;
    uint64_t address, insns, runs, runs_before, runs_after;
} block_t;

static const uint64_t none = UINT64_MAX;
static block_t *blocks;
static uint64_t total, marks, mark_address = none, region = none;
static FILE *out;

static void count_block(unsigned vcpu, void *userdata) {
    (void)vcpu;
    block_t *block = userdata;
    block->runs++;
    total += block->insns;
}

static void count_mark(unsigned vcpu, void *userdata) {
    (void)vcpu;
    (void)userdata;
    fprintf(out, "mark %" PRIu64 " %" PRIu64 "\n", marks, total);
    for (block_t *block = blocks; block != NULL; block = block->next) {
        if (marks == region) {
            block->runs_before = block->runs;
        } else if (marks == region + 1) {
            block->runs_after = block->runs;
        }
    }
    marks++;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    const char *symbol = qemu_plugin_insn_symbol(qemu_plugin_tb_get_insn(tb, 0));
    block_t *block = calloc(1, sizeof(block_t));
    block->symbol = strdup(symbol != NULL && *symbol != 0 ? symbol : "?");
    block->address = qemu_plugin_tb_vaddr(tb);
    block->insns = qemu_plugin_tb_n_insns(tb);
    block->next = blocks;
    blocks = block;
    qemu_plugin_register_vcpu_tb_exec_cb(tb, count_block, QEMU_PLUGIN_CB_NO_REGS, block);
    for (size_t index = 0; index < block->insns; index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        if (qemu_plugin_insn_vaddr(insn) == mark_address) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, count_mark, QEMU_PLUGIN_CB_NO_REGS, NULL);
        }
    }
}

static void report(qemu_plugin_id_t id, void *userdata) {
    (void)id;
    (void)userdata;
    for (block_t *block = blocks; block != NULL; block = block->next) {
        uint64_t runs = region == none ? block->runs : block->runs_after - block->runs_before;
        if (runs != 0) {
            fprintf(out, "block %" PRIx64 " %" PRIu64 " %" PRIu64 " %s\n", block->address, block->insns, runs,
                block->symbol);
        }
    }
    fprintf(out, "total %" PRIu64 "\n", total);
    fclose(out);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int arg = 0; arg < argc; arg++) {
        if (strncmp(argv[arg], "out=", 4) == 0) {
            out = fopen(argv[arg] + 4, "w");
        } else if (sscanf(argv[arg], "mark=%" SCNx64, &mark_address) != 1
            && sscanf(argv[arg], "region=%" SCNu64, &region) != 1) {
            fprintf(stderr, "insn_count: cannot use %s\n", argv[arg]);
            return -1;
        }
    }
    if (out == NULL) {
        fprintf(stderr, "insn_count: out=FILE is needed, and must be writable\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
