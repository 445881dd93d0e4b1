/* client/core/client_session.h - what the link keeps of one user, and all users of a link by sid.
 *
 * Under 160 bytes each, since a bridge carries 20 000 of them, nearly all of whom say nothing and are told
 * nothing: what only an inbox with something in it, several rooms or a long nick need is on the heap.
 * Sessions never move, so a pointer holds until the session is freed. A sid is used again after that; late
 * replies cannot be mistaken, since they are matched by request id. */
#ifndef CLIENT_CORE_CLIENT_SESSION_H
#define CLIENT_CORE_CLIENT_SESSION_H

#include "client/core/chain.h"
#include "client/core/client_link.h"
#include "client/core/inflow.h"
#include "client/core/label.h"

enum { CLIENT_TOKEN_BYTES = 32, CLIENT_WINDOW_MAX = 64 };

/* A request that has no final reply. One allocation. */
typedef struct client_item {
    struct client_item *next;
    uint64_t id, tag;
    uint64_t cid;     /* 0: it has none */
    uint64_t sent_ms; /* is_in_flight: when */
    uint32_t room;    /* join, part: the room, referred to; else CLIENT_NO_ROOM */
    uint32_t size;    /* of the frame */
    uint8_t op;
    uint8_t refusals;  /* out_of_order in a row */
    bool is_in_flight; /* sent on this link, not answered */
    bool was_sent;     /* on any link */
    uint32_t doubts; /* sendings that got no answer: the broker may have taken it by one of them */
    char frame[];
} client_item_t;

typedef enum {
    SESSION_WAITING,  /* for its turn to say hello or resume */
    SESSION_GREETING, /* has said it */
    SESSION_READY,
    SESSION_REFUSED, /* waits for the application */
    SESSION_GONE,    /* to be freed as soon as no call is running */
} client_session_state_t;

/* A room in a session's list: its number and whether the broker has confirmed it. */
#define SESSION_ROOM_MEMBER (UINT32_C(1) << 31)
#define SESSION_ROOM_SEEN   (UINT32_C(1) << 30) /* used while heads are gone through */
#define SESSION_ROOM_INDEX  (SESSION_ROOM_SEEN - 1)

/* What is known of an inbox. */
typedef enum {
    INBOX_UNKNOWN, /* not even where it begins */
    INBOX_EMPTY,   /* nothing has come under the epoch it began with */
    INBOX_FLOW,    /* it is an inflow_t */
} client_inbox_state_t;

typedef struct {
    chain_t place; /* in the queue of greetings, or among those with something due, or the gone */
    union {
        uint64_t epoch; /* INBOX_EMPTY */
        inflow_t *flow; /* INBOX_FLOW; owned */
    } inbox;
    client_item_t
        *last; /* unanswered requests in the order made, a ring: the first is behind the last */
    void *user;
    union {
        uint64_t
            due_ms; /* READY: requests rest until then; WAITING: so does the greeting; 0: no rest */
        uint64_t greeting_id; /* GREETING: of the hello or resume that is out; the sid may have had
                                 another before */
    };
    uint64_t cid; /* the last one given */
    union {
        uint32_t *rooms; /* owned where room_capacity > 1 ... */
        uint32_t room;   /* ... else the list; of a free row: the next one */
    };
    union {
        uint64_t agreed_ms; /* resume_ms as the broker has it */
        uint64_t ghost_ms;  /* has_ghost: until then */
    };
    uint32_t sid;
    uint32_t resume_ms; /* asked for; 0: the broker's default */
    uint16_t room_count, room_capacity;
    uint16_t waiting;        /* requests in the list */
    uint16_t unacknowledged; /* of these say and tell */
    uint8_t in_flight, window;
    uint8_t state; /* client_session_state_t */
    uint8_t token_size;
    uint8_t token[CLIENT_TOKEN_BYTES]; /* none: hello, else resume */
    label_t nick;                      /* as given, not folded */
    uint8_t inbox_state;               /* client_inbox_state_t */
    bool has_ghost : 1;                /* our nick may be taken by our own old session */
    bool is_kicked_idle : 1;
    bool was_ready : 1;
    bool is_ending : 1; /* its requests are being answered for the last time */
} client_session_t;
_Static_assert(sizeof(client_session_t) <= 144, "a bridge carries 20 000 of them");

/* The sessions of a link by sid. */
typedef struct {
    client_session_t **blocks; /* of SESSION_BLOCK each; a free row has sid CLIENT_NO_SID */
    uint32_t capacity;         /* rows */
    uint32_t free;             /* first free row, chained by `room`; capacity: none */
    uint32_t count;            /* taken, those GONE not among them */
    uint32_t maximum;
} client_sessions_t;

/* An empty table of at most `maximum` sessions. */
void client_sessions_init(client_sessions_t *self, uint32_t maximum);

/* Frees all sessions. */
void client_sessions_fini(client_sessions_t *self);

/* A fresh session with the lowest sid that was freed last. NULL: the maximum is reached. */
client_session_t *client_sessions_add(client_sessions_t *self);

/* Marks a session as gone: client_sessions_find() finds it no more. */
void client_sessions_retire(client_sessions_t *self, client_session_t *session);

/* Frees a retired session; its sid may be given out again. Its requests are freed by the caller. */
void client_sessions_free(client_sessions_t *self, client_session_t *session);

/* The session of that sid; NULL: there is none. O(1). */
client_session_t *client_sessions_find(const client_sessions_t *self, uint64_t sid);

/* For going through all: the session in that row, NULL where it is free; rows are 0 to capacity - 1. */
client_session_t *client_sessions_row(const client_sessions_t *self, uint32_t row);

/* The entries of the session's list of rooms; session->room_count of them. */
uint32_t *client_session_rooms(client_session_t *self);

/* The entry of a room; NULL: not in the list. */
uint32_t *client_session_find_room(client_session_t *self, uint32_t room);

/* Adds an entry at the end. */
void client_session_add_room(client_session_t *self, uint32_t entry);

/* Removes the entry at `place`; the last one takes its place. */
void client_session_remove_room(client_session_t *self, uint32_t place);

/* Keeps a nick as given; false: empty or too long, the old one stays. */
bool client_session_set_nick(client_session_t *self, span_t nick);

/* The unanswered request made first; NULL: there is none. */
client_item_t *client_session_first(const client_session_t *self);

/* The one made after `item`; NULL: it is the last. */
client_item_t *client_session_next(const client_session_t *self, const client_item_t *item);

/* Puts a request behind all others; ownership goes in. */
void client_session_append(client_session_t *self, client_item_t *item);

/* Takes a request out; ownership comes out. O(1) for the first, which it nearly always is. */
void client_session_detach(client_session_t *self, client_item_t *item);

/* Sets the position of the inbox, where none is known yet. */
void client_session_begin_inbox(client_session_t *self, uint64_t epoch, uint64_t seq);

/* True if the inbox is known to be there up to (epoch, seq) or beyond, and nothing of it is missing. */
bool client_session_has_inbox(const client_session_t *self, uint64_t epoch, uint64_t seq);

/* The inbox as a stream, which it becomes by this; O(1). */
inflow_t *client_session_inbox(client_session_t *self);

/* The stream where there is one; NULL: nothing has come and nothing is missing. */
inflow_t *client_session_flow(const client_session_t *self);

/* Forgets the inbox: not even its beginning is known. */
void client_session_forget_inbox(client_session_t *self);

#endif
