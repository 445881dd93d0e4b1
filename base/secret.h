/* base/secret.h - a password from a person's terminal, or from a file. */
#ifndef BASE_SECRET_H
#define BASE_SECRET_H

#include "base/check.h"

#include <stdbool.h>
#include <stddef.h>

enum { SECRET_BYTES = 256 }; /* with its zero */

typedef enum {
    SECRET_OK,
    SECRET_NONE,           /* nothing was typed, or the end of the input came first */
    SECRET_TOO_LONG,       /* more than fits */
    SECRET_OPEN_TO_OTHERS, /* the file can be read by others */
    SECRET_UNREADABLE,     /* errno says why */
} secret_result_t;

/* Reads one line from standard input into `out` (SECRET_BYTES), without its end. Where that is a terminal, `prompt` is put to
 * standard error, and what is typed is not shown. On an error `out` is empty. */
HUB_MUST_CHECK secret_result_t secret_ask(const char *prompt, char *out);

/* Reads the first line of a file that is for its owner alone. */
HUB_MUST_CHECK secret_result_t secret_read_file(const char *path, char *out);

/* What is wrong, for people; for SECRET_UNREADABLE call it before errno changes. */
const char *secret_trouble(secret_result_t result);

/* Forgets it. */
void secret_wipe(char *secret);

#endif
