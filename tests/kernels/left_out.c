// Opens the model files it is given and prints what the engine says: left_out FILE…
#include <stdio.h>
#include "tin.h"

int main(int count, char **paths) {
    for (int i = 1; i < count; i++) {
        static uint8_t file[1 << 12];
        FILE *const stream = fopen(paths[i], "rb");
        if (stream == NULL) {
            return 1;
        }
        const size_t size = fread(file, 1, sizeof(file), stream);
        fclose(stream);
        tin_model_t model;
        tin_error_t error;
        const tin_status_t status = tin_open(&model, file, size, &error);
        printf(tin_message(status), (int)error.a, (int)error.b);
        printf("\n");
    }
    return 0;
}
