/* tests/sim/disk_content.h - what lasts on a disk: changing it and reading it. */
#ifndef TESTS_SIM_DISK_CONTENT_H
#define TESTS_SIM_DISK_CONTENT_H

#include "tests/sim/disk.h"

/* Applies a change of a batch that lasts. violated() where the change breaks the store's rules. */
void disk_apply(disk_content_t *self, const disk_change_t *change);

/* The log of that name; NULL: there is none. */
disk_log_t *disk_find_log(const disk_content_t *self, span_t name);

/* A log as the core is told it. */
log_state_t disk_state(const disk_log_t *log);

/* The page that a query asks for, its events in `bytes`. */
page_t disk_page(const disk_content_t *self, const query_t *query, buffer_t *bytes);

/* Drops what need not stay and says what is left. */
log_state_t disk_trim(disk_content_t *self, const retention_t *retention);

/* A copy that owns its own. */
disk_content_t disk_content_copy(const disk_content_t *self);

/* The number of the text in an event as it is appended. */
uint64_t disk_text_of(span_t event);

#endif
