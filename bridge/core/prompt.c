#include "bridge/core/prompt.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static char *keep(span_t text)
{
    char *copy = malloc(text.size + 1);
    assert(copy);
    if (text.size > 0)
        memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    return copy;
}

static void wipe(char **text_p)
{
    if (*text_p)
        explicit_bzero(*text_p, strlen(*text_p));
    free(*text_p);
    *text_p = NULL;
}

void prompt_fini(prompt_t *self)
{
    assert(self);
    wipe(&self->name);
    wipe(&self->old);
    wipe(&self->new);
    *self = (prompt_t){.step = PROMPT_NONE};
}

/* What is left to be asked. */
static prompt_answer_t ask(prompt_t *self)
{
    bool wants_old = self->verb != ORDER_register && self->old == NULL;
    bool wants_new = self->verb != ORDER_login && self->new == NULL;
    if (wants_old)
        self->step = self->verb == ORDER_login ? PROMPT_PASSWORD : PROMPT_OLD;
    else if (wants_new)
        self->step = PROMPT_NEW;
    else
        self->step = PROMPT_HELD;
    return wants_old || wants_new ? PROMPT_ASKS : PROMPT_DONE;
}

prompt_answer_t prompt_begin(prompt_t *self, const order_t *order)
{
    assert(self && order && self->step == PROMPT_NONE);
    assert(order->verb == ORDER_login || order->verb == ORDER_register ||
           order->verb == ORDER_password);
    self->verb = order->verb;
    self->name = keep(order->name);
    if (order->secret.size > 0 && order->verb == ORDER_register)
        self->new = keep(order->secret);
    else if (order->secret.size > 0)
        self->old = keep(order->secret);
    if (order->new_secret.size > 0)
        self->new = keep(order->new_secret);
    return ask(self);
}

prompt_answer_t prompt_line(prompt_t *self, span_t line)
{
    assert(self && prompt_is_open(self));
    if (line.size == 0)
        return PROMPT_ENDED;
    switch (self->step) {
    case PROMPT_AGAIN:
        self->step = PROMPT_HELD;
        return span_is(line, self->new) ? PROMPT_DONE : PROMPT_DIFFER;
    case PROMPT_NEW:
        self->new = keep(line);
        self->step = PROMPT_AGAIN;
        return PROMPT_ASKS;
    default:
        self->old = keep(line);
        return ask(self);
    }
}
