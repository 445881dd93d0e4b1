/* client/core/client_link.h - the client's end of a link: many sessions over one DEALER and one SUB.
 *
 * Decides everything a client has to decide and touches nothing: no socket, no clock, no random source.
 * The shell feeds it frames and the time; it answers through a table of calls. It connects, keeps the
 * link alive, reconnects with a growing and jittered pause, resumes sessions, subscribes to rooms by
 * reference count, finds holes and has them replayed (once per room and link, never per user), repeats
 * requests where that helps, and hands every message of a room to the application once and in order.
 *
 *   static const client_calls_t CALLS = {.open = ..., .send = ..., .message = on_message, ...};
 *   client_link_t *link = client_link_new (&options, &CALLS, context);
 *   client_link_start (link, now_ms);                       // calls open(), then send() with a ping
 *   ...                                                     // the shell's loop:
 *   client_link_frame (link, data, size, now_ms);           //   a frame from the DEALER; calls up()
 *   client_link_hello (link, &hello, now_ms, &sid);         // a user came; ready(), joined() follow
 *   client_link_request (link, sid, &(client_request_t){.op = OP_say, .room = span_of ("lobby"),
 *                        .text = line, .tag = 7}, now_ms);  // reply() follows, with tag 7
 *   client_link_published (link, data, size, now_ms);       //   a frame from the SUB; message() follows
 *   client_link_tick (link, now_ms);                        //   at client_link_next_ms() or earlier
 *   client_link_disconnected (link, now_ms);                //   the monitor says so; down() follows
 *   client_link_bye (link, sid, now_ms);                    // the user went; nothing more about the sid
 *
 * What the calls may do: everything here but destroy, frame, published, tick, start and disconnected.
 * Strings and messages handed to a call hold until it returns. Times are monotonic milliseconds that
 * never go back. One owner, no locks. Foreign bytes are counted, never asserted on. */
#ifndef CLIENT_CORE_CLIENT_LINK_H
#define CLIENT_CORE_CLIENT_LINK_H

#include "proto/decode.h"
#include "proto/names.h"

typedef struct client_link client_link_t;

enum { CLIENT_ADDRESS_BYTES = 64 }; /* as keys.def has it */

/* How a session became ready. */
typedef enum {
    CLIENT_NEW,     /* first hello */
    CLIENT_RESUMED, /* taken up again after the link was lost; nothing was missed */
    CLIENT_RENEWED, /* the old one had expired: hello again under the old nick; uid and inbox are new */
} client_ready_t;

/* What the link calls. All are set, but those marked optional. `context` is client_link_new()'s.
 * A session is named by its sid and the `user` its hello brought. A room is named by a number from 0,
 * small and stable from the first joined() to the last parted(), fit for an array; after that it is
 * used again for another room. */
