/* broker/core/accounts.h - who is registered, and how sessions come in under accounts and leave them.
 *
 * An account is found under its folded nick, which nobody else can have meanwhile. Its person, inbox
 * and rooms stay when the session that is in under it ends: what is told them is read after the next
 * login, and the rooms, as long as they exist, are joined again. Rooms and accounts that are away know
 * each other by number, so that a room of the same name made later is not taken for the old one. */
#ifndef BROKER_CORE_ACCOUNTS_H
#define BROKER_CORE_ACCOUNTS_H

#include "broker/core/state.h"

/* The account of that folded nick; NULL: nobody has registered it. */
account_t *account_find(core_t *core, const name_t *identity);

/* The account of that nick, in whatever spelling; NULL: nobody has registered it. */
account_t *account_of_nick(core_t *core, span_t nick);

/* The account of the person with that uid; NULL: nobody has registered under it. */
account_t *account_of_uid(const core_t *core, span_t uid);

/* May the session take that folded nick? Not one that another session has, nor another's account.
 * `session` NULL: somebody new. */
bool nick_is_free(core_t *core, const name_t *identity, const session_t *session);

/* A new account of a nick and a uid (MINT_NAME_CHARS) that nobody has registered, which no session is in under, without a hash or an
 * inbox and without a record in the store. NULL: accounts_max are there, or one of that uid, which only a damaged store can give a guest. */
account_t *account_add(core_t *core, span_t nick, const name_t *identity, const char *uid);

/* Binds a session that is in already under the account's nick and uid. */
void account_bind(core_t *core, account_t *account, session_t *session);

/* The session, under another nick until now, is in under the account, which nobody else is in under (asserted): its nick,
 * uid and inbox are the account's, and the rooms that the account was in are its own too, as far as there is room. What
 * it had as a guest, inbox and uid, ends. Its rooms see a rename. */
void account_enter(core_t *core, account_t *account, session_t *session);

/* The account takes another nick, which is free or its own. */
void account_rename(core_t *core, account_t *account, span_t nick, const name_t *identity);

/* The account that the session is in under will be left by it, which is about to end: inbox and rooms
 * stay with the account. Nothing happens to a guest. */
void account_leave(core_t *core, session_t *session);

/* Nobody is in under the account (asserted); it ends, with its inbox, and its nick is free. */
void account_end(core_t *core, account_t *account);

/* Forgets that it may come back to that room. False: nobody is away under it who was there. */
bool account_forget(core_t *core, account_t *account, room_t *room);

/* The room is forgotten, and by all who might have come back to it. */
void account_forget_room(core_t *core, room_t *room);

/* What the session may do: that of its account, or ROLE_GUEST. */
role_t session_role(const core_t *core, const session_t *session);

#endif
