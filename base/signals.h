/* base/signals.h - SIGINT and SIGTERM as a descriptor for somebody's poll loop. */
#ifndef BASE_SIGNALS_H
#define BASE_SIGNALS_H

#include "base/check.h"

/* Blocks SIGINT and SIGTERM in this thread and those it starts from now on, ignores SIGPIPE, and
 * returns a non-blocking descriptor that is readable once one of the two has come; -1 with errno
 * when there is none left. Call it before the first thread. The caller closes it. */
HUB_MUST_CHECK int signals_open(void);

/* Takes one signal that has come: its number, or 0 when there is none. */
int signals_take(int fd);

/* Blocks SIGHUP in this thread and those it starts from now on: call it before the first thread. */
void signals_hold_reload(void);

/* A non-blocking descriptor that is readable once SIGHUP has come; it was held before. -1 with errno: none is
 * left. The caller closes it. */
HUB_MUST_CHECK int signals_open_reload(void);

#endif
