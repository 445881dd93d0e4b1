/* tests/sim/rights.h - a second world of each seed: who may do what, and who may not.
 *
 * Accounts, operators, roles, private rooms, bans, mutes, slow rooms: people on a few links ask for all of it, of the
 * broker's core alone, without a client's core and without losses on the way. Passwords are hashed late and out of order,
 * the disk is slow or full, the broker dies and reads back what lasted. A small model of its own, which knows the protocol
 * and nothing of the core, says what each request has to be answered, and what everybody may hear.
 *
 *   rights_model.c   what is so                     rights_step.c     core, disk and hashing, step by step
 *   rights_rules.c   what may be done, and comes    rights_world.c    restarts, from the beginning to the end
 *   rights_come.c    of it: coming in, accounts;    rights_watch.c    answers and events against the model
 *   rights_judge.c   bans, mutes, roles             rights_lists.c    lists and logs against the model
 *   rights_act.c     what people ask for            rights_write.c    that as bytes */
#ifndef TESTS_SIM_RIGHTS_H
#define TESTS_SIM_RIGHTS_H

#include "broker/core/core.h"
#include "proto/decode.h"
#include "proto/encode.h"
#include "tests/property/random.h"
#include "tests/sim/disk.h"
#include "tests/sim/report.h"

enum {
    NICKS = 7,
    HALLS = 6, /* rooms: the lobby, two public ones, three that are mostly made private */
    ADDRESSES = 7,
    NETWORKS = 7,
    PASSWORDS = 4,
    DOORS = 6,
    SIDS = 4,
    GUESTS = NICKS + 1, /* sessions: no two have a nick */
    ACCOUNTS = NICKS,
    HOLDERS = 2 * NICKS + 2,
    SENTENCES = 48, /* bans and mutes of the broker, or of a room */
    INVITED = GUESTS,
    REASONS = 3,
    HASH_MS = 400, /* how late a hash may come */
    NONE = -1
};

typedef enum { STAND_MEMBER, STAND_MODERATOR, STAND_OWNER, STAND_OPERATOR } stand_t;
typedef enum { AT_NICK, AT_ACCOUNT, AT_KEY, AT_NETWORK } at_t;

/* One nick in two spellings: the number is the same. */
typedef struct {
    int number; /* NONE: an operator without a session */
    bool is_capital;
} called_t;

/* A ban or a mute. */
typedef struct {
    bool is_ban;
    at_t at;
    uint32_t value; /* the nick's number, the account's uid, the key's number, the network's */
    uint32_t uid;   /* of the guest who had the nick, where that counts; 0: not */
    called_t name, by;
    uint64_t until_ms; /* 0: for ever */
    int8_t reason;
} sentence_t;

typedef struct {
    sentence_t list[SENTENCES];
    uint32_t count;
} sentences_t;

typedef struct {
    uint32_t id; /* 0: a free place */
    called_t nick;
    uint32_t uid, key;
    uint32_t account; /* id; 0: a guest */
    uint32_t link;    /* 0: detached */
    int8_t sid, address;
    bool is_exempt;   /* it was its own ban */
    bool is_operator; /* by the link, when something came for it last */
    uint32_t halls;
    uint64_t said_ms[HALLS], gone_ms, resume_ms;
    uint8_t token[64];
    uint8_t token_size, fresh; /* the one told last, and how many were made since */
} guest_t;

typedef struct {
    uint32_t id; /* 0: a free place */
    called_t nick;
    uint32_t uid, hash; /* number of the hash, never the same twice */
    int8_t password;    /* for who knows it */
    bool is_operator;
    uint32_t halls; /* to come back to, while nobody is in */
} account_model_t;

typedef struct {
    uint32_t uid;
    stand_t stand;
} holder_model_t;

typedef struct {
    bool is_there, is_private, is_stored; /* something was said, and lasts */
    uint32_t life;
    uint32_t slow_ms;
    uint64_t closed_ms;
    holder_model_t holders[HOLDERS];
    uint32_t holder_count;
    sentences_t sentences;
    struct {
        uint32_t guest;
        uint64_t until_ms;
    } invited[INVITED];
    uint32_t invited_count;
} hall_t;

/* All that lasts over a restart, so that a copy is what the store holds after a batch. */
typedef struct {
    guest_t guests[GUESTS];
    account_model_t accounts[ACCOUNTS];
    hall_t halls[HALLS];
    sentences_t sentences;
    uint32_t ids, uids, lives;
} model_t;

