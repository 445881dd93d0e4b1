/* broker/shell/options.h - hubbubd's settings, and what the core needs of them. */
#ifndef BROKER_SHELL_OPTIONS_H
#define BROKER_SHELL_OPTIONS_H

#include "base/settings.h"
#include "broker/core/core.h"

typedef struct {
#define SETTING SETTING_FIELD
#include "base/settings.def"
#undef SETTING
} options_t;

/* As in settings.def. */
typedef enum { DURABILITY_AUTO, DURABILITY_MEMORY, DURABILITY_FILE, DURABILITY_POWER } durability_t;

/* Reads the command line and the environment. OPTIONS_RUN: `out` is filled. Otherwise everything was
 * said, help on standard output or an error on standard error, and *out_status is how to exit. */
typedef enum { OPTIONS_RUN, OPTIONS_EXIT } options_result_t;
HUB_MUST_CHECK options_result_t options_read(int argc, char **argv, options_t *out,
                                             int *out_status);

/* The core's part of the settings, but what clients are told about PUB. */
core_settings_t options_core(const options_t *self);

#endif
