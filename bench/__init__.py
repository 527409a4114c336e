"""Counts the instructions of inferences on emulated cores, beside budgets and peers.

The engine's own sources are linked with a bare-metal harness (bench.c, machine/), so that what is
counted is what ships.
QEMU executes it, insn_count.c of toolchain/qemu_plugin counts. Instructions, not cycles.
"""