/* A request, as a person thinks of it. */
typedef struct {
    op_t op;
    uint64_t id;
    int8_t door, sid; /* nobody is ever at the last sid */
    uint32_t link;    /* of the door, when it was asked, and its key */
    uint32_t link_key;
    called_t nick; /* NONE: not told */
    int8_t password, new_password, hall, address, reason, network;
    at_t at;
    bool has_target, is_private, has_join, makes_operator;
    uint32_t key, joins, slow_ms, resume_ms;
    uint64_t until_ms, text; /* until 0: not told */
    stand_t stand;
    uint8_t token[64], token_size;
    uint64_t after; /* a page of the log from there */
    uint32_t guest; /* whose request it is; 0: nobody's */
    /* Of what waits for a hash. */
    uint32_t against, account; /* the hash that it was verified against, and whose that was */
    bool is_proven;            /* the old password was right; the new one is being hashed */
} ask_t;

/* What has to come of a request. */
typedef struct {
    hub_err_t err;
    bool waits;   /* a password is looked at first */
    bool changes; /* something that lasts: the answer waits for the store */
    bool has_count, may_be_busy;
    bool is_noted; /* in the operators' log */
    bool may_flood;
    uint32_t count;
    at_t at; /* of the note */
    bool has_target;
    called_t name;
    uint32_t key, doubt; /* rooms that were empty for a moment, and may be gone */
    int8_t network, hall;
} fate_t;

/* A request without an answer. */
typedef struct {
    ask_t ask;
    fate_t fate;
    uint64_t batch; /* that has what it changed; 0: not known yet */
    uint64_t failures;
    called_t nick;                 /* of the session, then */
    uint32_t uid, halls, privates; /* uid: of history the room's life, of the log what is stored */
    bool is_decided, is_welcome;   /* its answer has a token */
} open_t;

/* A password with the worker. */
typedef struct {
    uint64_t number, due_ms;
    ask_t ask;
    char password[136], hash[128];
    bool is_void; /* its key was revoked */
} job_t;

/* An entry of the operators' log. */
typedef struct {
    uint64_t batch, seq; /* batch 0: it is stored */
    op_t op;
    fate_t fate;
    called_t by;
    int8_t reason;
    uint64_t until_ms;
} note_t;

typedef struct {
    uint32_t link; /* its routing id; a new one after each loss */
    uint32_t key;  /* 0: none */
    bool is_local, is_operator, tells;
} door_t;

enum {
    SNAPSHOTS = 256,
    OPENS = 512,
    JOBS = 64,
    NOTES = 2048,
    PENDING = 1024,
    UIDS = 4096,
    TEXTS = 4096
};

typedef struct {
    random_t random;
    core_settings_t settings;
    core_t *core;
    outbox_t out;
    ledger_t ledger;
    disk_t disk;
    decoder_t decoder;
    buffer_t frame;
    uint64_t now_ms, wall_ms, steps, frames;
    uint32_t pause_ms, links, keys, hashes;
    uint64_t requests;
    door_t doors[DOORS];
    model_t model, before, base; /* now; before this step; what was read back at the start */
    model_t *snapshots;          /* by batch */
    uint64_t batch;              /* closed last */
    uint64_t settled, failures;  /* told last, and how often the disk failed */
    open_t opens[OPENS];
    uint32_t open_count;
    job_t jobs[JOBS];
    uint32_t job_count;
    note_t notes[NOTES];
    uint32_t note_count;
    struct {
        uint64_t batch;
        uint32_t hall, life;
    } pending[PENDING]; /* messages that wait for the store */
    uint32_t pending_count;
    struct {
        char text[33];
        bool is_known;
    } uids[UIDS]; /* as they are on the wire */
    struct {
        uint32_t life;
        int8_t hall;
    } texts[TEXTS]; /* by number */
    uint64_t hall_ids[HALLS];
    int removing; /* a room; NONE */
    uint32_t tries[NICKS], tries_all;
    bool wants_end; /* an operator has said so */
    bool is_performing;
    /* Of the step in progress. */
    uint32_t said, told, noted, hashed;
    open_t *asked;
} rights_t;

/* Runs this world of a seed to its end. */
void rights_run(uint64_t seed, bool is_traced, uint64_t *steps, uint64_t *frames);

/* --- names ---------------------------------------------------------------------------------------- */

