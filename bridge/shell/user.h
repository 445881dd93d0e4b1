/* bridge/shell/user.h - what the bridge keeps of one TCP connection, and where.
 *
 * Users live in a slab and never move. Who is doomed is freed at the end of the turn, so a pointer holds
 * as long as the turn lasts. Nearly all only listen: what those have no use for is apart, and made when it
 * is needed. */
#ifndef BRIDGE_SHELL_USER_H
#define BRIDGE_SHELL_USER_H

#include "bridge/core/addresses.h"
#include "bridge/core/foreign.h"
#include "bridge/core/grace.h"
#include "bridge/core/line.h"
#include "bridge/core/outlet.h"
#include "bridge/core/patience.h"
#include "bridge/core/prompt.h"
#include "bridge/core/proxy.h"
#include "bridge/core/telnet.h"
#include "bridge/shell/tls.h"

#define USER_NO_ROOM UINT32_MAX
#define USER_NO_SID  UINT32_MAX

typedef struct user user_t;

/* Of who is not in yet. */
typedef enum { ENTRY_PROXY, ENTRY_FIRST, ENTRY_HANDSHAKE } entry_step_t;
typedef struct {
    entry_step_t step; /* what is waited for: a PROXY header, the first byte, the handshake */
    proxy_t proxy;
} entry_t;

/* What a user has at times: it exists while there is something in it, or the user is doomed. */
typedef struct {
    patient_t patient;   /* in one of the bridge's lists of those who are waited for */
    user_t *user;        /* whose this is */
    line_t line;         /* that has not ended */
    char *stash;         /* input that rests while too much of it is unanswered; owned */
    entry_t *entry;      /* while they come in; owned */
    tls_line_t *tls;     /* their connection is encrypted; owned */
    char *status;        /* what they asked to be seen, until the broker has answered; owned */
    char *deed;          /* what is told them once the broker has done it; owned */
    prompt_t prompt;     /* a password is asked for */
    grace_t grace;       /* of who has to log in */
    uint64_t refused_ms; /* when they did not come into a room; 0: not of late */
    user_t *next_doomed; /* in the list of those to be freed at the end of the turn */
    uint16_t stash_at, stash_size;
} affairs_t;

struct user {
    outlet_t outlet;
    affairs_t *affairs; /* owned; NULL: none */
    user_t *next;       /* in the list of those to look at before the turn ends, or in the slab's */
    address_t address;
    uint32_t said_seq;  /* the last message of this user the broker has taken, its low bits ... */
    uint32_t said_room; /* ... in this room; USER_NO_ROOM: none */
    uint32_t current;   /* the room this user talks in; USER_NO_ROOM: none */
    uint32_t sid;       /* USER_NO_SID: no session any more */
    int fd;
    telnet_t telnet;
    uint16_t port;         /* of the address */
    beginning_t beginning; /* of what has come */
    unsigned interest : 3; /* the epoll events asked for */
    bool is_touched : 1;
    bool is_doomed : 1;
    bool is_ready : 1;     /* has been welcomed once */
    bool is_held : 1;      /* not read from until the session is ready */
    bool is_throttled : 1; /* not read from until the broker has answered more */
    bool is_resting : 1;   /* likewise, until the broker has answered everything */
    bool is_warned : 1;    /* was told to go slowly since the last time nothing was unanswered */
    bool is_ended : 1;     /* no more input: end of file, or /quit */
    bool is_eof : 1;       /* end of file: nothing can come, so closing loses nothing */
    bool is_leaving : 1;   /* the session is over; what is left is sent, then the connection ends */
    bool is_lingering : 1; /* our side is shut; whatever still comes is thrown away */
    bool is_blocked : 1;   /* the socket takes no more for now */
    bool is_deaf : 1;      /* the socket will never take anything again */
    bool is_entering : 1;  /* there is no session yet, nor is one asked for: see entrance.c */
    bool is_by_tls : 1;    /* came to the TLS port */
    bool is_counted : 1;   /* among the connections of the address */
    bool is_locked : 1;    /* has to log in before anything else */
    bool is_parting : 1;   /* has asked to leave the room they talk in */
    bool is_late : 1;      /* was waited for long enough: need not see their last words */
};

/* Users in blocks; a freed one is used again. All zeros is empty. */
typedef struct {
    user_t **blocks;
    size_t block_count;
    user_t *free;
    uint32_t count; /* in use */
} users_t;

/* A fresh user with `fd`. O(1). */
user_t *users_add(users_t *self, int fd);

/* The user's affairs, which are made where there are none. Borrowed until the next user_tidy(). */
affairs_t *user_affairs(user_t *user);

/* The user's encrypted connection; NULL: it is in clear, or not that far. Borrowed. */
static inline tls_line_t *user_tls(const user_t *user)
{
    return user->is_by_tls && user->affairs ? user->affairs->tls : NULL;
}

/* Frees affairs with nothing in them. */
void user_tidy(user_t *user);

/* Whose affairs have this node. */
user_t *user_of(patient_t *patient);

/* Frees what the user holds and the user, who is in no list of the waited for; closes nothing. */
void users_remove(users_t *self, user_t *user);

/* Calls `visit` for every user in use; it must not add or remove any. */
void users_each(users_t *self, void (*visit)(void *context, user_t *user), void *context);

/* Frees all blocks; nobody is in use any more. */
void users_fini(users_t *self);

#endif
