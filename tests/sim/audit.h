/* tests/sim/audit.h - does what the broker's core keeps of one thing agree with what it keeps of others,
 * and is all of it within its limits? */
#ifndef TESTS_SIM_AUDIT_H
#define TESTS_SIM_AUDIT_H

#include "broker/core/core.h"

/* Looks through the whole core; violated() where something does not fit. O(all there is). */
void audit_core(const core_t *core, const core_settings_t *settings);

/* Nobody is kept longer than they may be: silent links, detached sessions, the idle who are to be kicked. */
void audit_times(const core_t *core, const core_settings_t *settings, uint64_t now_ms);

/* True when nothing has moved in any room for a while and nothing is about to be told. */
bool audit_is_quiet(const core_t *core, uint64_t now_ms);

#endif
