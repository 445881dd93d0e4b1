/* broker/core/inbox.h - a person's own log, @: private messages, and who reads them.
 *
 * It is known by its number, not by its reader, since the two part: a guest's inbox ends with the session,
 * an account's stays while nobody is in under it. It is made for the first private message, so most guests
 * have none; until then its session knows the epoch that it will begin with. */
#ifndef BROKER_CORE_INBOX_H
#define BROKER_CORE_INBOX_H

#include "broker/core/deadlines.h"
#include "broker/core/journal.h"
#include "broker/core/mint.h"
#include "proto/span.h"

typedef struct {
    uint64_t id;
    uint64_t session; /* who reads it now; 0: nobody */
    char uid[MINT_NAME_CHARS + 1];
    journal_t journal;
    deadline_t quiet_due; /* of its head event */
} inbox_t;

enum { INBOX_NAME_BYTES = 1 + MINT_NAME_CHARS };

/* The store's name for the log of that person: @ and the uid. Written to `out_name`, which has
 * INBOX_NAME_BYTES; borrows it. */
span_t inbox_name(const char *uid, char *out_name);

#endif
