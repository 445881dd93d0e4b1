/* broker/core/room.h - one room: its log, its members, its gathered presence.
 *
 * The record and who may do what in it. Members are known by their sessions' numbers only, so that a
 * room can one day live on another broker. */
#ifndef BROKER_CORE_ROOM_H
#define BROKER_CORE_ROOM_H

#include "broker/core/members.h"
#include "broker/core/refs.h"
#include "broker/core/session.h"
#include "broker/core/verdict.h"

/* One gathered change of a member; see presence.h. */
typedef struct {
    char uid[MINT_NAME_CHARS];
    bool is_superseded; /* a later change of the same member tells all */
    bool has_status;
    state_t state;
    uint64_t session;
    uint32_t bytes;              /* about what telling it takes */
    uint8_t nick_size, was_size; /* was_size 0: no rename */
    char nick[NAME_BYTES], was[NAME_BYTES];
} change_t;

/* What somebody is in a room, each above the one before; see room_rights.h. */
typedef enum { STANDING_MEMBER, STANDING_MODERATOR, STANDING_OWNER, STANDING_OPERATOR } standing_t;

/* Who is moderator or owner. */
typedef struct {
    char uid[MINT_NAME_CHARS];
    standing_t standing;
    uint64_t session; /* of a guest, with whom it ends; 0: an account's */
} holder_t;

typedef struct {
    uint64_t id;
    name_t name; /* folded: the canonical one */
    lookup_key_t by_name;
    bool is_private;
    bool is_counted;    /* gathered changes are told by the count alone */
    bool has_news;      /* something was gathered */
    bool is_dirty;      /* its record is to be written */
    bool is_restrained; /* slow, or somebody in it is muted: who speaks is looked at */
    uint8_t holder_count, verdict_count;
    uint32_t slow_ms;    /* between two messages of one member; 0: none */
    holder_t *holders;   /* at most LIMIT_ROLES_PER_ROOM, one owner among them */
    verdict_t *verdicts; /* at most LIMIT_VERDICTS_PER_ROOM, in the order of making */
    journal_t journal;
    uint32_t held; /* messages and frames of the room that wait for the store */
    uint64_t pseq;
    uint64_t moved_ms;        /* when seq or pseq last moved, monotonic */
    uint64_t closed_until_ms; /* nobody joins before, for it is being removed; 0: open */
    members_t members;
    refs_t links;            /* private rooms: which links carry how many members */
    refs_t absent;           /* accounts that may come back to it; see accounts.h */
    uint64_t *invited;       /* sessions, at most LIMIT_INVITES_PER_ROOM */
    uint64_t *invited_until; /* of each, wall clock; 0: for as long as the session lives */
    uint32_t invited_count;
    change_t *changes;
    uint32_t change_count, change_capacity;
    uint32_t named_count; /* changes that are not superseded */
    size_t change_bytes;  /* about what telling those takes */
    size_t told_count;    /* members when presence was last told */
    deadline_t presence_due, quiet_due, keep_due, invites_due;
} room_t;

/* True if the session is in the room. */
bool room_has(const room_t *self, const session_t *session);

/* True if the session may join though the room is private. O(invitations). */
bool room_is_invited(const room_t *self, uint64_t session);

/* Remembers an invitation, or until when a standing one is good (0: it does not end); full at LIMIT_INVITES_PER_ROOM: HUB_FULL,
 * nothing changed. */
HUB_MUST_CHECK hub_err_t room_invite(room_t *self, uint64_t session, uint64_t until_ms);

/* Takes back what has ended by then (wall clock). True: something had. */
bool room_drop_invitations(room_t *self, uint64_t wall_ms);

/* When the next invitation ends; 0: none does. */
uint64_t room_next_invitation_ms(const room_t *self);

/* Uses up or takes back an invitation. False: there was none. */
bool room_uninvite(room_t *self, uint64_t session);

/* Who of that uid has a role in the room; NULL: they have none. Borrowed until the next change. O(roles). */
holder_t *room_holder(const room_t *self, span_t uid);

/* May the session see the room at all? HUB_NO_SUCH_ROOM: it is private and the session is neither member nor invited, nor has it
 * a role there. HUB_NOT_MEMBER: it is private, and the session is one of the latter, so it may only join. The role is the uid's: an
 * account's, or that of a guest whose session this still is. */
HUB_MUST_CHECK hub_err_t room_may_read(const room_t *self, const session_t *session);

/* Frees what the record owns, not the record. The journal was ended before. */
void room_fini(room_t *self);

#endif