typedef struct {
    /* The shell. Open a fresh DEALER to the router, closing the one there was (linger 0, its frames
     * forgotten). Not to be answered from within. */
    void (*open)(void *context);
    /* Put one frame on the DEALER without blocking (ZMQ_DONTWAIT). False: it has no room; the link is
     * then given up and opened again, and nothing is lost, so give the DEALER a large SNDHWM. */
    bool (*send)(void *context, span_t frame);
    /* From now on the SUB is to be connected to this endpoint and no other, by a fresh connection even
     * where it is the same. Called when the broker has said which, when that changes, and once each
     * time the link has come up; subscriptions stay. */
    void (*listen)(void *context, span_t endpoint);
    /* The SUB is to have (or no longer have) this topic: a room's name with its zero byte. */
    void (*subscribe)(void *context, span_t topic);
    void (*unsubscribe)(void *context, span_t topic);

    /* Where the user comes from, for a bridge: asked whenever the session says hello, so that it need not be
     * kept. At most CLIENT_ADDRESS_BYTES; borrowed until the next call. Calls nothing of the link. Optional;
     * empty: nothing is said. */
    span_t (*address)(void *context, void *user);

    /* The password of the account that the session's nick is of: asked for whenever it says hello under that nick.
     * Borrowed until the next call. Calls nothing of the link. Optional; empty: none is said. */
    span_t (*password)(void *context, void *user);

    /* The application. The broker answers / does not answer any more: tell people once. `retry_ms` is
     * when the next attempt is made. down() also follows each failed attempt; optional both. */
    void (*up)(void *context);
    void (*down)(void *context, uint64_t retry_ms);
    /* The session can be used. `welcome` is the broker's reply: nick, uid, session, limits ... What it
     * had missed follows. */
    void (*ready)(void *context, uint32_t sid, void *user, client_ready_t how,
                  const message_t *welcome);
    /* hello was refused for good (nick_taken, nick_invalid, full, banned ...); HUB_ERR_COUNT: by an
     * error this version does not know. The session waits for client_link_hello_as() or bye. */
    void (*refused)(void *context, uint32_t sid, void *user, hub_err_t err, const message_t *reply);
    /* The session is in a room now, or no longer. Comes right after ready() and with the replies to
     * join and part. With the first joined() of a room its messages begin. `why` is the broker's `kicked` (reason, by,
     * text) where somebody has put the session out of the room, else NULL. */
    void (*joined)(void *context, uint32_t sid, void *user, uint32_t room, span_t name);
    void (*parted)(void *context, uint32_t sid, void *user, uint32_t room, span_t name,
                   const message_t *why);
    /* hello asked for that room (its folded name) and the session is not in it: full, private, banned there ... A
     * request to join it tells why. After ready(), where the session is new. Optional. */
    void (*left_out)(void *context, uint32_t sid, void *user, span_t name);
    /* The answer to client_link_request(), exactly one each, in any order. HUB_OK: `reply` has the
     * results. Else `reply` has `error` and `hint`, or is NULL where the link gave up by itself:
     * HUB_EXPIRED, the session ended with the request unanswered (a say may or may not have been
     * heard). HUB_ERR_COUNT: an error this version does not know. */
    void (*reply)(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
                  const message_t *reply);
    /* An event of a room, once per link and in order of (epoch, seq): a `message`, or one of an ev that
     * this version does not know (KEY_ev says which; skip it). */
    void (*message)(void *context, uint32_t room, const message_t *event);
    /* An event of the session's inbox, likewise: a `private`. */
    void (*private_message)(void *context, uint32_t sid, void *user, const message_t *event);
    /* Who came, went or changed in a room: a `presence`. Once per link. */
    void (*presence)(void *context, uint32_t room, const message_t *event);
    /* A presence event was lost: ask `who` to be sure again. Optional. */
    void (*presence_gap)(void *context, uint32_t room);
    /* Events first..last of a room (sid is CLIENT_NO_SID) or of an inbox (room is CLIENT_NO_ROOM) will
     * never come: the broker has them no more. Optional. */
    void (*lost)(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                 uint64_t last);
    /* Likewise, but these did come: the broker has been restored from before them, or has started
     * without its history. What follows has a newer epoch and goes on before `first`. Optional. */
    void (*undone)(void *context, uint32_t room, uint32_t sid, void *user, uint64_t first,
                   uint64_t last);
    /* Say something within `idle_in_ms` or be kicked. Optional. */
    void (*warning)(void *context, uint32_t sid, void *user, uint64_t idle_in_ms);
    /* Somebody who may has muted the session, taken that back, or given it another role in a room: a `muted`, `unmuted` or
     * `role`. Optional. */
    void (*treated)(void *context, uint32_t sid, void *user, ev_t ev, const message_t *event);
    /* Members of the room wait so long between two messages from now on; 0: no longer than elsewhere. Once per link.
     * Optional. */
    void (*slowed)(void *context, uint32_t room, uint64_t slow_ms);
    /* The session has ended: idle, slow, resumed elsewhere, kicked or banned; `text` is what an operator says of it,
     * empty if nothing. Its requests have been answered; the sid
     * and what belongs to it are gone when this returns, as after bye. */
    void (*kicked)(void *context, uint32_t sid, void *user, span_t reason, span_t text);
    /* The broker is about to stop, in `after_ms`. Optional. */
    void (*shutdown)(void *context, uint64_t after_ms);
} client_calls_t;

