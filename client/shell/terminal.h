/* client/shell/terminal.h - a person's terminal: a line being typed, other lines above it.
 *
 * On libedit. What is printed comes above the line being typed, which is taken away before and put back
 * afterwards, with its cursor. What is typed where a password belongs is not shown: the line up to there is, and where a command
 * was entered that lacks its password, that is still waited for. Backspace at its begin goes back to the line. One at a time; it takes SIGHUP, SIGTSTP and SIGWINCH. */
#ifndef CLIENT_SHELL_TERMINAL_H
#define CLIENT_SHELL_TERMINAL_H

#include "base/check.h"
#include "client/shell/completion.h"

typedef struct terminal terminal_t;

/* What TAB could mean in a line that is being typed. */
typedef completion_t terminal_complete_t(void *user, const char *line, size_t point);

/* True if there is a terminal at both ends that can move its cursor. */
bool terminal_is_usable(void);

/* Takes the terminal; call it before the first thread. NULL with errno: it could not be had. */
terminal_t *terminal_new(terminal_complete_t *complete, void *user);

/* Gives it back as it was, frees *self_p and sets it to NULL. NULL in *self_p is fine. */
void terminal_destroy(terminal_t **self_p);

/* Shows the prompt, or changes it under the line being typed. */
void terminal_prompt(terminal_t *self, const char *prompt);

typedef enum {
    TERMINAL_MORE, /* the line goes on */
    TERMINAL_LINE, /* a line was entered; there is no prompt until terminal_prompt() */
    TERMINAL_END,  /* Ctrl-D, or the terminal has gone */
} terminal_result_t;

/* Takes one key: standard input is readable. A line holds until the next call. */
HUB_MUST_CHECK terminal_result_t terminal_read(terminal_t *self, const char **out_line,
                                               size_t *out_size);

/* Takes the line that was just entered off the screen. */
void terminal_erase_entered(terminal_t *self);

/* Writes whole lines. False with errno: the terminal has gone. */
HUB_MUST_CHECK bool terminal_print(terminal_t *self, const char *text, size_t size);

/* Readable when terminal_signal() has something to do: another size, Ctrl-Z, a hang-up. */
int terminal_signal_fd(const terminal_t *self);

/* Does it. False: the terminal has gone. */
HUB_MUST_CHECK bool terminal_signal(terminal_t *self);

#endif
