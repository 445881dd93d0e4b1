/* broker/core/bans.h - how bans and mutes are told in a list. */
#ifndef BROKER_CORE_BANS_H
#define BROKER_CORE_BANS_H

#include "broker/core/verdict.h"
#include "proto/encode.h"

/* Most of them in one answer, and what one takes at most. */
enum { BANS_PAGE = 100, BANS_BYTES = 400 };

/* Writes one as an entry of `bans`. */
void bans_write(writer_t *writer, const verdict_t *verdict);

#endif