span_t nick_text(called_t nick);
span_t hall_text(int hall);
span_t address_text(int address);
span_t network_text(int network);
span_t reason_text(int reason);
span_t password_text(int password);
void key_bytes(uint32_t key, char out[PEER_KEY_BYTES]);
int hall_number(span_t name);

/* --- the model: what is so ----------------------------------------------------------------------- */

guest_t *guest_of(model_t *self, uint32_t id);
guest_t *guest_at(model_t *self, uint32_t link, int sid);
guest_t *guest_named(model_t *self, int nick);
account_model_t *account_of(model_t *self, uint32_t id);
account_model_t *account_named(model_t *self, int nick);
guest_t *guest_in(model_t *self, uint32_t account);
bool is_in(const guest_t *guest, int hall);
uint32_t hall_members(const model_t *self, int hall);
stand_t stand_of(const hall_t *hall, uint32_t uid);
void set_stand(model_t *self, hall_t *hall, uint32_t uid, stand_t stand);
bool is_invited(const hall_t *hall, uint32_t guest);
void uninvite(hall_t *hall, uint32_t guest);
bool is_operator_account(model_t *self, const guest_t *guest);
bool is_operator_guest(model_t *self, const guest_t *guest);
bool is_above(model_t *self, int hall, const guest_t *guest);

/* Whom a sentence is about. Numbers that are NONE or 0 are not known. */
typedef struct {
    int nick, address;
    uint32_t uid, key;
} person_model_t;

person_model_t person_model(const guest_t *guest);
bool sentence_means(const sentence_t *sentence, const person_model_t *person);
bool sentence_is_live(const sentence_t *sentence, uint64_t wall_ms);
bool is_sentenced(const sentences_t *list, bool is_ban, const person_model_t *person,
                  uint64_t wall_ms);
bool is_barred(model_t *self, int hall, const guest_t *guest, uint64_t wall_ms);
void pass_sentence(sentences_t *list, const sentence_t *sentence, uint64_t wall_ms);

void leave_hall(model_t *self, guest_t *guest, int hall);
void enter_hall(model_t *self, guest_t *guest, int hall, uint64_t now_ms);
void end_guest(model_t *self, guest_t *guest);
void forget_hall(model_t *self, int hall);
void detach_guest(guest_t *guest, uint64_t now_ms);

/* Time has passed: detached sessions and invitations end. */
void model_passes(model_t *self, uint64_t now_ms, uint64_t wall_ms);

/* What has to hold whatever was asked: `before` it, by whom. violated() where it does not. */
void model_check(rights_t *world, const ask_t *ask, bool was_operator);

/* --- the rules ----------------------------------------------------------------------------------- */

/* What has to become of a request, which is done to the model. `hashed`: what was found of its password. */
fate_t rules_decide(rights_t *world, ask_t *ask, const hub_err_t *hashed);
bool asks_as_operator(rights_t *world, const ask_t *ask);

/* --- the rest ------------------------------------------------------------------------------------- */

void rights_ask(rights_t *world, ask_t *ask);
void rights_act(rights_t *world);
void rights_probe(rights_t *world);
/* One event is given to the core, and what it leaves performed; the turn ends; all that is due until then happens. */
moment_t rights_moment(rights_t *world);
void rights_step(rights_t *world, const event_t *event);
void rights_turn(rights_t *world);
void rights_pass(rights_t *world, uint64_t until_ms);
void rights_perform(rights_t *world);

/* Sees whether a room is still there, which may hang on what waits for the store. */
void rights_sync(rights_t *world, int hall);

/* True if that is the link of a door. */
bool rights_is_link(const rights_t *world, uint32_t link);

void rights_write(rights_t *world, const ask_t *ask);
void rights_lose(rights_t *world, uint32_t link);

/* A frame that the core sends, publishes, or appends to a log. */
void rights_sent(rights_t *world, uint32_t link, span_t frame);
void rights_published(rights_t *world, span_t frame);
void rights_appended(rights_t *world, span_t log, uint64_t batch, uint64_t seq, span_t event);

/* A list or log in an answer. */
void rights_list(rights_t *world, const open_t *open, const message_t *reply);
int rights_draw(rights_t *world, int below);
uint64_t rights_wall(const rights_t *world);
void rights_uid(rights_t *world, uint32_t uid, span_t text);

/* True while that request is decided: what is so is what was so. */
static inline bool rights_is_now(const rights_t *world, const open_t *open)
{
    return world->asked && world->asked->ask.id == open->ask.id;
}

#endif
