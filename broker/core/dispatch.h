/* broker/core/dispatch.h - the only gate: from a frame to the handler of its command.
 *
 * A handler may rely on it that the session is there (where the command needs one), that the flood
 * allowance, the rights and the cid were looked at, and that all keys there are have their types and
 * all needed ones are there. It either answers itself and returns HUB_OK, or sets `is_waiting` with the
 * outcome, or returns the error, which the gate then sends. */
#ifndef BROKER_CORE_DISPATCH_H
#define BROKER_CORE_DISPATCH_H

#include "broker/core/request.h"

typedef hub_err_t handler_t(core_t *core, request_t *request);

/* Takes one frame from a peer through all checks to its handler, and answers it. */
void dispatch(core_t *core, const event_t *event);

/* Hands a request that was put aside to its handler again, with what was found about its password. `session` is whose it
 * was: HUB_NO_SESSION is the answer if another one, or none, is at its sid now, and what they may not do any more is refused.
 * Nothing is done or said where the routing id is under another key by now. */
void dispatch_again(core_t *core, request_t *request, uint64_t session);

/* The account that a hello with a password is for: verified, or the request is put aside. on_account.c, as the next. */
HUB_MUST_CHECK hub_err_t hello_account(core_t *core, request_t *request, account_t **out_account);

/* A new session in under the account; one that was in is kicked. NULL: sessions_max are there. */
session_t *hello_as(core_t *core, account_t *account);

/* One per row of commands.def; each in the file that its comment names. */
handler_t on_hello, on_resume, on_bye; /* on_hello.c */
handler_t on_ping;                     /* on_ping.c */
handler_t on_say, on_tell;             /* on_say.c */
handler_t on_join, on_part, on_invite; /* on_join.c */
handler_t on_who, on_rooms;            /* on_who.c */
handler_t on_history, on_replay;       /* on_history.c */
handler_t on_nick, on_status;          /* on_nick.c */
handler_t on_stats;                    /* on_stats.c */
handler_t on_accounts, on_account_add, on_account_remove, on_account_role,
    on_account_password;                      /* on_accounts.c */
handler_t on_register, on_login, on_password; /* on_account.c */
handler_t on_kick, on_ban, on_unban;          /* on_rights.c */
handler_t on_mute, on_unmute, on_bans;        /* on_rights.c */
handler_t on_audit;                           /* on_history.c */
handler_t on_shutdown;                        /* on_rights.c */
handler_t on_role, on_slow, on_room_remove;   /* on_room.c */

#endif
