/* bridge/shell/bridge_state.h - the bridge's own state, for the files that make it up.
 *
 *   bridge.c    what bridge.h offers; the loop, one turn after the other
 *   port.c      a listening socket
 *   listener.c  accepting, and whom not
 *   entrance.c  from a connection to a session: PROXY, TLS (tls.c)
 *   uplink.c    DEALER, SUB and the DEALER's monitor; pipe.c where libzmq is not needed
 *   input.c     from a user's bytes to orders
 *   orders.c    from orders to requests
 *   replies.c   from replies to lines
 *   calls.c     what the link tells: sessions, rooms, messages
 *   output.c    sweeping, sending, parting
 *
 * A turn: wait; look at descriptors; drain the DEALER and the SUB, each with a budget; do what is due;
 * sweep when the lines have gathered; look at every user something happened to; free the doomed. */
#ifndef BRIDGE_SHELL_BRIDGE_STATE_H
#define BRIDGE_SHELL_BRIDGE_STATE_H

#include "base/heap.h"
#include "bridge/core/grammar.h"
#include "bridge/core/pace.h"
#include "bridge/core/render.h"
#include "bridge/core/share.h"
#include "bridge/shell/bridge.h"
#include "bridge/shell/hall.h"
#include "bridge/shell/pipe.h"
#include "bridge/shell/port.h"
#include "bridge/shell/user.h"
#include "client/core/client_link.h"

enum {
    EVENTS = 256,             /* looked at in one turn */
    DRAIN_BUDGET = 256,       /* frames of one socket in one turn */
    ACCEPT_BUDGET = 64,       /* connections in one turn */
    SLICE_SENDS = 128,        /* of a sweep in one turn ... */
    SLICE_BYTES = 1 << 20,    /* ... or so much */
    UNANSWERED_MAX = 128,     /* lines of one user: then their input rests ... */
    UNANSWERED_LOW = 64,      /* ... until so few are left */
    WHO_MAX = 1000,           /* names one `who` shows */
    ENDING_MS = 2000,         /* how long last words may take to come back */
    ENTER_MS = 10000,         /* how long a PROXY header and a TLS handshake may take, by default */
    HANDSHAKES_PER_TURN = 16, /* steps of them: each may cost a millisecond ... */
    HANDSHAKES_PER_SLICE = 1, /* ... which a room that is being swept shall not wait for */
    LOGIN_GRACE_MS = 10000,   /* by default */
    LINGER_MS = 2000,         /* how long a user may take to hang up */
    BLIND_MS = 1000,          /* nobody reads an answer and types a line in less */
    LAG_MS = 1,        /* how long what one did oneself may wait for more to be sent with it */
    TIDY_MS = 1000,    /* between two looks at the logs, and at the heap */
    STORM_EVENTS = 64, /* in one turn: they leave holes in the heap */
    SEND_BUFFER_BYTES = 64 * 1024,
    RECEIVE_BUFFER_BYTES = 32 * 1024,
    CLEAN_TEXT_BYTES = 3 * (LIMIT_TEXT_BYTES + 64) /* a line, cleaned */
};

/* A socket of libzmq's and its descriptor in the epoll set. Asking the socket whether it has input costs
 * system calls, so it is asked only when there may be some. */
typedef struct {
    void *socket;
    int fd;       /* -1: none */
    bool is_told; /* the descriptor told of something; not all of it has been read */
    bool
        is_suspect; /* something was done to the socket, which may have swallowed what its descriptor
                        had to tell: asked before we sleep */
} wire_t;

/* What leads to the broker: for each way a socket of libzmq's or, where pipe_takes() the endpoint and no key is
 * needed, a pipe. */
typedef struct {
    wire_t dealer, sub, monitor;
    pipe_t dealer_pipe, sub_pipe;
    char *sub_endpoint; /* owned; what the SUB is connected to */
    unsigned opened;    /* DEALERs, ever: names the monitors */
    uint64_t retry_ms;  /* when a pipe that nobody listens to is tried again */
} uplink_t;

