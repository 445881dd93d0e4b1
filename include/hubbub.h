/* hubbub.h - chat, presence and notifications in a C program.
 *
 *   hubbub_t *chat = hubbub_new (&(hubbub_options_t){.nick = "ada"});
 *   hubbub_say (chat, "lobby", "hello");
 *   const hubbub_event_t *event;
 *   while ((event = hubbub_next (chat, -1)))
 *       if (event->type == HUBBUB_MESSAGE)
 *           printf ("[%s] %s\n", event->nick, event->text);
 *   hubbub_destroy (&chat);
 *
 * Connecting, heartbeats, reconnecting, resuming, repeating what was not acknowledged and repairing what
 * was lost on the way happen by themselves: every message of every room you are in comes exactly once
 * and in order, whatever happens to the network. Where the broker has something no more, HUBBUB_LOST
 * says so.
 *
 * Two ways to get events: pull them with hubbub_next(), or set `on_event` and call hubbub_process()
 * whenever hubbub_fd() is readable, from any loop.
 *
 * A handle is used by one thread at a time; there are no locks. Handles are independent of each other.
 * The library never exits, never writes to standard error, and starts no thread but ZeroMQ's own.
 * All strings are UTF-8 and end with a zero. Times are milliseconds. Requests may be made at any time,
 * also before the broker has been reached: they wait. */
#ifndef HUBBUB_H
#define HUBBUB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct hubbub hubbub_t;

typedef enum {
    HUBBUB_READY, /* the session can be used: nick, uid, is_new, is_resumed */
    HUBBUB_DOWN, /* the broker does not answer; tried again by itself in retry_ms. Where it is known
                        that keys are why: error (key_refused, handshake_failed), hint */
    HUBBUB_REFUSED, /* the nick was refused: error, hint, retry_ms; go on with hubbub_hello_as() */
    HUBBUB_JOINED,  /* you are in room */
    HUBBUB_PARTED, /* you are not any more; where somebody has put you out: reason (kicked, banned), nick
                        (who did it), text (what they say of it) */
    HUBBUB_MESSAGE, /* room, nick, uid, text, epoch, seq, at_ms, and what the sender added; yours too */
    HUBBUB_PRIVATE, /* the same, with to and mid; copies of what you told others too */
    HUBBUB_PRESENCE, /* room, seq, count, members: who came, went (state "gone") or changed; in large rooms
                        the count alone */
    HUBBUB_MEMBERS, /* room, seq, count, members: a page of hubbub_who(); request is 0 where the library
                        asked by itself because a presence event was lost: forget what you knew */
    HUBBUB_ROOMS,   /* rooms: a page of hubbub_rooms() */
    HUBBUB_HISTORY, /* room, events, has_more: the page hubbub_history() asked for */
    HUBBUB_BANS,    /* room, bans: a page of hubbub_bans() */
    HUBBUB_DONE, /* a request has ended: request, op, error (NULL: done), hint, retry_ms (it may be done then; 0: no
                        time is known); of say and tell also epoch, seq, at_ms, mid; of join slow_ms. Exactly one for each request, after its pages */
    HUBBUB_LOST,   /* room ("@": private ones), first, last: these messages are gone for ever */
    HUBBUB_UNDONE, /* likewise, but these you did get: the broker has been restored from before them,
                        or has started without its history; what follows has a newer epoch */
    HUBBUB_WARNING, /* say something within idle_in_ms or be kicked */
    HUBBUB_KICKED, /* the session has ended: reason, and text if an operator says more; nothing follows */
    HUBBUB_SHUTDOWN, /* the broker stops in after_ms; the library reconnects when it is back */
    HUBBUB_MUTED, /* you may read but not speak, from at_ms on, until until_ms (0: until somebody lifts it), and text, if more is
                        said of it; in the room, by nick; without a room: anywhere */
    HUBBUB_UNMUTED, /* that is taken back: room, nick, or neither */
    HUBBUB_ROLE, /* room, nick: who has given you another role there; role: owner, moderator or member */
    HUBBUB_SLOW, /* room, slow_ms: its members wait so long between two messages from now on; 0: no longer than elsewhere */
} hubbub_type_t;

/* Somebody in a room. Strings are never NULL. */
typedef struct {
    const char *nick, *uid;
    const char *state;  /* active, inactive, detached or gone */
    const char *status; /* what they say about themselves */
    const char *was;    /* the nick before a rename, "" without one */
    const char *role;   /* owner or moderator of the room; "" for others; told in MEMBERS */
    uint64_t since_ms;  /* in this state since then (since 1970); 0: not told */
} hubbub_member_t;

