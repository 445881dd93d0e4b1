/* broker/shell/storage.h - which store, and where: from the settings and the environment. */
#ifndef BROKER_SHELL_STORAGE_H
#define BROKER_SHELL_STORAGE_H

#include "broker/shell/options.h"
#include "broker/store/store.h"

enum { STORAGE_ERROR_BYTES = 1024, STORAGE_PATH_BYTES = 512 };

/* The data directory: --data, else as places_data() says. */
void storage_directory(const options_t *options, char out[STORAGE_PATH_BYTES]);

/* The store that the settings ask for, for the caller to destroy. With --durability auto, no --data, and no directory to
 * be had, that is memory, and a line says so. NULL: `out_error` (STORAGE_ERROR_BYTES) is one line that
 * says why not and what to do. */
HUB_MUST_CHECK store_t *storage_open(const options_t *options, char *out_error);

#endif
