@ ARMv6-M divides with its compiler's library: 748 bytes, which are RAM in a native .mpy. As many steps as the quotient has bits.
    .syntax unified
    .cpu    cortex-m0
    .thumb
    .text

@ r0 / r1: quotient in r0, remainder in r1. The quotient of a division by zero is 0.
    .global __aeabi_uidiv
    .global __aeabi_uidivmod
    .thumb_func
__aeabi_uidiv:
    .thumb_func
__aeabi_uidivmod:
    lsrs    r2, r0, #1
    mov     r12, r2
    movs    r2, #0
    movs    r3, #1
1:  cmp     r1, r12
    bhi     2f
    lsls    r1, #1
    lsls    r3, #1
    bne     1b
2:  cmp     r0, r1
    blo     3f
    subs    r0, r1
    adds    r2, r3
3:  lsrs    r1, #1
    lsrs    r3, #1
    bne     2b
    movs    r1, r0
    movs    r0, r2
    bx      lr

@ The same of signed numbers; the remainder has the dividend's sign.
    .global __aeabi_idiv
    .global __aeabi_idivmod
    .thumb_func
__aeabi_idiv:
    .thumb_func
__aeabi_idivmod:
    push    {r4, r5, lr}
    asrs    r4, r0, #31
    eors    r0, r4
    subs    r0, r4
    asrs    r5, r1, #31
    eors    r1, r5
    subs    r1, r5
    bl      __aeabi_uidivmod
    eors    r5, r4
    eors    r0, r5
    subs    r0, r5
    eors    r1, r4
    subs    r1, r4
    pop     {r4, r5, pc}
