#include "client/core/greet.h"

#include "client/core/connect.h"
#include "client/core/membership.h"
#include "client/core/outgoing.h"
#include "client/core/repair.h"
#include "client/core/reply.h"
#include "client/core/request.h"

#include <assert.h>
#include <string.h>

enum {
    HEARTBEAT_MAX_MS = 600000,
    AGREED_MAX_MS = 600000, /* longer no one waits for their own name */
    GHOST_PAUSE_MS = 500,
};

void greet_enqueue(client_link_t *self, client_session_t *session)
{
    assert(self && session->state != SESSION_GONE);
    session->state = SESSION_WAITING;
    session->due_ms = 0;
    chain_add(&self->greetings, &session->place);
}

void greet_again(client_link_t *self, client_session_t *session)
{
    assert(self && session);
    if (session->state != SESSION_READY)
        return;
    assert(self->ready_count > 0);
    self->ready_count--;
    repair_drop_inbox(self, session);
    greet_enqueue(self, session);
}

static void write_proto(writer_t *writer, const client_link_t *self)
{
    static const uint64_t VERSIONS[] = {PROTO_VERSION, PROTO_VERSION};
    write_key(writer, KEY_proto);
    pack_numbers(writer, VERSIONS, 2);
    if (self->options.agent)
        write_str(writer, KEY_agent, span_of(self->options.agent));
}

/* Not the private ones: hello cannot enter one that is there, and would make one that is there no more
 * for all to read. */
static void write_rooms(writer_t *writer, const client_link_t *self, client_session_t *session)
{
    const uint32_t *rooms = client_session_rooms(session);
    uint32_t count = 0;
    for (uint32_t i = 0; i < session->room_count; i++)
        count += !client_rooms_at(&self->rooms, rooms[i] & SESSION_ROOM_INDEX)->is_private;
    write_key(writer, KEY_join);
    msgpack_pack_array(&writer->packer, count);
    for (uint32_t i = 0; i < session->room_count; i++) {
        const client_room_t *room = client_rooms_at(&self->rooms, rooms[i] & SESSION_ROOM_INDEX);
        if (!room->is_private)
            pack_span(writer, name_span(&room->name));
    }
}

static void write_address(writer_t *writer, const client_link_t *self,
                          const client_session_t *session)
{
    if (self->calls->address == NULL)
        return;
    span_t address = self->calls->address(self->context, session->user);
    assert(address.size <= CLIENT_ADDRESS_BYTES);
    if (address.size > 0)
        write_str(writer, KEY_address, address);
}

static span_t password_of(const client_link_t *self, const client_session_t *session)
{
    return self->calls->password ? self->calls->password(self->context, session->user)
                                 : (span_t){"", 0};
}

static void write_password(writer_t *writer, const client_link_t *self,
                           const client_session_t *session)
{
    span_t password = password_of(self, session);
    if (password.size > 0 && password.size <= LIMIT_PASSWORD_BYTES)
        write_str(writer, KEY_password, password);
}

static void write_hello(writer_t *writer, const client_link_t *self, client_session_t *session)
{
    span_t nick = label_span(&session->nick);
    if (nick.size > 0) {
        write_str(writer, KEY_nick, nick);
        write_password(writer, self, session);
    }
    write_address(writer, self, session);
    if (session->is_kicked_idle)
        write_bool(writer, KEY_kick, true);
    if (session->resume_ms > 0)
        write_uint(writer, KEY_resume_ms, session->resume_ms);
    write_rooms(writer, self, session);
}

static void greet(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    bool is_resume = session->token_size > 0;
    op_t op = is_resume ? OP_resume : OP_hello;
    uint64_t id = errand_add(&self->errands, ERRAND_GREETING, session->sid, NULL);
    writer_t writer;
    request_begin(&writer, &self->out, op, id, 0, session->sid);
    write_proto(&writer, self);
    if (is_resume)
        write_bin(&writer, KEY_token, (span_t){(const char *)session->token, session->token_size});
    else
        write_hello(&writer, self, session);
    write_end(&writer);
    session->state = SESSION_GREETING;
    session->greeting_id = id;
    self->greetings_in_flight++;
    connect_send(self, now_ms);
    explicit_bzero(self->out.data, self->out.size); /* it may hold a secret */
}

void greet_pump(client_link_t *self, uint64_t now_ms)
{
    assert(self);
    while (self->status == LINK_UP && self->greetings_in_flight < self->options.greetings_max) {
        chain_t *node = chain_take(&self->greetings);
        if (node == NULL)
            return;
        greet(self, CHAIN_OWNER(client_session_t, node), now_ms);
    }
}

void greet_cancel(client_link_t *self, const client_session_t *session)
{
    assert(self && session);
    if (session->state != SESSION_GREETING)
        return;
    assert(self->greetings_in_flight > 0);
    self->greetings_in_flight--;
}

