/* broker/core/limits.h - what a welcome tells of the broker's limits. */
#ifndef BROKER_CORE_LIMITS_H
#define BROKER_CORE_LIMITS_H

#include "broker/core/core.h"
#include "proto/encode.h"

/* Writes the map `limits`: every row of proto/limits.def, its name in small letters, and what an operator may set. */
void limits_write(writer_t *writer, const core_settings_t *settings);

#endif
