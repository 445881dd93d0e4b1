/* broker/core/notes.h - the store's copy of what became of numbered messages.
 *
 * A cid that was taken must be known after a restart too, with its answer, or a retry would be done twice. So
 * each turn's outcomes are one note to the store, in the turn's batch. Notes pile up, though a session
 * keeps only its last LIMIT_CID_WINDOW outcomes: after enough of them a sweep goes through all sessions, a
 * few each turn, writes again what is still kept, and then drops all notes from before it began. So
 * the notes stay within a small multiple of what is kept, and no turn pays for all.
 *
 * A note is a row of entries; numbers have 8 bytes, the first byte first, texts their size in front:
 *
 *   0  serial cid epoch seq at_ms          a say was done
 *   1  serial cid epoch seq at_ms          a tell was done
 *   2  serial cid  name  hint              it was refused, by an error of that name
 *
 *   00 00..2a 00..07 00..e7 00..11 00..f4     session 42's cid 7 was said under seq 17
 *   02 00..2a 00..08 08 too_long 00           its cid 8 was too long
 *
 * Without a store (`has_store` false) nothing happens here. */
#ifndef BROKER_CORE_NOTES_H
#define BROKER_CORE_NOTES_H

#include "broker/core/state.h"

/* The session's cid was taken, with that outcome. */
void notes_add(core_t *core, session_t *session, uint64_t cid, const outcome_t *outcome);

/* Writes the turn's note under the current batch, where something was taken. */
void notes_write(core_t *core);

/* A batch was undone: what was noted under it is void. */
void notes_undo(core_t *core);

/* Restoring: reads a note. `find` finds a session by its serial number, NULL where it is gone.
 * HUB_MALFORMED: it is no note. */
HUB_MUST_CHECK hub_err_t notes_restore(core_t *core, uint64_t number, span_t bytes,
                                       session_t *(*find)(core_t *core, uint64_t serial));

/* Frees what it holds. */
void notes_fini(notes_t *self);

#endif
