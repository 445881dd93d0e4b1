/* bridge/shell/hall.h - the rooms that this bridge's users are in, by the link's number.
 *
 * A room here is its log, the list of its readers and what is needed to show newcomers the last that
 * was said. It exists from its first reader to its last. */
#ifndef BRIDGE_SHELL_HALL_H
#define BRIDGE_SHELL_HALL_H

#include "bridge/core/gather.h"
#include "bridge/core/roster.h"
#include "bridge/shell/user.h"
#include "proto/names.h"

enum { BACKLOG_MAX = 200, OLDER_BYTES = 256 * 1024 };

/* The lines of one message in a log. */
typedef struct {
    uint64_t from, to;
} extent_t;

typedef struct room {
    linelog_t *log;
    roster_t *roster;
    user_t **members;
    size_t member_count, member_capacity;
    uint64_t seq;          /* of the last message in the log; 0: none yet */
    extent_t *recent;      /* the last messages in the log, a ring of hall->backlog; owned */
    uint64_t recent_count; /* ever */
    uint32_t backlog;      /* size of that ring */
    buffer_t older;        /* what was said before the first of these, as lines for newcomers */
    user_t *asker;         /* has asked for it; NULL: nobody */
    gather_t gather;
    gather_sweep_t sweep; /* so far */
    size_t swept;         /* the members before this place have been swept; 0: no sweep has begun */
    struct room *next;    /* in the list that it is in */
    bool is_grown;        /* is in `grown` */
    bool is_due;          /* is in `due` */
    uint32_t number;
    bool is_first;  /* the lobby: its lines do not name the room */
    bool has_older; /* it has been asked for and answered */
    name_t name;
} room_t;

typedef struct {
    room_t **rooms; /* by number; NULL: none of ours */
    uint32_t capacity;
    uint32_t count;
    uint32_t
        backlog; /* messages remembered for newcomers, at most BACKLOG_MAX; set before the first room */
    room_t *grown;   /* those whose lines gather */
    uint64_t due_us; /* when the first of them is due */
    room_t *due;     /* those to be swept, in turn */
    room_t **due_end;
    uint32_t sleeps; /* of the loop, ever */
} hall_t;

/* The room of that number; NULL: nobody of ours is in it. O(1). */
room_t *hall_find(const hall_t *self, uint32_t number);

/* The user enters the room, which is made where there is none yet. Not in it yet. */
room_t *hall_enter(hall_t *self, uint32_t number, span_t name, user_t *user);

/* The user leaves the room, which goes with its last reader. Not in it is fine. O(1). */
void hall_leave(hall_t *self, uint32_t number, user_t *user);

/* The user leaves all rooms. */
void hall_leave_all(hall_t *self, user_t *user);

/* Notes that the log's lines from `from` to its end are one message with that number. */
void room_note(room_t *self, uint64_t from, uint64_t seq);

/* A line came into the room's log: it is to be swept. Monotonic microseconds. O(1). */
void hall_grow(hall_t *self, room_t *room, uint64_t now_us);

/* The loop slept: whoever spoke had fallen silent. */
void hall_rested(hall_t *self);

/* How long until a room is due: 0 is now, UINT64_MAX never. O(1). */
uint64_t hall_wait_us(const hall_t *self, uint64_t now_us);

/* True if rooms are due, one of them perhaps swept in part. O(1). */
bool hall_is_sweeping(const hall_t *self);

/* Lines up the rooms that are due by now. O(rooms whose lines gather). */
void hall_look(hall_t *self, uint64_t now_us);

/* The room whose turn it is to be swept; NULL: none is due. Its sweep has begun, or goes on: the members from
 * `swept` on are to be written to, and `swept` raised; who leaves meanwhile does not disturb that. O(1). */
room_t *hall_due(hall_t *self);

/* The first of the rooms that are due has had its turn: it goes on behind the others, or is done if all its
 * members have been swept. O(1). */
void hall_next(hall_t *self, uint64_t now_us);

/* Appends the last `limit` messages to `out`, as lines for a newcomer: those of the log that are still
 * there, and before them what is known from the broker. */
void room_recall(const room_t *self, language_t language, size_t limit, buffer_t *out);

/* Calls `visit` for every room. */
void hall_each(hall_t *self, void (*visit)(void *context, room_t *room), void *context);

/* Frees the table; nobody is in any room. */
void hall_fini(hall_t *self);

#endif
