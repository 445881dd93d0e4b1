/* bridge/core/line.h - assembles lines from whatever pieces TCP brings.
 *
 * Input has LF at the end of each line (bridge/core/telnet.h). A line that is whole within one piece is
 * handed out where it lies; only a partial line is kept, in memory that exists as long as it does:
 *
 *   "he"  "llo\nyou\nan"        gives "hello", "you"; "an" waits
 *   longer than LINE_BYTES      LINE_TOO_LONG once, the rest up to the LF is skipped
 *   "bye" and the end           "bye" counts
 *
 * Pure. Bytes are not looked at: see bridge/core/clean.h. */
#ifndef BRIDGE_CORE_LINE_H
#define BRIDGE_CORE_LINE_H

#include "proto/span.h"
#include "proto/tables.h"

/* A text of the greatest length and the command before it. */
enum { LINE_BYTES = LIMIT_TEXT_BYTES + 64 };

/* All zeros is a fresh reader. */
typedef struct {
    char *bytes; /* of the partial line; NULL where there is none; owned */
    uint16_t size, capacity;
    bool is_given;    /* the bytes were handed out and go with the next call */
    bool is_skipping; /* inside a line that was too long */
} line_t;

typedef enum { LINE_NONE, LINE_WHOLE, LINE_TOO_LONG } line_found_t;

/* Takes the next line off the front of *input. LINE_WHOLE: *out is the line without its LF; it holds
 * until the next call and as long as the input does. LINE_TOO_LONG: one line is being skipped.
 * LINE_NONE: the input is used up. Call until then. */
line_found_t line_next(line_t *self, span_t *input, span_t *out);

/* The end of all input: LINE_WHOLE with the last line if it had no LF, else LINE_NONE. */
line_found_t line_end(line_t *self, span_t *out);

/* Frees what is kept; fresh again. */
void line_fini(line_t *self);

#endif
