/* ctl/commands.h - what hubbubctl can do.
 *
 * What is about keys is done to the key files; a running broker sees the files change, and none need run. The rest is asked of
 * the broker that runs, over its operators' endpoint. */
#ifndef CTL_COMMANDS_H
#define CTL_COMMANDS_H

#include "ctl/arguments.h"

#include <stdio.h>

/* One per row of commands.def; returns as commands_run(). `operands` are as many as the row says, NULL behind the last. */
typedef int command_t(const arguments_t *arguments, const char *const *operands);
#define COMMAND(name, words, fewest, most, operands, text) command_t on_##name;
#include "ctl/commands.def"
#undef COMMAND

/* Carries out a command and returns the exit status: 0; 1, it could not be done, and standard error says
 * why; 2, there is no such command, or its words are wrong. */
int commands_run(const arguments_t *arguments);

/* What --help says. */
void commands_print_help(FILE *out);

#endif
