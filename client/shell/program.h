/* client/shell/program.h - the loop between standard input, the library and standard output. */
#ifndef CLIENT_SHELL_PROGRAM_H
#define CLIENT_SHELL_PROGRAM_H

#include "client/shell/options.h"

/* Chats until the input or the session ends; returns the exit status. */
int program_run(const options_t *options);

#endif
