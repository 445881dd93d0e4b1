/* broker/shell/upkeep.h - what hubbubd does with a data directory instead of serving: --check, --backup. */
#ifndef BROKER_SHELL_UPKEEP_H
#define BROKER_SHELL_UPKEEP_H

#include "broker/shell/options.h"

/* True if the options ask for it. */
bool upkeep_is_wanted(const options_t *options);

/* Does it and prints what came of it. 0: all is well; else how to exit. */
int upkeep_run(const options_t *options);

#endif
