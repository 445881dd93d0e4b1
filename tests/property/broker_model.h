/* tests/property/broker_model.h - a naive broker: lists, searched from the beginning.
 *
 * It knows who is where, what every request has to be answered, and what waits for the store; the
 * property test asks it before it believes the core. */
#ifndef TESTS_PROPERTY_BROKER_MODEL_H
#define TESTS_PROPERTY_BROKER_MODEL_H

#include "tests/unit/broker_kit.h"

#include "tests/property/random.h"

enum {
    PEOPLE = 30,
    ROOMS = 6,
    LINKS = 6,
    NICKS = 40,
    MOST_SAID = 6000,
    MOST_CIDS = 900, /* below the window: the model forgets nothing */
    TEXT_BYTES = 24,
    NAME = 40,
};

extern const char *const ROOM_NAMES[ROOMS];

typedef enum { CID_WAITS, CID_OK, CID_REFUSED } fate_t;

typedef struct {
    fate_t fate;
    uint64_t seq, at;
    char error[NAME];
} said_t; /* what became of a cid */

typedef struct {
    bool is_live, is_attached, invited[ROOMS];
    unsigned link, waiting;
    uint64_t incarnation, gone_at; /* gone_at: when detached */
    char nick[NAME], uid[NAME];
    said_t cids[MOST_CIDS];
    unsigned cid_count;
    char (*inbox)[TEXT_BYTES];
    unsigned inbox_count, inbox_seen;
} person_t;

typedef struct {
    char uid[NAME], nick[NAME], state[NAME], status[160];
} seen_t; /* a member as the events tell */

typedef struct {
    bool exists, is_private;
    unsigned members[PEOPLE], member_count; /* in the order of joining */
    unsigned waiting;                       /* messages */
    uint64_t epoch, pseq;
    char (*log)[TEXT_BYTES]; /* committed */
    unsigned count, published;
    seen_t view[PEOPLE];
    unsigned view_count;
} room_t;

typedef enum { SAY, TELL, REFUSAL, REPEAT } what_t;

/* Something held for the store, as the model sees it. */
typedef struct {
    what_t what;
    uint64_t batch, id, incarnation, to_incarnation;
    unsigned person, to, room, link;
    uint64_t link_life;
    unsigned cid;
    char text[TEXT_BYTES], error[NAME];
} held_t;

/* An answer that has to come with the frames of the next step. */
typedef struct {
    uint64_t id;
    unsigned link;
    bool is_dup;
    char error[NAME]; /* "": ok */
    uint64_t seq;     /* 0: not looked at */
    person_t *person; /* whose cid is settled by it; NULL: nobody's */
    unsigned cid;
} due_t;

typedef struct {
    kit_t *kit;
    random_t random;
    person_t people[PEOPLE];
    room_t rooms[ROOMS];
    held_t held[MOST_SAID];
    unsigned held_count;
    due_t due[MOST_SAID];
    unsigned due_count;
    uint64_t batch, link_lives[LINKS], incarnations;
    bool is_open;
    unsigned said, commits, failures, messages, privates, changes;
} model_t;

/* --- who is where ------------------------------------------------------------------------------------ */

bool model_is_member(const room_t *room, unsigned person);

/* Who has that nick in any spelling, -1: nobody. */
int model_person_of_nick(const model_t *model, const char *nick);

/* The error that somebody gets who asks for a room; NULL: may read it. */
const char *model_may_read(const model_t *model, unsigned person, unsigned room);

/* Makes the room where there is none. */
void model_enter(model_t *model, unsigned person, unsigned room, bool is_private);
void model_leave(model_t *model, unsigned person, unsigned room);

/* The session is gone. */
void model_end(model_t *model, unsigned person);

/* Ends all whose link has been lost for too long. */
void model_expire(model_t *model);

/* --- answers ----------------------------------------------------------------------------------------- */

/* An answer has to come by the end of this step. */
void model_expect(model_t *model, due_t due);
void model_expect_error(model_t *model, unsigned link, uint64_t id, const char *error);

/* The kit's name of a link. */
char model_letter(unsigned link);

/* A request waits for the store. */
void model_hold(model_t *model, held_t held);

/* A cid that was taken before: its answer comes again, now or when it no longer waits. */
void model_repeat(model_t *model, unsigned person, uint64_t id, unsigned cid);

/* A refusal for good, which takes its cid (0: none) and waits behind those of the same person. */
void model_refuse(model_t *model, unsigned person, uint64_t id, unsigned cid, const char *error);

/* --- the store --------------------------------------------------------------------------------------- */

/* A turn has ended: what it left for the store is a batch. */
void model_turn(model_t *model);

/* The oldest batch is stored, or cannot be. */
void model_commit(model_t *model);
void model_fail(model_t *model);

#endif
