#include "broker/shell/gatekeeper.h"

#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

static const char ENDPOINT[] = "inproc://zeromq.zap.01", VERSION[] = "1.0";

enum { ANSWERS_PER_TURN = 64, NO_LIMIT = 0 };

/* The frames of a question, in their order. */
enum { Q_VERSION, Q_REQUEST, Q_DOMAIN, Q_ADDRESS, Q_ROUTING, Q_MECHANISM, Q_KEY, Q_COUNT };

typedef struct {
    zmq_msg_t frames[Q_COUNT];
    bool is_whole; /* as many frames as there should be, no more */
} question_t;

bool gatekeeper_open(gatekeeper_t *self, void *context, const char *data, char *out_error)
{
    assert(self && context && data && out_error);
    *self = (gatekeeper_t){.keyring = keyring_new(data, out_error)};
    if (self->keyring == NULL)
        return false;
    int unbounded = NO_LIMIT;
    self->zap = zmq_socket(context, ZMQ_REP);
    if (self->zap && zmq_setsockopt(self->zap, ZMQ_RCVHWM, &unbounded, sizeof unbounded) == 0 &&
        zmq_setsockopt(self->zap, ZMQ_SNDHWM, &unbounded, sizeof unbounded) == 0 &&
        zmq_setsockopt(self->zap, ZMQ_LINGER, &unbounded, sizeof unbounded) == 0 &&
        zmq_bind(self->zap, ENDPOINT) == 0)
        return true;
    snprintf(out_error, KEYRING_ERROR_BYTES, "cannot stand at the gate %s: %s", ENDPOINT,
             zmq_strerror(zmq_errno()));
    return false;
}

void gatekeeper_close(gatekeeper_t *self)
{
    assert(self);
    if (self->zap)
        zmq_close(self->zap);
    self->zap = NULL;
    keyring_destroy(&self->keyring);
}

/* --- questions ---------------------------------------------------------------------------------- */

static void question_init(question_t *self)
{
    for (int i = 0; i < Q_COUNT; i++)
        zmq_msg_init(&self->frames[i]);
    self->is_whole = false;
}

static void question_fini(question_t *self)
{
    for (int i = 0; i < Q_COUNT; i++)
        zmq_msg_close(&self->frames[i]);
}

static void skip_rest(void *socket)
{
    zmq_msg_t rest;
    zmq_msg_init(&rest);
    while (zmq_msg_recv(&rest, socket, ZMQ_DONTWAIT) >= 0 && zmq_msg_more(&rest))
        continue;
    zmq_msg_close(&rest);
}

/* False: nobody asks. */
static bool receive(void *socket, question_t *out)
{
    bool has_more = true;
    int count = 0;
    for (; count < Q_COUNT && has_more; count++) {
        if (zmq_msg_recv(&out->frames[count], socket, ZMQ_DONTWAIT) < 0)
            return false; /* the parts of a message come together: it is the first */
        has_more = zmq_msg_more(&out->frames[count]);
    }
    out->is_whole = count == Q_COUNT && !has_more;
    if (has_more)
        skip_rest(socket);
    return true;
}

static span_t part(question_t *self, int number)
{
    return (span_t){zmq_msg_data(&self->frames[number]), zmq_msg_size(&self->frames[number])};
}

/* --- answers ------------------------------------------------------------------------------------ */

static void send_part(void *socket, span_t bytes, int flags)
{
    /* Who asked may be gone; then the answer goes nowhere. */
    while (zmq_send(socket, bytes.data, bytes.size, flags | ZMQ_DONTWAIT) < 0 && errno == EINTR)
        continue;
}

static void answer(gatekeeper_t *self, question_t *question, const enrolled_t *who)
{
    static const span_t NOTHING = {"", 0};
    send_part(self->zap, span_of(VERSION), ZMQ_SNDMORE);
    send_part(self->zap, part(question, Q_REQUEST), ZMQ_SNDMORE);
    send_part(self->zap, span_of(who ? "200" : "400"), ZMQ_SNDMORE);
    send_part(self->zap, who ? span_of("OK") : span_of("this key is not enrolled"), ZMQ_SNDMORE);
    send_part(self->zap, who ? span_of(who->text) : NOTHING, ZMQ_SNDMORE);
    send_part(self->zap, NOTHING, 0);
}

/* NULL: nobody we let in. */
static const enrolled_t *judge(gatekeeper_t *self, question_t *question, uint64_t now_s)
{
    if (!question->is_whole || !span_is(part(question, Q_VERSION), VERSION) ||
        !span_is(part(question, Q_DOMAIN), GATEKEEPER_DOMAIN) ||
        !span_is(part(question, Q_MECHANISM), "CURVE") ||
        part(question, Q_KEY).size != CURVE_KEY_BYTES)
        return NULL;
    return keyring_admit(self->keyring, (const uint8_t *)part(question, Q_KEY).data, now_s);
}

static void log_judgement(question_t *question, const enrolled_t *who)
{
    span_t address = part(question, Q_ADDRESS), key = part(question, Q_KEY);
    if (who)
        log_debug("key.admitted", log_str("name", who->name),
                  log_peer("address", address.data, address.size));
    else
        log_debug("key.refused", log_hex("key", key.data, key.size),
                  log_peer("address", address.data, address.size));
}

void gatekeeper_answer(gatekeeper_t *self, uint64_t now_s)
{
    assert(self && self->zap);
    for (int i = 0; i < ANSWERS_PER_TURN; i++) {
        question_t question;
        question_init(&question);
        bool is_asked = receive(self->zap, &question);
        if (is_asked) {
            const enrolled_t *who = judge(self, &question, now_s);
            *(who ? &self->admitted : &self->refused) += 1;
            log_judgement(&question, who);
            answer(self, &question, who);
        }
        question_fini(&question);
        if (!is_asked)
            return;
    }
}

const enrolled_t *gatekeeper_who(gatekeeper_t *self, zmq_msg_t *message)
{
    assert(self && message);
    const char *text = zmq_msg_gets(message, "User-Id");
    const enrolled_t *who = text ? keyring_find(self->keyring, span_of(text)) : NULL;
    self->revoked += who == NULL;
    return who;
}