/* What the broker says of the session and of itself. A token too long to keep makes the session one that
 * cannot be resumed. */
static void note_welcome(client_link_t *self, client_session_t *session, const message_t *reply)
{
    span_t token = message_span(reply, KEY_token);
    session->token_size = 0;
    if (token.size > 0 && token.size <= CLIENT_TOKEN_BYTES) {
        memcpy(session->token, token.data, token.size);
        session->token_size = (uint8_t)token.size;
    }
    (void)client_session_set_nick(session, message_span(reply, KEY_nick)); /* else the old one */
    uint64_t agreed = message_uint(reply, KEY_resume_ms);
    session->agreed_ms = agreed < AGREED_MAX_MS ? agreed : AGREED_MAX_MS;
    session->has_ghost = false;
    uint64_t heartbeat = message_uint(reply, KEY_heartbeat_ms);
    if (heartbeat > 0)
        self->heartbeat_ms = heartbeat < HEARTBEAT_MAX_MS ? heartbeat : HEARTBEAT_MAX_MS;
    connect_listen(self, reply);
}

static client_ready_t how_ready(const client_session_t *session)
{
    if (session->token_size > 0)
        return CLIENT_RESUMED;
    return session->was_ready ? CLIENT_RENEWED : CLIENT_NEW;
}

static void welcome(client_link_t *self, client_session_t *session, const message_t *reply,
                    uint64_t now_ms)
{
    client_ready_t how = how_ready(session);
    self->counters.resumed += how == CLIENT_RESUMED;
    self->counters.renewed += how == CLIENT_RENEWED;
    note_welcome(self, session, reply);
    session->state = SESSION_READY;
    session->due_ms = 0;
    session->was_ready = true;
    self->ready_count++;
    if (self->ping_ms > now_ms + self->heartbeat_ms)
        self->ping_ms = now_ms + self->heartbeat_ms;
    outgoing_restart(self, session, message_uint(reply, KEY_cid));
    if (session->state != SESSION_READY)
        return;
    self->calls->ready(self->context, session->sid, session->user, how, reply);
    if (session->state != SESSION_READY)
        return;
    if (how != CLIENT_RESUMED)
        client_session_forget_inbox(session);
    membership_welcome(self, session, reply, now_ms);
    if (session->state == SESSION_READY)
        outgoing_pump(self, session, now_ms);
}

/* The session has ended; what it said may or may not have been heard. A broker that was put back to an
 * earlier state knows the session but not its token: it holds our nick until it has been away for long
 * enough. */
static void renew(client_link_t *self, client_session_t *session, uint64_t now_ms)
{
    session->token_size = 0;
    session->cid = 0;
    assert(!session->has_ghost); /* it had a token, so it has been welcomed since */
    session->ghost_ms = now_ms + session->agreed_ms + GHOST_PAUSE_MS;
    session->has_ghost = true;
    greet_enqueue(self, session);
    outgoing_expire(self, session);
}

static void wait_for(client_link_t *self, client_session_t *session, uint64_t due_ms)
{
    session->state = SESSION_WAITING;
    session->due_ms = due_ms;
    chain_add(&self->due_sessions, &session->place);
    link_due(self, due_ms);
}

/* A ban that ends is no reason to keep somebody waiting for that, nor are too many wrong passwords. */
static bool has_to_wait(const client_link_t *self, const client_session_t *session,
                        const message_t *reply, hub_err_t err)
{
    if (!message_has(reply, KEY_retry_ms) || err == HUB_BANNED)
        return false;
    return err != HUB_FLOOD || session->token_size > 0 || password_of(self, session).size == 0;
}

static bool has_ghost(const client_session_t *session, uint64_t now_ms)
{
    return session->has_ghost && now_ms < session->ghost_ms;
}

void greet_answer(client_link_t *self, client_session_t *session, const message_t *reply,
                  uint64_t now_ms)
{
    assert(self && session && reply && session->state == SESSION_GREETING);
    greet_cancel(self, session);
    hub_err_t err = reply_error(reply);
    if (err == HUB_OK) {
        welcome(self, session, reply, now_ms);
    } else if (has_to_wait(self, session, reply, err)) {
        wait_for(self, session, now_ms + reply_pause_ms(reply));
    } else if (session->token_size > 0 && err != HUB_BANNED) {
        renew(self, session, now_ms);
    } else if (err == HUB_NICK_TAKEN && has_ghost(session, now_ms)) {
        wait_for(self, session, now_ms + GHOST_PAUSE_MS);
    } else {
        session->state = SESSION_REFUSED;
        self->calls->refused(self->context, session->sid, session->user, err, reply);
    }
    greet_pump(self, now_ms);
}
