// QEMU TCG plugin: counts executed guest instructions, exactly and repeatably. It counts instructions, not cycles.
//
//   -plugin insn_count.so,out=FILE[,range=NAME:LO:HI]...[,symbols=on]
//
// FILE gets one line "COUNT NAME" for "total", for each range (addresses in hex, HI excluded) and, with symbols=on,
// for each ELF symbol that was executed; code outside any symbol counts as "?". It is written when QEMU exits.
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
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t index);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
const char *qemu_plugin_insn_symbol(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, struct qemu_plugin_tb *));
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn, void (*cb)(unsigned, void *),
    enum qemu_plugin_cb_flags flags, void *userdata);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*cb)(qemu_plugin_id_t, void *), void *userdata);

EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;
EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv);

typedef struct {
    char *name;
    uint64_t low;
    uint64_t high;
    uint64_t count;
} counter_t;

enum { MAX_RANGES = 16, MAX_SYMBOLS = 1 << 14 };

static counter_t total = {.name = "total"};
static counter_t ranges[MAX_RANGES];
static size_t n_ranges;
static counter_t symbols[MAX_SYMBOLS]; // open addressing, by name
static int count_symbols;
static const char *out_path;

static counter_t *find_symbol(const char *name) {
    uint32_t hash = 2166136261u; // FNV-1a
    for (const char *c = name; *c != 0; c++) {
        hash = (hash ^ (uint8_t)*c) * 16777619u;
    }
    for (size_t probe = 0; probe < MAX_SYMBOLS; probe++) {
        counter_t *symbol = &symbols[(hash + probe) % MAX_SYMBOLS];
        if (symbol->name == NULL) {
            symbol->name = strdup(name);
        }
        if (strcmp(symbol->name, name) == 0) {
            return symbol;
        }
    }
    fprintf(stderr, "insn_count: more than %d symbols\n", MAX_SYMBOLS);
    exit(1);
}

static void count(unsigned vcpu, void *counter) {
    (void)vcpu;
    ((counter_t *)counter)->count++;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
    (void)id;
    size_t n_insns = qemu_plugin_tb_n_insns(tb);
    for (size_t index = 0; index < n_insns; index++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, index);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, count, QEMU_PLUGIN_CB_NO_REGS, &total);
        for (size_t range = 0; range < n_ranges; range++) {
            if (address >= ranges[range].low && address < ranges[range].high) {
                qemu_plugin_register_vcpu_insn_exec_cb(insn, count, QEMU_PLUGIN_CB_NO_REGS, &ranges[range]);
            }
        }
        if (count_symbols) {
            const char *name = qemu_plugin_insn_symbol(insn);
            counter_t *symbol = find_symbol(name != NULL && *name != 0 ? name : "?");
            qemu_plugin_register_vcpu_insn_exec_cb(insn, count, QEMU_PLUGIN_CB_NO_REGS, symbol);
        }
    }
}

static void report(qemu_plugin_id_t id, void *userdata) {
    (void)id;
    (void)userdata;
    FILE *out = fopen(out_path, "w");
    if (out == NULL) {
        perror(out_path);
        return;
    }
    fprintf(out, "%" PRIu64 " %s\n", total.count, total.name);
    for (size_t range = 0; range < n_ranges; range++) {
        fprintf(out, "%" PRIu64 " %s\n", ranges[range].count, ranges[range].name);
    }
    for (size_t symbol = 0; symbol < MAX_SYMBOLS; symbol++) {
        if (symbols[symbol].count != 0) {
            fprintf(out, "%" PRIu64 " %s\n", symbols[symbol].count, symbols[symbol].name);
        }
    }
    fclose(out);
}

static int add_range(const char *text) {
    const char *colon = strchr(text, ':');
    counter_t *range = &ranges[n_ranges];
    if (n_ranges == MAX_RANGES || colon == NULL
        || sscanf(colon, ":%" SCNx64 ":%" SCNx64, &range->low, &range->high) != 2) {
        return -1;
    }
    range->name = strndup(text, (size_t)(colon - text));
    n_ranges++;
    return 0;
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
    (void)info;
    for (int arg = 0; arg < argc; arg++) {
        if (strncmp(argv[arg], "out=", 4) == 0) {
            out_path = strdup(argv[arg] + 4);
        } else if (strcmp(argv[arg], "symbols=on") == 0) {
            count_symbols = 1;
        } else if (strncmp(argv[arg], "range=", 6) != 0 || add_range(argv[arg] + 6) != 0) {
            fprintf(stderr, "insn_count: cannot use %s\n", argv[arg]);
            return -1;
        }
    }
    if (out_path == NULL) {
        fprintf(stderr, "insn_count: out=FILE is needed\n");
        return -1;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, report, NULL);
    return 0;
}
