/* Rooms of a broker that runs, and their end. */
#include "base/printable.h"
#include "ctl/commands.h"
#include "ctl/wire.h"

#include <string.h>
#include <time.h>

enum { CANNOT = 1, TRIES = 50, NS_PER_MS = 1000000 };

static bool ask(wire_t *wire, const arguments_t *arguments, const char *room, char *error)
{
    writer_t *writer = wire_begin(wire, OP_room_remove);
    write_str(writer, KEY_room, span_of(room));
    if (arguments->reason)
        write_str(writer, KEY_reason, span_of(arguments->reason));
    return wire_ask(wire, error);
}

/* What was said in the room last is being stored: the broker says how long to wait. */
static bool is_busy(const wire_t *wire)
{
    return message_has(&wire->answer, KEY_error) &&
           span_is(message_span(&wire->answer, KEY_error), "busy");
}

static void wait_as_told(const wire_t *wire)
{
    long ms = (long)(message_uint(&wire->answer, KEY_retry_ms) % 1000);
    nanosleep(&(struct timespec){.tv_nsec = ms * NS_PER_MS}, NULL);
}

int on_room_remove(const arguments_t *arguments, const char *const *operands)
{
    char error[WIRE_ERROR_BYTES];
    wire_t wire;
    wire_init(&wire);
    bool is_open = wire_open(&wire, arguments_data(arguments), error);
    bool is_done = is_open && ask(&wire, arguments, operands[0], error);
    for (int i = 0; is_open && !is_done && is_busy(&wire) && i < TRIES; i++) {
        wait_as_told(&wire);
        is_done = ask(&wire, arguments, operands[0], error);
    }
    wire_close(&wire);
    if (is_done)
        printable_line(stdout, "removed %s", operands[0]);
    else
        printable_line(stderr, "hubbubctl: %s", error);
    return is_done ? 0 : CANNOT;
}
