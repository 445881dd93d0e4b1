/* bridge/core/prompt.h - asks for passwords, one line each, which are shown to nobody.
 *
 *   /login ada            "Password:"                        -> login ada
 *   /login ada secret                                        -> login ada at once
 *   /register             "New password:" "Once more:"       -> register
 *   /password             "Old password:" "New:" "Once more:" -> password
 *
 * An empty line ends it. What is typed meanwhile is never anything but an answer. Pure; what was typed is wiped as
 * soon as it is of no more use. */
#ifndef BRIDGE_CORE_PROMPT_H
#define BRIDGE_CORE_PROMPT_H

#include "bridge/core/grammar.h"

typedef enum {
    PROMPT_NONE,
    PROMPT_PASSWORD, /* of an account, to log in */
    PROMPT_OLD,
    PROMPT_NEW,
    PROMPT_AGAIN,
    PROMPT_HELD /* nothing is asked; what was typed is kept until prompt_fini() */
} prompt_step_t;

/* All zeros: nothing is asked. */
typedef struct {
    prompt_step_t step;
    verb_t verb;
    char *name, *old, *new; /* owned, with a zero; NULL: not typed yet */
} prompt_t;

typedef enum {
    PROMPT_ASKS,   /* for what `step` says */
    PROMPT_DONE,   /* the order can be carried out: name, old and new as far as it needs them */
    PROMPT_ENDED,  /* an empty line */
    PROMPT_DIFFER, /* the new password was not the same twice */
} prompt_answer_t;

/* Begins to ask what an order of ORDER_login, ORDER_register or ORDER_password leaves out; PROMPT_DONE: nothing. */
prompt_answer_t prompt_begin(prompt_t *self, const order_t *order);

/* A line was typed. Only while something is asked (asserted). */
prompt_answer_t prompt_line(prompt_t *self, span_t line);

/* True while the next line is an answer. */
static inline bool prompt_is_open(const prompt_t *self)
{
    return self->step != PROMPT_NONE && self->step != PROMPT_HELD;
}

/* Wipes and frees all of it; nothing is asked. */
void prompt_fini(prompt_t *self);

#endif