typedef struct {
    const char *name;
    uint64_t count;   /* members */
    uint64_t seq;     /* of its last message */
    uint64_t slow_ms; /* members wait so long between two messages; 0: no longer than elsewhere */
} hubbub_room_t;

/* Whom a ban or mute means, and what was said of it. Strings are never NULL. */
typedef struct {
    const char *verdict;                  /* ban or mute */
    const char *nick, *account, *network; /* one of them; all "": a key */
    const char *by;                       /* who did it; @operator: from the broker's machine */
    const char *reason;
    uint64_t at_ms, until_ms; /* since 1970; until_ms 0: for ever */
} hubbub_ban_t;

/* What happened. Only what the type names is set; other strings are "", numbers 0. */
typedef struct hubbub_event hubbub_event_t;
struct hubbub_event {
    hubbub_type_t type;
    uint64_t request; /* what the request returned that this answers; else 0 */
    const char *op;   /* DONE: say, tell, join ... */
    const char *
        error; /* DONE: NULL when it was done; else a stable name such as "no_such_room". REFUSED, DOWN */
    const char *hint; /* what to do about it, for people */
    const char *room, *nick, *uid, *to, *text, *mid, *reason;
    size_t text_bytes; /* without the zero */
    uint64_t epoch,
        seq;        /* order the messages of a room; seq alone has no holes. PRESENCE, MEMBERS: seq
                            alone, of presence: a page holds all up to its own */
    uint64_t at_ms; /* when, since 1970, by the broker's clock */
    uint64_t cid;   /* the sender's own number of the message; 0: none */
    const char *payload; /* type of what is in data, "" without any */
    const void *data;    /* not text; NULL: none */
    size_t data_bytes;
    const void *x; /* the sender's experiments as raw msgpack, one map; NULL: none */
    size_t x_bytes;
    uint64_t ref,
        thread;      /* seq of the message this is about, and of the one that began the thread */
    const char *rel; /* how it is about ref: reply, edit, redact or react */
    uint64_t count;  /* members of the room */
    const hubbub_member_t *members;
    size_t member_count;
    const hubbub_room_t *rooms;
    size_t room_count;
    const hubbub_ban_t *bans;
    size_t ban_count;
    const hubbub_event_t *events; /* HISTORY: oldest first */
    size_t event_count;
    bool has_more;        /* another page follows by itself (MEMBERS, ROOMS), or can be asked for */
    bool is_new;          /* READY: the session is a new one, after an old one that expired too */
    bool is_resumed;      /* READY: the old one goes on, nothing was missed */
    uint64_t first, last; /* LOST */
    uint64_t retry_ms, idle_in_ms, after_ms, slow_ms;
    uint64_t until_ms; /* MUTED: since 1970, by the broker's clock */
    const char *role;  /* ROLE */
};

/* How to connect. Everything may be left 0 or NULL. Copied. */
typedef struct {
    const char *
        router; /* the broker [what the key file says, else tcp://127.0.0.1:5680]; tcp://, ipc:// */
    /* Where the broker wants keys: a file made by `hubbub --invite` or `hubbubctl key new` [none], or one's
     * secret key as 40 characters [none]; and the broker's public key [what the file says]. */
    const char *key_file, *secret_key, *server_key;
    const char *nick; /* who you are [the broker gives a guest's name] */
    /* The password of the account that `nick` is of [none]. Kept until hubbub_destroy(), or hubbub_hello_as() with another nick,
     * so that you are in under it again when a session has expired; then wiped. */
    const char *password;
    /* To be in from the start [lobby]; not NULL with room_count 0: none. Where one cannot be entered, DONE of join comes with
     * request 0 and the error. */
    const char *const *rooms;
    size_t room_count;
    const char *agent;   /* your program and version, for the operator */
    uint64_t resume_ms;  /* how long you stay in the rooms while the network is away [broker's] */
    uint64_t connect_ms; /* how long one attempt to connect may take [3000] */
    size_t events_max;   /* events kept while nobody pulls them; then reading pauses [4096] */
    /* Called by hubbub_process(), hubbub_wait() for every event [they are kept for hubbub_next()]. The
     * event holds until it returns. It may call everything but destroy, process, wait and next. */
    void (*on_event)(void *user, hubbub_t *self, const hubbub_event_t *event);
    /* Told about connections, a line each, for a log of yours [nobody is told]. The same holds. */
    void (*on_log)(void *user, const char *line);
    void *user; /* returned in both */
} hubbub_options_t;

