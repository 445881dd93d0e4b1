/* ctl/arguments.h - what hubbubctl was told: a command, its words, its options. */
#ifndef CTL_ARGUMENTS_H
#define CTL_ARGUMENTS_H

#include "base/check.h"

#include <stdbool.h>
#include <stdint.h>

enum { ARGUMENTS_WORDS = 4, ARGUMENTS_ERROR_BYTES = 256 };

typedef struct {
    const char
        *words[ARGUMENTS_WORDS]; /* borrowed; what is no option, in order; NULL behind the last */
    int count;
    const char *data;          /* --data; "" where it was not said */
    const char *router;        /* --router; NULL */
    const char *reason;        /* --reason; NULL */
    const char *password_file; /* --password-file; NULL */
    uint64_t for_s;            /* --for; 0: not said */
    uint64_t expires_days;
    bool is_operator, wants_help, wants_version;
} arguments_t;

/* Reads them. False: `out_error` (ARGUMENTS_ERROR_BYTES) says in one line which is wrong. A key may begin
 * with a dash, even two: only what is no key can be an unknown option. */
HUB_MUST_CHECK bool arguments_read(int argc, char **argv, arguments_t *out, char *out_error);

/* The data directory that they mean; valid until the next call. */
const char *arguments_data(const arguments_t *self);

#endif
