/* ctl/wire.h - one question at a time to a broker that runs, over its operators' endpoint. */
#ifndef CTL_WIRE_H
#define CTL_WIRE_H

#include "ctl/arguments.h"
#include "proto/decode.h"
#include "proto/encode.h"

enum { WIRE_ERROR_BYTES = 1024 };

typedef struct {
    void *context, *socket;
    buffer_t frame;
    writer_t writer;
    decoder_t decoder;
    message_t answer; /* the last one; borrows `received` */
    char *received;   /* owned */
    uint64_t id;      /* of the last question */
} wire_t;

/* Nothing is open yet. */
void wire_init(wire_t *self);

/* Goes to the broker with that data directory. False: `out_error` (WIRE_ERROR_BYTES) is a line that says what is wrong and
 * what to do. */
HUB_MUST_CHECK bool wire_open(wire_t *self, const char *data, char *out_error);

/* Begins a question; the caller adds its keys through the writer, then wire_ask(). */
writer_t *wire_begin(wire_t *self, op_t op);

/* Asks, and has the answer in self->answer. False: there was none within 10 s, or the broker refused; `out_error` says which and
 * why. */
HUB_MUST_CHECK bool wire_ask(wire_t *self, char *out_error);

/* Asks for a list page by page and prints each entry; returns as a command. operators.c. */
int print_pages(const arguments_t *arguments, op_t op, key_id_t list,
                void (*print)(const message_t *entry));

/* Frees all of it, whatever came of it. */
void wire_close(wire_t *self);

#endif
