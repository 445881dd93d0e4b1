/* base/sandbox.h - what a process gives up once it serves strangers.
 *
 * Who finds a hole in a program has all that the program has. These take away what broker and bridge do not need: another
 * user's rights at the beginning, and after start-up system calls (base/refused_calls.def), sockets that are
 * neither of a network nor of this machine, and memory that can be both written and executed. */
#ifndef BASE_SANDBOX_H
#define BASE_SANDBOX_H

#include "base/check.h"

#include <stdbool.h>

enum { SANDBOX_ERROR_BYTES = 256 };

/* Becomes that user, with their groups and their HOME, for good; "" or who one is already: nothing happens. Before anything is opened and
 * any thread begins. False: `out_error` (SANDBOX_ERROR_BYTES) says why; then end, only some of it may have been done. */
HUB_MUST_CHECK bool sandbox_become(const char *user, char *out_error);

/* For all threads of the process, those to come too, and for good: no new privileges, and what is refused fails with EPERM.
 * False: the kernel does not offer that, `out_error` (SANDBOX_ERROR_BYTES) says what; no new privileges then holds for this
 * thread and those it begins, if nothing else. */
HUB_MUST_CHECK bool sandbox_enter(char *out_error);

/* sandbox_enter(), if it is wanted, and a line of log about it; a kernel that cannot is a warning. */
void sandbox_enter_and_tell(bool is_wanted);

#endif
