// Which kernel ran: a build with -DTIN_TRACE is told its row (arch/choice.h) where it runs. All others compile to nothing. Names that
// end in _plain are plain C; bench/share.py weighs them, and compares them with what the rows promise.
#ifndef TIN_TRACE_H
#define TIN_TRACE_H

#ifdef TIN_TRACE
// `count` multiply-accumulates, of add outputs, by this kernel.
void tin_ran(const char *kernel, int32_t count);
#define TIN_RAN(kernel, count) tin_ran(#kernel, count)
#else
#define TIN_RAN(kernel, count) ((void)(count))
#endif

#endif
