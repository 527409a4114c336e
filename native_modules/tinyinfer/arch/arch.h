// The blocks of the core this is compiled for: what its header does better, then plain C for the rest.
#ifndef TIN_ARCH_H
#define TIN_ARCH_H

#include "arch/family.h"
#include "arch/generic.h"

#endif
