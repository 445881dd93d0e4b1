/* tests/sim/world.h - one seed's world: a broker, a network, devices with people on them, and faults.
 *
 * Everything happens in one thread and in virtual time: the agenda says what is next. The parts share
 * this record; each file changes its own part of it. */
#ifndef TESTS_SIM_WORLD_H
#define TESTS_SIM_WORLD_H

#include "client/core/client_link.h"
#include "tests/sim/agenda.h"
#include "tests/sim/disk.h"
#include "tests/sim/report.h"
#include "tests/sim/watch.h"

enum { TOKEN_MAX = 64, VIEW_MAX = 256, INDEX_MAX = 256 };

/* A connection as the network sees it; its number is its routing id. */
typedef struct {
    uint32_t device;           /* THIEF_DEVICE: the thief's */
    uint64_t life;             /* of the broker it goes to */
    uint32_t sent, sent_limit; /* frames to the broker; those from the limit on are lost */
    uint32_t back, back_limit; /* frames to the device, likewise */
    uint32_t back_arrived;
    uint64_t sent_ms, back_ms; /* when the last of them arrives */
    bool is_known;             /* to ROUTER */
    parcel_t **unsent;         /* frames that ROUTER could not put into the pipe */
    uint32_t unsent_count, unsent_capacity;
    uint64_t unsent_bytes;
} connection_t;

/* Somebody as a device's application sees them. */
typedef struct {
    uint64_t uid, nick; /* hashes */
    char state;         /* first letter */
} seen_t;

/* A room as a device's application sees it. */
typedef struct {
    uint32_t index; /* the link's number of it; CLIENT_NO_ROOM: not followed */
    uint32_t device;
    bool has_position;  /* epoch and seq are those of the last message, or of the head at joining */
    bool is_by_message; /* the position came from a first message, before the head was told */
    uint64_t first;     /* that message's number */
    bool is_open;       /* what comes next may begin a newer epoch, after undone() */
    uint64_t epoch, seq;
    seen_t *seen; /* VIEW_MAX */
    uint32_t seen_count;
    uint64_t pseq;  /* what `seen` is of */
    uint64_t asked; /* the last `who`; its tag */
} view_t;

/* A process with one link: a DEALER, a SUB, one or many people. */
typedef struct {
    uint32_t number;
    client_link_t *link;
    uint64_t dealer;     /* how often one was opened */
    uint32_t connection; /* NOBODY: the DEALER is not connected */
    parcel_t **queue;    /* what the DEALER holds meanwhile */
    uint32_t queue_count, queue_capacity;
    uint64_t sub; /* generation of the SUB's connection */
    bool is_listening, is_sub_up;
    uint64_t wanted, topics; /* rooms subscribed to: by the device, at PUB */
    uint64_t sub_ms, topic_ms, deaf_until_ms, frozen_until_ms, wake_ms;
    view_t views[ROOMS_MAX];
    uint8_t rooms_by_index[INDEX_MAX];
    void *context; /* of the link; owned by device.c */
} device_t;

typedef enum { USER_ABSENT, USER_GREETING, USER_READY, USER_REFUSED } user_state_t;

typedef struct {
    uint32_t number, device, sid;
    user_state_t state;
    uint32_t steps_left, names;
    uint64_t rooms;      /* that the link says one is in */
    uint64_t acquainted; /* private rooms one was invited to */
    char nick[LIMIT_NICK_BYTES + 1];
    uint8_t token[TOKEN_MAX];
    uint32_t token_size;
    uint32_t generation; /* of the session: says of an older one are not answered for */
    ledger_log_t *inbox;
    bool has_position;
    uint64_t epoch, seq;
    uint64_t uid;
} user_t;

/* A bare DEALER that resumes other people's sessions. */
typedef struct {
    uint32_t connection; /* NOBODY: none */
    uint64_t id, cid;
    bool is_in, numbers; /* resumed; says have cids */
    uint8_t token[TOKEN_MAX];
    uint32_t token_size, steps_left;
    uint64_t rooms, last_text, last_cid;
    int last_room;
    uint32_t user; /* whose session it was */
} thief_t;

typedef struct {
    core_t *core;
    outbox_t out;
    core_settings_t settings;
    uint64_t life;        /* how often it was started; frames of an earlier one are lost */
    bool is_up, has_turn; /* a turn's end is on the agenda */
    size_t watched, done; /* effects that were looked at, and performed */
    uint64_t wake_ms;
    uint64_t turns;
} broker_t;

typedef struct {
    uint64_t seed;
    random_t random;
    plan_t plan;
    agenda_t agenda;
    uint64_t now_ms, wall_ms; /* wall_ms: what the wall clock is ahead */
    uint64_t steps;
    bool is_calm;
    ledger_t ledger;
    watch_t watch;
    disk_t disk;
    disk_content_t copy; /* of what lasted some time ago */
    bool has_copy;
    broker_t broker;
    connection_t *connections;
    uint32_t connection_count, connection_capacity;
    device_t *devices;
    user_t *users;
    thief_t thief;
    decoder_t decoder;
    buffer_t frame;
    uint64_t tags; /* of requests that are not said */
} world_t;

#define THIEF_DEVICE (NOBODY - 1)

/* What a run came to. */
typedef struct {
    uint64_t steps, texts, frames, delivered;
} totals_t;

/* Runs a seed to its end; violated() where something is wrong. Adds to `totals`. */
void world_run(uint64_t seed, bool is_traced, totals_t *totals);

/* --- small things all use ------------------------------------------------------------------------- */

static inline uint32_t draw(world_t *self, uint32_t below)
{
    return random_below(&self->random, below);
}

/* True so many times of a thousand, and never when all is calm. */
static inline bool happens(world_t *self, uint32_t thousandths)
{
    return !self->is_calm && draw(self, 1000) < thousandths;
}

static inline void later(world_t *self, uint64_t at_ms, due_kind_t kind, uint32_t who,
                         uint64_t number)
{
    agenda_add(&self->agenda,
               (due_entry_t){.at_ms = at_ms, .kind = kind, .who = who, .number = number});
}

/* The log of a room. */
static inline ledger_log_t *room_log(const world_t *self, int room)
{
    return self->watch.rooms[room].log;
}

#endif