struct bridge {
    credentials_t keys;
    bridge_config_t config; /* strings owned */
    bridge_direct_t direct; /* config.direct, where there is one */
    void *zmq_context;
    language_t language;
    port_t ports[PORT_COUNT];
    tls_t *tls;  /* NULL: there is no TLS port */
    char *chunk; /* what is to be encrypted; owned, TLS_CHUNK_BYTES; NULL likewise */
    network_t proxies[SETTING_LIST_ITEMS]; /* who must say for whom they come */
    size_t proxy_count;
    uint32_t handshakes_left; /* steps in this turn */
    int reserve_fd, epoll_fd;
    bool is_accepting; /* the ports are in the epoll set */
    bool has_epoll_pwait2;
    bool is_away; /* the broker does not answer, and users know */
    bool was_up;
    bool is_stopping;
    uint64_t resume_accepting_ms;
    uint64_t now_ms, now_us, tidy_ms;
    uplink_t uplink;
    client_link_t *link;
    users_t users;
    hall_t hall;
    addresses_t *addresses;
    pace_t *pace;
    uint64_t slept_from_us; /* when it went to sleep; 0: it is awake */
    heap_t heap;
    patience_t entering, slow, ending, lingering, locked;
    uint64_t log_ms;      /* when the log may tell of strangers again ... */
    uint64_t full_log_ms; /* ... and that no descriptor is left */
    patience_t lagging;   /* have only been told what they did themselves: that can wait for more */
    user_t *touched, *doomed;
    uint64_t slice_sends, slice_bytes; /* of this turn's sweep so far */
    bridge_counters_t counters;
    buffer_t lines;  /* what is being rendered */
    buffer_t limits; /* the broker's, as lines; empty: not heard yet */
    buffer_t text;   /* a cleaned line */
    uint32_t unsaid; /* lines of who is being read that were to be said and were not; to be told */
    plan_t plan;
    char place[BRIDGE_ADDRESS_BYTES]; /* where a user comes from, for those who ask */
    size_t read_bytes;                /* of one user in this turn */
    char input[SHARE_MOST_BYTES];
};

/* What a request was for: the tag that comes back with its reply. */
typedef enum { FOR_ORDER, FOR_BACKLOG } purpose_t;
typedef struct {
    uint8_t purpose;
    uint8_t verb;
    uint16_t shown; /* names shown so far, messages wanted, or said in the first room */
    uint32_t room;  /* USER_NO_ROOM: none of this user's */
} tag_t;
_Static_assert(sizeof(tag_t) == sizeof(uint64_t), "a tag is what comes back");

/* Takes the time: it stands still while nobody looks. */
void look_at_clock(bridge_t *self);

/* --- output.c --- */

/* Asks the broker for something of that order; orders.c. What cannot even be sent is told at once. */
void user_ask(bridge_t *self, user_t *user, client_request_t *request, verb_t verb);

/* True if the user can be served now. */
bool user_has_broker(const bridge_t *self, const user_t *user);

/* Queues a phrase for one user, behind what the room they talk in has now. */
void user_tell(bridge_t *self, user_t *user, phrase_t phrase, const words_t *words);

/* Queues what self->lines holds, likewise, and clears it. */
void user_put_lines(bridge_t *self, user_t *user);

/* The same for what the user knows already, a copy of their own words: a moment later, together with what
 * comes until then. Half of all system calls of two people who write to each other are saved by that. */
void user_put_own_lines(bridge_t *self, user_t *user);

/* Appends what self->lines holds to a room's log, and clears it. */
void room_append(bridge_t *self, room_t *room);

/* Somebody to be looked at before the turn ends: something is to be sent, or may be over. */
void user_touch(bridge_t *self, user_t *user);

/* Looks at all who were touched, until nobody is. */
void users_settle(bridge_t *self);

/* Writes to everybody in the rooms that grew. */
void sweep(bridge_t *self);

/* As send(), through TLS where there is some: then all of it or nothing, TLS_CHUNK_BYTES at most. */
ssize_t user_send(user_t *user, const void *bytes, size_t size);

/* The socket takes bytes again. */
void user_unblock(bridge_t *self, user_t *user);

/* The session is over from the broker's side, or is refused: what was told is sent, then the connection
 * ends. */
void user_leave(bridge_t *self, user_t *user);

/* No more input counts. When all of it has been answered, the session ends. */
void user_end(bridge_t *self, user_t *user);

/* The connection is gone or to be cut: the session ends at once. Freed at the end of the turn. */
void user_doom(bridge_t *self, user_t *user);

/* Ends those for whom was waited long enough. */
void expire(bridge_t *self);

/* Frees the doomed. */
void bury(bridge_t *self);

/* --- input.c --- */

/* There is something to be read, or the connection has broken. */
void user_readable(bridge_t *self, user_t *user, uint32_t events);

/* An event of the epoll set that is of a user. */
void user_event(bridge_t *self, user_t *user, uint32_t events);

/* Reads what has been decrypted already, which no descriptor tells of. */
void user_read_on(bridge_t *self, user_t *user);

/* Goes on with input that rested, once there is no more reason to. */
void user_resume_input(bridge_t *self, user_t *user);

/* Asks epoll for what is of interest now. */
void user_watch(bridge_t *self, user_t *user);

/* --- orders.c, replies.c, calls.c --- */

/* Does what a cleaned line asks for. */
void user_order(bridge_t *self, user_t *user, span_t line);

/* As if they had typed /join, and were in no such room. */
void user_asks_to_join(bridge_t *self, user_t *user, span_t room);

/* Tells who is in rooms but talks in none how to go on in one; who is in none, how to enter one. */
void tell_nowhere(bridge_t *self, user_t *user);

/* A room was not entered. What comes within BLIND_MS was typed before that could be read, and was meant for that room: then the
 * user talks nowhere until they have chosen. Who types later goes on where they are. */
