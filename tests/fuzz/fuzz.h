/* tests/fuzz/fuzz.h - what every fuzz target defines: libFuzzer and replay.c call it. */
#ifndef HUB_TESTS_FUZZ_H
#define HUB_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Feeds `size` bytes at `data` (any bytes at all) to one parser. Returns 0; a fault is an abort. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
