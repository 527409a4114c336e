// Which block ran: a build with -DTIN_TRACE is told where the choice is made, so that the name cannot differ from it. All others
// compile to nothing. Names that end in _plain are plain C; bench/share.py weighs them.
#ifndef TIN_TRACE_H
#define TIN_TRACE_H

#ifdef TIN_TRACE
// `count` multiply-accumulates, of add outputs, by this block.
void tin_ran(const char *block, int32_t count);
#define TIN_RAN(block, count) tin_ran(block, count)
#else
#define TIN_RAN(block, count) ((void)(count))
#endif

#endif
