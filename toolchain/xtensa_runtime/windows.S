// What a bare machine needs of register windows. At reset(), and at a trap, begin() or fault() of the program runs, with its stack
// below __stack_top.

// Windows that do not fit go to the stack as the ABI says: the compiler's calls, by 8 registers, and the first, by 4, since what
// that lays away needs no caller. Each other trap is a fault.
    .section .vectors, "ax"
    .global reset
    j      reset                        // where QEMU's machine starts
    .balign 1024
windows:
    s32e   a0, a5, -16
    s32e   a1, a5, -12
    s32e   a2, a5, -8
    s32e   a3, a5, -4
    rfwo
    .org   windows + 0x40
    j      trap
    .org   windows + 0x80
    s32e   a0, a9, -16
    l32e   a0, a1, -12
    s32e   a1, a9, -12
    s32e   a2, a9, -8
    s32e   a3, a9, -4
    s32e   a4, a0, -32
    s32e   a5, a0, -28
    s32e   a6, a0, -24
    s32e   a7, a0, -20
    rfwo
    .org   windows + 0xc0
    l32e   a0, a9, -16
    l32e   a1, a9, -12
    l32e   a2, a9, -8
    l32e   a7, a1, -12
    l32e   a3, a9, -4
    l32e   a4, a7, -32
    l32e   a5, a7, -28
    l32e   a6, a7, -24
    l32e   a7, a7, -20
    rfwu
    .irp   place, 0x100, 0x140, 0x180, 0x1c0, 0x200, 0x240, 0x280, 0x2c0
    .org   windows + \place
    j      trap
    .endr
    .org   windows + 0x300
    wsr.excsave1 a0
    rsr.exccause a0
    beqi   a0, 5, alloca                // MOVSP without the caller's window
    j      trap
    .irp   place, 0x340, 0x3c0
    .org   windows + \place
    j      trap
    .endr
    .balign 4
numbers:
    .word  windows, __stack_top, begin, fault, 0x4000f  // the last: windows on, interrupts off

// Brings the caller's window back, as if the underflow had been its return, then MOVSP runs again.
alloca:
    rsr.windowbase a0
    rotw   -1                           // to registers that nobody uses
    rsr.ps a2
    extui  a3, a2, 8, 4
    xor    a3, a3, a4
    rsr.excsave1 a4
    slli   a3, a3, 8
    xor    a2, a2, a3
    wsr.ps a2
    rsync
    rotw   -1
    j      windows + 0xc0

reset:
    l32r   a0, numbers
    wsr.vecbase a0
trap:
    movi   a0, 1
    wsr.windowstart a0
    movi   a0, 0
    wsr.windowbase a0
    rsync
    l32r   a1, numbers + 4
    l32r   a0, numbers + 16
    rsr.ps a3
    wsr.ps a0
    rsync
    movi   a0, 0
    bbsi   a3, 18, 1f
    l32r   a4, numbers + 8
    callx4 a4
1:  l32r   a4, numbers + 12
    callx4 a4

// void spill_windows(int depth): calls of `depth` + 1 windows, 4 of which push all older ones to the stack.
    .section .text.spill_windows, "ax"
    .global spill_windows
    .balign 4
spill_windows:
    entry  a1, 32
    beqz   a2, 1f
    addi   a10, a2, -1
    call8  spill_windows
1:  retw

    .macro copy4 to, to_offset, from, from_offset
    .irp   word, 0, 4, 8, 12
    l32i   a4, \from, \from_offset + \word
    s32i   a4, \to, \to_offset + \word
    .endr
    .endm

// jmp_buf: what a return to the caller takes from the stack, its registers a0 to a3 and a4 to a7, then what its own return will,
// then the address to return to.
    .section .text.setjmp, "ax"
    .global setjmp
    .balign 4
setjmp:
    entry  a1, 32
    movi   a10, 3
    call8  spill_windows
    addi   a3, a1, -16
    copy4  a2, 0, a3, 0
    l32i   a5, a3, 4                    // the caller's stack
    addi   a5, a5, -16
    copy4  a2, 32, a5, 0
    l32i   a5, a5, 4                    // its caller's
    addi   a5, a5, -32
    copy4  a2, 16, a5, 0
    s32i   a0, a2, 48
    movi   a2, 0
    retw

    .section .text.longjmp, "ax"
    .global longjmp
    .balign 4
longjmp:
    entry  a1, 32
    rsr.windowbase a4                   // only this window is left
    ssl    a4
    movi   a4, 1
    sll    a4, a4
    wsr.windowstart a4
    rsync
    l32i   a0, a2, 48
    addi   a5, a1, -16
    copy4  a5, 0, a2, 0
    l32i   a5, a2, 4
    addi   a5, a5, -16
    copy4  a5, 0, a2, 32
    l32i   a5, a2, 36
    addi   a5, a5, -32
    copy4  a5, 0, a2, 16
    movi   a2, 1
    movnez a2, a3, a3
    retw
