/* base/places.h - where programs keep their things, by what the environment says. */
#ifndef BASE_PLACES_H
#define BASE_PLACES_H

#include "base/check.h"

#include <stdbool.h>

enum { PLACES_PATH_BYTES = 512 };

/* The data directory of a broker: `given` unless empty, else what systemd gave (STATE_DIRECTORY), else
 * hubbub in XDG_STATE_HOME or ~/.local/state, else, where there is no home, /var/lib/hubbub. */
void places_data(const char *given, char out[PLACES_PATH_BYTES]);

/* A person's file of that name: in hubbub under XDG_CONFIG_HOME or ~/.config; where there is no home,
 * /etc/hubbub. */
void places_config(const char *name, char out[PLACES_PATH_BYTES]);

/* Makes a directory and what is above it, for the owner alone. False: errno says why. */
HUB_MUST_CHECK bool places_make(const char *directory);

/* The same for the directory that a file is to stand in. */
HUB_MUST_CHECK bool places_make_for(const char *path);

#endif
