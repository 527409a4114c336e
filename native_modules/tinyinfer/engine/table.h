// Includes ops.def with the macros the includer defined; rows it did not ask for vanish. No include guard: that is its use.
#ifndef OP
#define OP(...)
#endif
#ifndef ATTR
#define ATTR(...)
#endif
#ifndef ROWS
#define ROWS(...)
#endif
#ifndef MACS
#define MACS(...)
#endif
#ifndef OVERLAP
#define OVERLAP(...)
#endif
#ifndef SCRATCH
#define SCRATCH(...)
#endif
#ifndef CORE
#define CORE(...)
#endif
#ifndef END
#define END(...)
#endif
#include "ops.def"
#undef OP
#undef ATTR
#undef ROWS
#undef MACS
#undef OVERLAP
#undef SCRATCH
#undef CORE
#undef END
