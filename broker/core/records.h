/* broker/core/records.h - keeps the store's records true.
 *
 * Whoever changes what a record holds says so; the record is written anew once, at the end of the turn, in
 * the turn's batch, and the answer to the request that changed it waits for that batch. What the store
 * could not take is written again with whatever comes next, or after a while: people come and go also
 * while the disk is full, and are stored when there is room.
 *
 * Without a store (`has_store` false) nothing happens here. */
#ifndef BROKER_CORE_RECORDS_H
#define BROKER_CORE_RECORDS_H

#include "broker/core/state.h"

/* The session's nick, rooms, tokens, status or such have changed. */
void records_session(core_t *core, session_t *session);

/* The account's nick, password or rooms have changed. */
void records_account(core_t *core, account_t *account);

/* The account ends now: its record and its inbox go. */
void records_account_gone(core_t *core, const account_t *account);

/* The room was made, or its invitations have changed. */
void records_room(core_t *core, room_t *room);

/* The ban or mute was made, or made anew. */
void records_verdict(core_t *core, verdict_t *verdict);

/* It ends now: its record goes. */
void records_verdict_gone(core_t *core, const verdict_t *verdict);

/* The numbers of the broker have changed. */
void records_broker(core_t *core);

/* The inbox is about to end, and the session that had it is not. */
void records_inbox_gone(core_t *core, const inbox_t *inbox);

/* The session ends now: its record and its inbox go. */
void records_session_gone(core_t *core, const session_t *session);

/* The room is forgotten now: its record and its log go. */
void records_room_gone(core_t *core, const room_t *room);

/* Writes what has changed under the current batch. What nobody waits for is not written before its time. */
void records_write(core_t *core);

/* The batch that is open is void: what was removed in it is removed in the next one. */
void records_void(core_t *core);

/* The batch of that held record, or removal, was undone: it has to be written again. */
void records_again(core_t *core, const held_t *held);

/* The store failed: what was undone is tried again after a while. */
void records_retry_later(core_t *core);

/* Frees what it holds. */
void records_fini(records_t *self);

#endif
