/* client/shell/options.h - what the program was started with. */
#ifndef CLIENT_SHELL_OPTIONS_H
#define CLIENT_SHELL_OPTIONS_H

#include "base/settings.h"

typedef struct {
#define SETTING SETTING_FIELD
#include "client/shell/settings.def"
#undef SETTING
} options_t;

typedef enum { OPTIONS_RUN, OPTIONS_EXIT } options_result_t;

/* Reads the arguments and the environment. OPTIONS_EXIT: everything has been said, on standard output
 * (--help, --version) or standard error; the program ends with *out_status. */
HUB_MUST_CHECK options_result_t options_read(int argc, char **argv, options_t *out,
                                             int *out_status);

#endif
