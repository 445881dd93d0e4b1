/* bridge/shell/user.h - what the bridge keeps of one TCP connection, and where.
 *
 * Users live in a slab and never move. Who is doomed is freed at the end of the turn, so a pointer holds
 * as long as the turn lasts. */
#ifndef BRIDGE_SHELL_USER_H
#define BRIDGE_SHELL_USER_H

#include "bridge/core/addresses.h"
#include "bridge/core/line.h"
#include "bridge/core/outlet.h"
#include "bridge/core/patience.h"
#include "bridge/core/telnet.h"

#define USER_NO_ROOM UINT32_MAX
#define USER_NO_SID  UINT32_MAX

typedef struct user {
    outlet_t outlet;
    patient_t patient; /* in one of the bridge's lists of those who are waited for */
    line_t line;
    char *stash;  /* input that rests while too much of it is unanswered; owned */
    char *status; /* what they asked to be seen, until the broker has answered; owned */
    struct user *next_touched; /* in the list of those to look at before the turn ends */
    struct user *next_doomed;  /* in the list of those to be freed then, or in the slab's */
    uint64_t said_seq;         /* the last message of this user the broker has taken ... */
    uint32_t said_room;        /* ... in this room; USER_NO_ROOM: none */
    uint32_t current;          /* the room this user talks in; USER_NO_ROOM: none */
    uint32_t sid;              /* USER_NO_SID: no session any more */
    uint32_t interest;         /* the epoll events asked for */
    int fd;
    uint16_t stash_at, stash_size;
    address_t address;
    telnet_t telnet;
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
    bool is_late : 1;      /* was waited for long enough: need not see their last words */
} user_t;

/* Users in blocks; a freed one is used again. All zeros is empty. */
typedef struct {
    user_t **blocks;
    size_t block_count;
    user_t *free;
    uint32_t count; /* in use */
} users_t;

/* A fresh user with `fd`. O(1). */
user_t *users_add(users_t *self, int fd);

/* Frees what the user holds and the user; closes nothing. */
void users_remove(users_t *self, user_t *user);

/* Calls `visit` for every user in use; it must not add or remove any. */
void users_each(users_t *self, void (*visit)(void *context, user_t *user), void *context);

/* Frees all blocks; nobody is in use any more. */
void users_fini(users_t *self);

#endif
