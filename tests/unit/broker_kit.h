/* tests/unit/broker_kit.h - drives the core as the shell does, with a clock and a store of its own.
 *
 *   kit_t *kit = kit_new(NULL);
 *   ASSERT_HAS(kit_ask(kit, 'A', "hello nick=ada"), "ok=true nick=ada heads.lobby.1=0");
 *   kit_ask(kit, 'A', "say room=lobby text='hello there' cid=1");
 *   ASSERT_HAS(kit_event(kit, PUB, "message"), "room=lobby from=ada seq=1");
 *   kit_destroy(&kit);
 *
 * A request is its op and its keys, encoded by each key's type:
 *   key=value        a list: commas between; bytes: as they stand, or $t for what kit_save() kept as t
 *   key='a b'        with blanks inside
 *   key=*5000        5000 times the letter x
 *   key:=JSON        any value whatever the key's type: nil, true, -1, 1.5, "s", [1,2], {"k":1}
 * An id is given unless there is one. `-` instead of the op leaves it out.
 *
 * What came is asked for by paths: heads.lobby.1, changes.0.nick, members.# (how many), each followed by
 * =value, or alone: is there, or with ! before it: is not there.
 *
 * Whatever the core sends is checked on the way: it is a frame of the wire within its limits, a reply
 * answers one request once, an event has the keys of its row. */
#ifndef TESTS_UNIT_BROKER_KIT_H
#define TESTS_UNIT_BROKER_KIT_H

#include "tests/unit/kit_store.h"
#include "tests/unit/proto.h"

#include "broker/core/core.h"
#include "proto/decode.h"

typedef struct kit kit_t;

/* Stands for PUB where a link is asked for; links are other letters. */
enum { PUB = '*', LOCAL = '~' /* a link over inproc */ };

typedef struct {
    char link; /* a letter, or PUB */
    bool is_seen;
    span_t bytes, topic; /* topic: of PUB; without its zero */
    msgpack_unpacked map;
} frame_t;

/* What the store was given. */
typedef struct {
    char log[64];
    uint64_t batch, epoch, seq, at_ms;
    bool is_committed;
} appended_t;

/* Settings for tests: small rings, no rate limit, the default times. */
core_settings_t kit_settings(void);

/* The same with a store. */
core_settings_t kit_stored_settings(void);

/* A core with nobody in it; NULL: kit_settings(). */
kit_t *kit_new(const core_settings_t *settings);

/* Asserts that every request was answered, and frees it. */
void kit_destroy(kit_t **self_p);

/* Sends a request and returns its id; the turn goes on. */
uint64_t kit_send(kit_t *self, char link, const char *request);

/* From now on the link comes under a key, 32 times that letter (0: under none). */
void kit_under_key(kit_t *self, char link, char key, bool is_operator);

/* The keys of these letters, ascending, are revoked. */
void kit_revoke(kit_t *self, const char *keys);

/* Sends bytes that no answer is expected to. */
void kit_send_bytes(kit_t *self, char link, span_t bytes);

/* The same as one frame of several. */
void kit_send_multipart(kit_t *self, char link, span_t bytes);

/* Passwords are hashed at the end of each turn, unless this is set: then by kit_hash(), one each time, which answers
 * with the error instead where it is not HUB_OK. kit_hashes(): how many wait. */
void kit_delay_hashes(kit_t *self, bool delays);
void kit_hash(kit_t *self, hub_err_t err);
size_t kit_hashes(const kit_t *self);

/* Ends the turn: the store gets its batch, and confirms it unless it holds. */
void kit_turn(kit_t *self);

/* Sends, ends the turn, and returns the answer, which must be there. */
const frame_t *kit_ask(kit_t *self, char link, const char *request);

/* The reply to a request, which was not asked for before; NULL if it has not come. */
const frame_t *kit_reply(kit_t *self, char link, uint64_t id);

/* The next event for a link (or PUB) that was not asked for before, which must be of that kind. Frames are
 * good until kit_forget() or the end. */
const frame_t *kit_event(kit_t *self, char link, const char *ev);

/* The next such event of any kind; NULL if there is none. */
const frame_t *kit_any_event(kit_t *self, char link);

/* The next frame of any kind to anybody that was not asked for before, in the order of sending; NULL if
 * there is none. */
const frame_t *kit_next(kit_t *self);

/* Asserts that no event waits there. */
void kit_quiet(kit_t *self, char link);

/* Forgets all events that nobody asked for. */
void kit_forget(kit_t *self);

/* Lets time pass, tick by tick. */
void kit_pass(kit_t *self, uint64_t ms);

/* From now on the store answers when told to (`true`), or at once. */
void kit_hold(kit_t *self, bool holds);

/* The store has, or cannot take, the oldest batch it was given. */
void kit_commit(kit_t *self);
void kit_fail(kit_t *self);

/* The broker dies, losing what is not committed, and another begins with what the store has; every link
 * is gone. `settings` has a store, and kit_new() was given one. NULL: the settings there were. */
void kit_restart(kit_t *self, const core_settings_t *settings, origin_t origin);

/* What lasts; borrowed. And another one instead (ownership goes in), for the next kit_restart(). */
kit_store_t *kit_store(const kit_t *self);
void kit_put_store(kit_t *self, kit_store_t **store_p);

/* How many batches the store holds. */
size_t kit_held(const kit_t *self);

/* Feeds any other event. */
void kit_step(kit_t *self, event_t event);

/* ROUTER does not know that link any more; so many bytes wait for it. */
void kit_lose(kit_t *self, char link);
void kit_waits(kit_t *self, char link, uint64_t bytes);

/* How often the core wanted dropped what waits for a link. */
size_t kit_dropped(const kit_t *self, char link);

/* The most bytes the outbox has held at the end of a step. */
size_t kit_outbox_bytes(const kit_t *self);

/* How often the core wanted the process to end. */
size_t kit_stops(const kit_t *self);

/* What the store was given; *out_count is how many. */
const appended_t *kit_appended(const kit_t *self, size_t *out_count);

core_t *kit_core(const kit_t *self);
uint64_t kit_mono_ms(const kit_t *self);
uint64_t kit_wall_ms(const kit_t *self);

/* Sets the wall clock without letting time pass. */
void kit_set_wall_ms(kit_t *self, uint64_t wall_ms);

/* One of the counters of `stats`. */
uint64_t kit_counter(kit_t *self, const char *name);

/* Keeps the bytes at that path as $name, a letter. */
void kit_save(kit_t *self, char name, const frame_t *frame, const char *path);

/* The value at a path as text, bytes as hex; NULL: not there. Good for the next few calls. */
const char *frame_get(const frame_t *frame, const char *path);

/* A number, which must be there. */
uint64_t frame_uint(const frame_t *frame, const char *path);

/* True if all that is listed holds. */
bool frame_has(const frame_t *frame, const char *expected);

#define ASSERT_HAS(frame, expected) frame_assert((frame), (expected), __FILE__, __LINE__)
void frame_assert(const frame_t *frame, const char *expected, const char *file, int line);

#endif
