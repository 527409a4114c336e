# The assembler reads this before what GCC writes. A call is AUIPC and JALR there, as if functions lay further apart than JAL
# reaches, 1 MiB, and mpy_ld.py relaxes nothing: JAL takes half of the bytes. name@plt, which JAL does not know, stays as it is.
    .macro find_plt, name
    .set   plt, 0
    .irpc  c, \name
    .ifc   \c, @
    .set   plt, 1
    .endif
    .endr
    .endm

    .macro short_calls
    .macro call, name, other
    find_plt \name
    .if    plt
    .purgem call
    .purgem tail
    call   \name
    short_calls
    .else
    .ifb   \other
    jal    ra, \name
    .else
    jal    \name, \other
    .endif
    .endif
    .endm

    .macro tail, name
    find_plt \name
    .if    plt
    .purgem call
    .purgem tail
    tail   \name
    short_calls
    .else
    jal    zero, \name
    .endif
    .endm
    .endm
    short_calls
