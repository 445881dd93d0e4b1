/* bridge/core/outlet.h - what one user has yet to be sent.
 *
 * A cursor into the log of each room the user is in, and a short list of private segments. Nothing is
 * copied per user but what is private. A segment has its place: a line of the room that was current
 * when it came. What is next is asked for as a plan, sent with one writev(), and what the kernel took
 * is told:
 *
 *   outlet_plan (&outlet, LANGUAGE_en, &plan);
 *   sent = writev (fd, plan.pieces, plan.count);
 *   outlet_sent (&outlet, &plan, sent);
 *
 * Order holds within a room and within the segments; a segment comes after the lines before its place
 * and before those after it. A send may end anywhere: the rest of a broken line is kept (copied, it is
 * the only line that is) and goes first the next time, so lines of different sources never mix, and a
 * log may drop lines whenever it likes. Who falls off the end of a log is told in one line how many were
 * missed and goes on with its last few.
 *
 * Pure, one owner. The logs must outlive the cursors in them. */
#ifndef BRIDGE_CORE_OUTLET_H
#define BRIDGE_CORE_OUTLET_H

#include "bridge/core/linelog.h"
#include "bridge/core/phrases.h"

#include <sys/uio.h>

enum {
    OUTLET_LAST_LINES = 10, /* of a log, shown after others had to be skipped */
    PLAN_PARTS = 64,        /* sources in one plan; what is beyond waits for the next */
    PLAN_PIECES = PLAN_PARTS * 2
};

typedef struct {
    linelog_t *log;
    uint64_t line;  /* the next to be sent */
    uint32_t room;  /* the caller's number of the room */
    uint32_t place; /* the caller's: where this reader stands in the room's list */
} cursor_t;

typedef struct outlet_rest outlet_rest_t;

/* All zeros is a user in no room who has nothing to be sent. */
typedef struct {
    cursor_t only;       /* where there is one room, nearly always; `log` is NULL: not so */
    outlet_rest_t *rest; /* more rooms, private segments; owned, NULL: none */
} outlet_t;

/* What one writev() is to send, in order. */
typedef struct {
    struct iovec pieces[PLAN_PIECES];
    int count;        /* of pieces */
    size_t bytes;     /* in all pieces */
    uint64_t skipped; /* lines that were given up while planning */
    size_t part_count;
    struct {
        uint64_t from, to; /* lines; of a segment: 0, 0 */
        size_t bytes;
        int cursor; /* -1: a segment */
    } parts[PLAN_PARTS];
} plan_t;

/* Frees what it holds; all zeros again. */
void outlet_fini(outlet_t *self);

/* The user is in this room now and will get the lines from the log's end on. Not there yet; at most
 * LIMIT_ROOMS_PER_SESSION rooms. */
void outlet_enter(outlet_t *self, uint32_t room, linelog_t *log, uint32_t place);

/* The user left the room: its lines that were not sent stay unsent. A broken line is still completed. */
void outlet_leave(outlet_t *self, uint32_t room);

/* The cursor in a room; NULL: not in it. Borrowed until the next enter or leave. */
cursor_t *outlet_cursor(outlet_t *self, uint32_t room);

/* How many rooms the user is in. */
size_t outlet_count(const outlet_t *self);

/* The cursors, outlet_count() of them; borrowed likewise. */
cursor_t *outlet_cursors(outlet_t *self);

/* True if private lines, or the rest of a broken one, wait. */
bool outlet_has_private(const outlet_t *self);

/* Queues private lines (copied; whole lines, not empty) behind what room `current` has now; where the
 * user is not in that room they go at once. When more than `waiting_max` bytes would wait they are dropped and
 * counted, and the user is told. Returns how many lines were dropped. */
uint64_t outlet_put(outlet_t *self, span_t lines, uint32_t current, size_t waiting_max);

/* Plans what is next; *out->count is 0 when nothing is. Tells of what was skipped in that language.
 * The plan holds until anything else is done to the outlet or its logs. */
void outlet_plan(outlet_t *self, language_t language, plan_t *out);

/* The first `size` bytes of the plan were sent. */
void outlet_sent(outlet_t *self, const plan_t *plan, size_t size);

/* True if there is nothing to send. */
bool outlet_is_done(const outlet_t *self);

/* Memory it holds beside itself, in bytes. */
size_t outlet_memory(const outlet_t *self);

#endif
