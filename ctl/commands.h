/* ctl/commands.h - what hubbubctl can do.
 *
 * All of it is done to the key files; a running broker sees the files change, and none need run. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/arguments.h"

#include <stdio.h>

/* Carries out a command and returns the exit status: 0; 1, it could not be done, and standard error says
 * why; 2, there is no such command, or its words are wrong. */
int commands_run(const arguments_t *arguments);

/* What --help says. */
void commands_print_help(FILE *out);

#endif