void user_stays_out(bridge_t *self, user_t *user);

/* They talk in that room from now on. */
void user_talks_in(user_t *user, uint32_t room);

/* Tells how many lines were not said, if any. */
void tell_unsaid(bridge_t *self, user_t *user);

/* Asks once for what was said in a room before we were in it. */
void ask_for_backlog(bridge_t *self, user_t *user, room_t *room);

/* The next page of a `who`. */
void ask_who(bridge_t *self, user_t *user, tag_t tag, span_t room, span_t page);

/* Why that was not done, what is waited for, and what to do. */
void tell_refused(bridge_t *self, user_t *user, op_t op, hub_err_t err, const message_t *reply);

/* client_link's call. */
void on_reply(void *context, uint32_t sid, void *user, op_t op, uint64_t tag, hub_err_t err,
              const message_t *reply);

/* Makes the link; the caller starts it. */
client_link_t *calls_new_link(bridge_t *self);

/* Opens the session of a user who has just come. False: refused and told. */
bool user_hello(bridge_t *self, user_t *user, span_t nick);

/* --- uplink.c --- */

/* Closes everything; what is queued has `linger_ms` to get out. */
void uplink_stop(bridge_t *self, int linger_ms);

/* client_link's calls. */
void on_open(void *context);
bool on_send(void *context, span_t frame);
void on_listen(void *context, span_t endpoint);
void on_subscribe(void *context, span_t topic);
void on_unsubscribe(void *context, span_t topic);

/* True if an event of the epoll set is of a socket towards the broker, which is then looked at. */
bool uplink_notice(bridge_t *self, const void *place, uint32_t events);

/* Takes at most DRAIN_BUDGET frames from each socket. */
void uplink_drain(bridge_t *self);

/* Tries again what could not be connected. */
void uplink_tick(bridge_t *self);

/* How long uplink_tick() may wait; UINT64_MAX: for ever. */
uint64_t uplink_wait_us(const bridge_t *self);

/* Sends what was put, before anybody sleeps or does something long. */
void uplink_flush(bridge_t *self);

/* True if a socket has frames: do not sleep. */
bool uplink_has_more(bridge_t *self);

/* --- listener.c --- */

/* client_link's call: where a user comes from, without the port. */
span_t on_address(void *context, void *user);

/* The port an event of the epoll set is of; NULL: it is of something else. */
port_t *listener_find(bridge_t *self, const void *place);

/* Takes connections from a port's queue. */
void listener_accept(bridge_t *self, const port_t *port);

/* Counts a connection from that address, which is the user's. False: there are too many, *out_why tells. */
bool listener_admit(bridge_t *self, user_t *user, address_t from, phrase_t *out_why);

/* A descriptor is free again, or time has passed. */
void listener_resume(bridge_t *self);

/* --- entrance.c --- */

/* Somebody has been accepted; a proxy has to say first for whom it comes. */
void entrance_begin(bridge_t *self, user_t *user, bool is_proxied);

/* Something has happened to the descriptor of one who is entering. */
void entrance_event(bridge_t *self, user_t *user);

/* Ends those who took too long. */
void entrance_expire(bridge_t *self);

/* True if a connection begins as one of another protocol, which is counted; `bytes` are the next that came of it. To be
 * turned off at once. */
bool is_foreign(bridge_t *self, user_t *user, span_t bytes);

/* Says why one cannot stay, and ends the connection. */
void turn_off(bridge_t *self, user_t *user, phrase_t why);

/* --- passwords.c --- */

/* Begins to carry out /register, /login or /password: asks for what was left out, in secret. */
void password_order(bridge_t *self, user_t *user, const order_t *order);

/* True while the next line is a password, whatever it looks like. */
bool password_is_asked(const user_t *user);

/* client_link's call: of who has to log in, and has typed it. */
span_t on_password_wanted(void *context, void *user);

/* Nobody comes in here without an account, or the password was wrong: only /login, /help and /quit are understood until the
 * broker lets the user in, which is waited for LOGIN_MS. */
void user_lock(bridge_t *self, user_t *user, hub_err_t err, const message_t *reply);

/* The broker lets the user in, who may have been locked. */
void user_unlock(bridge_t *self, user_t *user);

/* True while a nick and password are with the broker. */
bool user_is_knocking(const user_t *user);

/* The user is cut off unless they are let in before long; output.c. */
void user_wait_for_login(bridge_t *self, user_t *user);

/* They said a line and are waited for anew. False: they have had all their grace, and leave. */
bool user_tries_to_log_in(bridge_t *self, user_t *user);

/* That line. */
void password_typed(bridge_t *self, user_t *user, span_t line);

/* Answers, as those in replies.c. */
void registered(bridge_t *self, user_t *user, tag_t tag, const message_t *reply);
void logged_in(bridge_t *self, user_t *user, tag_t tag, const message_t *reply);
void password_changed(bridge_t *self, user_t *user, tag_t tag, const message_t *reply);

#endif