#define CLIENT_NO_SID  UINT32_MAX
#define CLIENT_NO_ROOM UINT32_MAX

/* Copied; a zero or NULL takes the default in brackets. */
typedef struct {
    const char
        *router;     /* endpoint the shell connects to: a PUB endpoint's host `*` means its host */
    const char *pub; /* PUB endpoint to listen to [the broker says] */
    const char *agent;      /* program and version, for the operator [none] */
    uint8_t entropy[32];    /* fresh; keys the hash and draws the jitter */
    uint64_t connect_ms;    /* how long one attempt may take [3000] */
    uint64_t pause_min_ms;  /* pause after the first failed attempt, doubled after each [100] */
    uint64_t pause_max_ms;  /* longest pause; half of each is jitter [10000] */
    uint64_t heartbeat_ms;  /* until the broker has said its own [10000] */
    uint32_t sessions_max;  /* [LIMIT_SESSIONS_PER_LINK] */
    uint32_t greetings_max; /* hello and resume in flight at once [256] */
    uint32_t requests_max;  /* unanswered requests of one session [1024] */
} client_options_t;

/* A link that is not started. `calls` is borrowed as long as the link lives. */
client_link_t *client_link_new(const client_options_t *options, const client_calls_t *calls,
                               void *context);

/* Frees the link, its sessions and *self_p; calls nothing. NULL in *self_p is fine. */
void client_link_destroy(client_link_t **self_p);

/* Makes the first attempt to connect. Once. */
void client_link_start(client_link_t *self, uint64_t now_ms);

/* A frame came from the DEALER that open() opened last. Borrowed. */
void client_link_frame(client_link_t *self, const void *data, size_t size, uint64_t now_ms);

/* A frame came from the SUB. Borrowed. Allocates nothing unless it lies beyond a hole. */
void client_link_published(client_link_t *self, const void *data, size_t size, uint64_t now_ms);

/* Does what is due. Too early or too often is fine. */
void client_link_tick(client_link_t *self, uint64_t now_ms);

/* When client_link_tick() has to be called at the latest; ask again after every call. O(1). */
uint64_t client_link_next_ms(const client_link_t *self);

/* The DEALER has lost its connection: down(), and after a pause open(). Only to be said of the DEALER opened
 * last. Needed where that DEALER connects again by itself, as libzmq's does: requests may have been lost, while
 * pings are answered again; without that, three unanswered heartbeats say the same, but later. */
void client_link_disconnected(client_link_t *self, uint64_t now_ms);

/* Calls subscribe() for every topic that there is to be, once each: for a SUB that was made anew. From within
 * listen(), too. */
void client_link_subscribe_again(client_link_t *self);

/* True from up() to down(). */
bool client_link_is_up(const client_link_t *self);

/* A user. Spans are borrowed for the call. */
typedef struct {
    span_t nick;         /* empty: the broker gives a guest's name */
    const span_t *rooms; /* to be joined at once */
    size_t room_count;
    uint64_t resume_ms;  /* how long to outlive the link; 0: the broker's default */
    bool is_kicked_idle; /* kicked when idle for idle_ms */
    void *user;          /* returned in every call about the session */
} client_hello_t;

/* Opens a session; while the link is down it waits. ready() or refused() follows. O(1); under 160 bytes
 * each. HUB_FULL: sessions_max reached. HUB_NICK_INVALID, HUB_ROOM_INVALID, HUB_TOO_LONG (more than
 * LIMIT_ROOMS_PER_SESSION rooms): nothing was done, *out_sid untouched. */
HUB_MUST_CHECK hub_err_t client_link_hello(client_link_t *self, const client_hello_t *hello,
                                           uint64_t now_ms, uint32_t *out_sid);

/* After refused(): tries again under another nick (empty: a guest's). HUB_NO_SESSION: no such session,
 * or it was not refused. HUB_NICK_INVALID. */