/* Begins to connect; does not wait for it. The caller owns the handle. NULL with errno: EINVAL, an
 * endpoint, nick, room or key that cannot be; what open() said of the key file; EMFILE, ENFILE, ENOMEM, no descriptors or memory left. */
hubbub_t *hubbub_new(const hubbub_options_t *options);

/* Says bye if hubbub_quit() has not, and frees everything; waits at most 200 ms for what is being sent.
 * What was not acknowledged may be lost: see hubbub_unacknowledged(). NULL in *self_p is fine. */
void hubbub_destroy(hubbub_t **self_p);

/* ---- events ---- */

/* The next event, waiting up to `timeout_ms` (0: not at all, -1: as long as it takes). It holds until the
 * next call of this, hubbub_process(), hubbub_wait() or hubbub_destroy(). NULL: none came in time, a
 * signal interrupted the wait, or none will come any more because the session has ended. With `on_event` set always NULL. */
const hubbub_event_t *hubbub_next(hubbub_t *self, int timeout_ms);

/* A descriptor that is readable whenever hubbub_process() has something to do: for poll, epoll, libevent
 * and their like. Never read from it or close it. The same for the handle's whole life. */
int hubbub_fd(const hubbub_t *self);

/* Does what can be done now: reads what came, keeps the connection alive, calls `on_event`. Never
 * blocks; takes a bounded number of messages, and leaves the descriptor readable where there are more. */
void hubbub_process(hubbub_t *self);

/* Waits until there is something to process, `timeout_ms` at most (-1: as long as it takes), and does it.
 * True: something was processed. */
bool hubbub_wait(hubbub_t *self, int timeout_ms);

/* ---- requests ----
 *
 * Each returns its number, 1 and up, which comes back in the event HUBBUB_DONE; they take effect in the
 * order made. 0: refused at once, hubbub_error() says why; no event follows. Strings are copied; none
 * may be NULL unless it says so. */

/* Why the last request returned 0, a stable name: busy (1024 are unanswered), too_long, bad_request,
 * no_session (the session has ended). Never NULL. */
const char *hubbub_error(const hubbub_t *self);

/* Says something in a room. At most 4096 bytes; TAB and LF are the only control characters allowed. Once
 * DONE without error it has a number and everybody gets it; it is said once, however often the network
 * made the library repeat it. The error `expired`: the session ended before it was acknowledged; it may
 * or may not have been heard. */
uint64_t hubbub_say(hubbub_t *self, const char *room, const char *text);

/* Tells it to one person only. */
uint64_t hubbub_tell(hubbub_t *self, const char *to, const char *text);

/* What a message may carry beside its text. */
typedef struct {
    const char *room, *to; /* one of them, the other NULL */
    const char *text;      /* what a plain terminal shows; not empty */
    const char *payload;   /* type of data, NULL: none */
    const void *data;      /* at most 32768 bytes; NULL: none */
    size_t data_bytes;
    uint64_t ref;    /* seq of the message this is about; 0: none */
    const char *rel; /* reply, edit, redact or react; NULL: none */
    uint64_t thread; /* seq of the message that began the thread; 0: none */
    const void *x;   /* raw msgpack, one map, at most 8192 bytes; NULL: none */
    size_t x_bytes;
} hubbub_message_t;

/* Says or tells a message with all that. */
uint64_t hubbub_send(hubbub_t *self, const hubbub_message_t *message);

/* Goes into a room, and makes it where there is none; then as a private one if so wanted, which only
 * those who are invited can enter and read. HUBBUB_JOINED comes before DONE. */
uint64_t hubbub_join(hubbub_t *self, const char *room);
uint64_t hubbub_join_private(hubbub_t *self, const char *room);

/* Leaves a room. */
uint64_t hubbub_part(hubbub_t *self, const char *room);

/* Lets somebody into a private room. */
uint64_t hubbub_invite(hubbub_t *self, const char *room, const char *nick);

/* The same, until then (ms since 1970; 0: as long as the broker's operator has set, a day by default). */
uint64_t hubbub_invite_until(hubbub_t *self, const char *room, const char *nick, uint64_t until_ms);

/* ---- looking after a room: for its owner and moderators, and for operators' accounts ---- */

typedef enum {
    HUBBUB_KICK, /* puts somebody out of the room; they may come again */
    HUBBUB_BAN,  /* and keeps them out */
    HUBBUB_UNBAN,
    HUBBUB_MUTE, /* they read and do not speak */
    HUBBUB_UNMUTE,
} hubbub_deed_t;

