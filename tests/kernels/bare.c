// What a test program needs of a C library to run on a bare machine of bench/machine.
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "machine.h"

int main(void);

int machine_main(void) {
    return main();
}

void exit(int status) {
    machine_exit(status);
}

static void print_character(int c) {
    const char text[2] = { (char)c, 0 };
    machine_print(text);
}

static void print_number(unsigned long value) {
    if (value > 9) {
        print_number(value / 10);
    }
    print_character((int)('0' + value % 10));
}

// %s, and decimals of 32 bits.
int printf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    for (; *format; format++) {
        if (*format != '%') {
            print_character(*format);
            continue;
        }
        format += format[1] == 'l' ? 2 : 1;
        if (*format == 's') {
            machine_print(va_arg(arguments, const char *));
            continue;
        }
        long value = va_arg(arguments, long);
        if (*format == 'd' && value < 0) {
            print_character('-');
            value = -value;
        }
        print_number((unsigned long)value);
    }
    va_end(arguments);
    return 0;
}