HUB_MUST_CHECK hub_err_t client_link_hello_as(client_link_t *self, uint32_t sid, span_t nick,
                                              uint64_t now_ms);

/* Ends a session: sends `bye` once, where the broker knows the session, and forgets it at once. Its
 * unanswered requests get no reply any more; whoever wants them done waits until
 * client_link_waiting() is 0. An unknown sid is fine. */
void client_link_bye(client_link_t *self, uint32_t sid, uint64_t now_ms);

/* A request of one session. Only what the op has (proto/commands.def) is sent. */
typedef struct {
    op_t
        op; /* say tell join part who rooms history nick status invite ping, or accounts' and operators' */
    uint64_t tag; /* returned in reply() */
    span_t room, to, text, nick, status, page, type, data, rel, reason, password, new_password,
        role;
    span_t x;                                                          /* raw msgpack, one map */
    uint64_t ref, thread, before, after, since, until, limit, slow_ms; /* sent where not 0 ... */
    keys_t zeros;    /* ... or named here, such as K(after) for "from the beginning" */
    bool is_private; /* join: make it private */
    bool is_active;  /* ping: this is the act of a person */
} client_request_t;

/* Queues a request. A session's requests take effect in the order made: what the broker refuses for now
 * (flood, busy ...) is repeated after its time, before later ones; join, part, nick, status and invite
 * wait for those before and are waited for. Everything survives the loss of the link. say and tell get
 * their cid here. On error no reply() follows:
 * HUB_NO_SESSION: no such session, or it has just been kicked. HUB_BUSY: requests_max are unanswered. HUB_TOO_LONG: it fits no
 * frame. HUB_BAD_REQUEST: a needed field is missing, x is no map. HUB_UNSUPPORTED: not an op for here
 * (hello, resume, bye, replay). */
HUB_MUST_CHECK hub_err_t client_link_request(client_link_t *self, uint32_t sid,
                                             const client_request_t *request, uint64_t now_ms);

/* How many requests of the session have no reply yet; 0 for an unknown sid. */
size_t client_link_waiting(const client_link_t *self, uint32_t sid);

/* How many of these are say and tell. */
size_t client_link_unacknowledged(const client_link_t *self, uint32_t sid);

/* For how long the broker has owed the session the answer to a request that it was sent on this link; 0: it owes none. One that
 * has to be repeated later is owed none meanwhile. O(requests in flight). */
uint64_t client_link_owed_ms(const client_link_t *self, uint32_t sid, uint64_t now_ms);

/* Sessions there are, in whatever state. */
size_t client_link_sessions(const client_link_t *self);

/* True when the broker has welcomed the session and the link is up. */
bool client_link_is_ready(const client_link_t *self, uint32_t sid);

/* The nick of a session as the broker gave it last; empty before the welcome or for an unknown sid.
 * Borrowed until the next call. */
span_t client_link_nick(const client_link_t *self, uint32_t sid);

/* The canonical name of a room; `room` comes from a call and has not been left by all. Borrowed. */
span_t client_link_room_name(const client_link_t *self, uint32_t room);

/* The number of a room that some session is in, by any spelling; else CLIENT_NO_ROOM. */
uint32_t client_link_room(const client_link_t *self, span_t name);

/* True if the session is in the room. O(rooms of the session). */
bool client_link_is_member(const client_link_t *self, uint32_t sid, uint32_t room);

/* What happened so far. */
typedef struct {
    uint64_t frames_bad;       /* no message of the wire, or of a topic nobody asked for */
    uint64_t events;           /* delivered, rooms and inboxes */
    uint64_t duplicates;       /* dropped: seen before */
    uint64_t gaps;             /* holes found */
    uint64_t replays;          /* pages of replay asked for */
    uint64_t held_dropped;     /* came beyond a hole and did not fit; replayed later */
    uint64_t attempts;         /* DEALERs opened */
    uint64_t resumed, renewed; /* sessions */
    uint64_t repeated;         /* requests sent more than once */
} client_counters_t;

/* Borrowed, always current. */
const client_counters_t *client_link_counters(const client_link_t *self);

#endif