/* What is done, and to whom. */
typedef struct {
    hubbub_deed_t deed;
    const char *room;   /* NULL: the whole broker, for operators' accounts */
    const char *nick;   /* whoever has that name */
    const char *reason; /* what they are told; NULL: nothing. Of KICK, BAN, MUTE */
    uint64_t until_ms;  /* since 1970; 0: for ever. Of BAN and MUTE */
} hubbub_measure_t;

/* Errors: denied, you may not, or not with them; no_such_nick; no_such_ban; full. */
uint64_t hubbub_moderate(hubbub_t *self, const hubbub_measure_t *measure);

/* Which bans and mutes there are in a room (NULL: in the whole broker): HUBBUB_BANS, as many pages as it takes. */
uint64_t hubbub_bans(hubbub_t *self, const char *room);

/* Makes somebody owner, moderator or member of a room. Who makes another the owner is a moderator from then on. */
uint64_t hubbub_role(hubbub_t *self, const char *room, const char *nick, const char *role);

/* Members of the room wait so long between two messages; 0: no longer than elsewhere. */
uint64_t hubbub_slow(hubbub_t *self, const char *room, uint64_t slow_ms);

/* ---- */

/* Who is in a room: HUBBUB_MEMBERS, as many pages as it takes. */
uint64_t hubbub_who(hubbub_t *self, const char *room);

/* Which rooms there are: HUBBUB_ROOMS, as many pages as it takes. */
uint64_t hubbub_rooms(hubbub_t *self);

/* Which part of a room's history. All 0: the newest page. */
typedef struct {
    uint64_t before, after;      /* seq; both exclude */
    uint64_t since_ms, until_ms; /* since 1970; both exclude */
    uint64_t limit;              /* at most so many; the broker may send fewer */
    bool is_from_start;          /* begin at the oldest there is: what after = 0 cannot say */
} hubbub_page_t;

/* A page of what was said in a room ("@": private messages): HUBBUB_HISTORY. `page` NULL: the newest. */
uint64_t hubbub_history(hubbub_t *self, const char *room, const hubbub_page_t *page);

/* Takes another nick. */
uint64_t hubbub_nick(hubbub_t *self, const char *nick);

/* Registers the nick you have: from now on it is nobody else's, and its inbox and rooms wait for you. A password has 8 to 128
 * bytes. The error `exists`: it is registered, and yours. */
uint64_t hubbub_register(hubbub_t *self, const char *password);

/* Takes up an account, in the session there is: its nick, inbox and rooms; HUBBUB_JOINED for each of those comes before DONE. The
 * password is not kept. Errors: denied, they do not go together; flood, too many were wrong, retry_ms says when to try again. */
uint64_t hubbub_login(hubbub_t *self, const char *nick, const char *password);

/* Changes the password of the account you are in under. */
uint64_t hubbub_password(hubbub_t *self, const char *old_password, const char *new_password);

/* Says something about yourself, at most 128 bytes; "" clears it. */
uint64_t hubbub_status(hubbub_t *self, const char *status);

/* Says that a person is there, though nothing is said: for clients that see keys being pressed. */
uint64_t hubbub_active(hubbub_t *self);

/* ---- the session ---- */

/* After HUBBUB_REFUSED: tries another nick (NULL: a guest's). False: nothing was refused, or the nick
 * cannot be one. */
bool hubbub_hello_as(hubbub_t *self, const char *nick);

/* Leaves for good, at once: what has no DONE yet gets none. No event follows. */
void hubbub_quit(hubbub_t *self);

/* How many say and tell have no DONE yet. At the end of input go on processing until this is 0. */
size_t hubbub_unacknowledged(const hubbub_t *self);

/* How many requests of any kind have no DONE yet. */
size_t hubbub_waiting(const hubbub_t *self);

/* For how many ms the broker, which may be up otherwise, has owed the answer to a request that it was sent; 0: it owes none. What
 * rests because the broker wants it later is owed nothing meanwhile. */
uint64_t hubbub_owed_ms(const hubbub_t *self);

/* True while the broker answers and the session is welcome. */
bool hubbub_is_ready(const hubbub_t *self);

/* Your nick as the broker has it; "" before the first HUBBUB_READY. Holds until the next call. */
const char *hubbub_my_nick(const hubbub_t *self);

/* Version of the library, such as "0.1.0". */
const char *hubbub_version(void);

#ifdef __cplusplus
}
#endif

#endif
