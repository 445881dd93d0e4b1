/* broker/store/recent.h - what one transaction has appended, as one row.
 *
 * Events first come into the table `recent`, a row per transaction, at its end: a transaction with events of
 * sixty rooms would else touch sixty pages of `events`, each room's last one. Some thousand events later
 * they are folded into blocks by log (fold.h). Measured with 64 events for 64 logs a transaction: 12.8 us of CPU
 * per event without this table.
 *
 * A row has a directory, `runs`, and `data`: a block (block.h) per log, one behind the other. The directory
 * has five varints per block: the log's id, the first event's number, how many events, the first one's time,
 * and the block's bytes.
 *
 * Where a log's events of a transaction are a good block by themselves, that stands in `events` at once, and the directory has
 * its numbers with 0 bytes: it is filed. Folding them later would write the same bytes twice. What readers and the next start find
 * is the same: the log goes as far as the directories say, until they are folded.
 *
 * Notes come into the row too, in front of the blocks, ascending: RECENT_NOTE for the log's id, the note's number, 1, 0
 * and its bytes. A line alone so changes one page, not two. Folding moves them into `notes`. */
#ifndef BROKER_STORE_RECENT_H
#define BROKER_STORE_RECENT_H

#include "base/check.h"
#include "proto/buffer.h"

typedef struct {
    uint32_t id;
    uint64_t first, count, first_ms;
    size_t size; /* of the block, in bytes; 0: it stands in `events` */
} recent_run_t;

enum { RECENT_NOTE = 0 }; /* no log has this id */

static inline bool recent_is_filed(const recent_run_t *run)
{
    return run->id != RECENT_NOTE && run->size == 0;
}

/* Appends one to the directory. */
void recent_add_run(buffer_t *runs, const recent_run_t *run);

/* Takes the next one off the directory. False: what is there is none. */
HUB_MUST_CHECK bool recent_take_run(span_t *runs, recent_run_t *out);

/* Adds a note to a row that has no blocks yet. False: `data` would exceed its maximum. */
HUB_MUST_CHECK bool recent_add_note(buffer_t *runs, buffer_t *data, uint64_t number, span_t note);

/* Drops the notes with a lower number from a row that has no blocks yet; returns how many. */
uint64_t recent_drop_notes(buffer_t *runs, buffer_t *data, uint64_t below);

#endif
