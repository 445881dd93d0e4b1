/* tests/unit/client_fixture.h - a client link with a broker played by the test.
 *
 * What the link sends is kept until the test takes it; what it calls becomes one line each in a log:
 *
 *   up | down | open | listen tcp://... | subscribe lobby | unsubscribe lobby
 *   ready 0 new | refused 0 nick_taken | joined 0 lobby | parted 0 lobby | kicked 0 idle
 *   reply 0 say 7 ok | message lobby 1.5 hi | private 0 1.2 psst | presence lobby 9 | gap lobby
 *   lost lobby 3-4 | undone lobby 3-4 | lost @0 3-4 | warning 0 30000 | shutdown 2000 */
#ifndef TESTS_UNIT_CLIENT_FIXTURE_H
#define TESTS_UNIT_CLIENT_FIXTURE_H

#include "client/core/client_link.h"
#include "proto/encode.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <cmocka.h>

enum { SENT_MAX = 4096, LOG_BYTES = 65536 };

typedef struct {
    const char *room;
    uint64_t epoch, seq, pseq;
} head_t;

typedef struct fixture {
    client_link_t *link;
    uint64_t now_ms;
    char *sent[SENT_MAX];
    size_t sent_bytes[SENT_MAX], sent_count, taken;
    char log[LOG_BYTES];
    size_t log_bytes;
    decoder_t decoder;
    message_t request; /* the last one taken */
    buffer_t frame;
    writer_t writer;
    bool is_full;                           /* the DEALER takes nothing */
    void (*on_reply)(struct fixture *self); /* called within reply() */
} fixture_t;

/* A link that is started. `options` may be NULL; the router's name is filled in. */
void fixture_init(fixture_t *self, const client_options_t *options);
void fixture_fini(fixture_t *self);

/* Fails unless the calls since the last time were these, separated by "; ". */
void fixture_expect(fixture_t *self, const char *log);
void fixture_clear(fixture_t *self);

/* Takes the next request of that op that was sent, skipping others, and returns its id; it is decoded
 * in self->request. Fails where there is none. */
uint64_t fixture_take(fixture_t *self, op_t op);

/* How many requests of that op were sent and not taken or skipped. */
size_t fixture_count(fixture_t *self, op_t op);

/* Time passes; ticks whenever the link asks for it. */
void fixture_pass(fixture_t *self, uint64_t ms);

/* Begins a reply or event; the test adds pairs to self->writer and sends it. */
void fixture_reply(fixture_t *self, uint64_t id);
void fixture_event(fixture_t *self, const char *ev);
void fixture_heads(fixture_t *self, const head_t *heads, size_t count);
void fixture_send(fixture_t *self);                      /* over the DEALER */
void fixture_publish(fixture_t *self, const char *room); /* over the SUB */

/* Whole answers. */
void fixture_ok(fixture_t *self, uint64_t id);
void fixture_error(fixture_t *self, uint64_t id, const char *error, uint64_t retry_ms);
void fixture_welcome(fixture_t *self, uint64_t id, const char *nick, uint64_t cid,
                     const head_t *heads, size_t count);
void fixture_pong(fixture_t *self, uint64_t sessions, const head_t *heads, size_t count);
void fixture_message(fixture_t *self, const char *room, uint64_t epoch, uint64_t seq);
void fixture_private(fixture_t *self, uint32_t sid, uint64_t epoch, uint64_t seq);

/* A page of a replay: events first..last of one epoch; lost where lost_last > 0. */
void fixture_page(fixture_t *self, uint64_t id, const char *room, uint64_t epoch, uint64_t first,
                  uint64_t last, uint64_t lost_first, uint64_t lost_last, bool is_more);

/* The link comes up and a session says hello as ada, in lobby at epoch 1, seq `seq`. */
uint32_t fixture_ada(fixture_t *self, uint64_t seq);

/* A request; fails unless it is taken. */
void fixture_say(fixture_t *self, uint32_t sid, uint64_t tag);

/* A test whose body has a fixture `f` and in it a session `ada` (see fixture_ada()). */
#define WITH_ADA(name)                                                                             \
    static void name##_body(fixture_t *f, uint32_t ada);                                           \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        static fixture_t fixture;                                                                  \
        fixture_init(&fixture, NULL);                                                              \
        name##_body(&fixture, fixture_ada(&fixture, 5));                                           \
        fixture_fini(&fixture);                                                                    \
    }                                                                                              \
    static void name##_body(fixture_t *f, __attribute__((unused)) uint32_t ada)

#endif
