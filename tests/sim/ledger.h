/* tests/sim/ledger.h - the truth about every log: what the store was given, what it has confirmed.
 *
 * A log is kept in lines: a line begins where an epoch does. Every text that is said has a number, which
 * its first digits are, so a message is known by it wherever it turns up. */
#ifndef TESTS_SIM_LEDGER_H
#define TESTS_SIM_LEDGER_H

#include "proto/span.h"

#include <stdint.h>

enum { LOG_NAME_BYTES = 64 };

typedef struct {
    uint64_t text;  /* number of the text */
    uint64_t batch; /* that brought it */
} ledger_entry_t;

/* Events with consecutive numbers and one epoch. */
typedef struct {
    uint64_t epoch, first;
    ledger_entry_t *entries;
    uint32_t count, committed, capacity;
    uint32_t undone; /* entries at the end that were committed once, and taken back by a fault */
    bool is_over;    /* the store was put back: what comes has a newer epoch */
} ledger_line_t;

typedef struct {
    char name[LOG_NAME_BYTES];
    uint32_t name_size;
    ledger_line_t *lines;
    uint32_t line_count, line_capacity;
    uint64_t head;    /* committed, and not undone */
    uint64_t trimmed; /* numbers up to this may be gone for ever */
} ledger_log_t;

/* What became of a text. */
typedef struct {
    uint32_t session; /* watch's number of who said it last, UINT32_MAX: nobody yet */
    uint32_t target;  /* of whom it was told to; UINT32_MAX: nobody, or said in a room */
    uint32_t former;  /* who had that nick when it was tried before; UINT32_MAX - 1: several */
    uint32_t user;
    uint8_t copies; /* committed */
    bool is_private, is_acknowledged, is_refused;
} ledger_text_t;

typedef struct {
    ledger_log_t **logs;
    uint32_t log_count, log_capacity;
    ledger_text_t *texts;
    uint64_t text_count, text_capacity;
    uint64_t highest_epoch; /* of all logs */
} ledger_t;

/* Frees what it holds; it is as new. */
void ledger_fini(ledger_t *self);

/* A new text of `user`; returns its number (> 0). */
uint64_t ledger_new_text(ledger_t *self, uint32_t user, bool is_private);

/* The text of that number; violated() where there was none. */
ledger_text_t *ledger_text(ledger_t *self, uint64_t number);

/* The number that a text begins with. */
uint64_t ledger_number(span_t text);

/* The log of that name, made where there is none. */
ledger_log_t *ledger_log(ledger_t *self, span_t name);

/* The store was given an event: checks that it is the log's next. */
void ledger_append(ledger_t *self, span_t log, uint64_t epoch, uint64_t seq, uint64_t text,
                   uint64_t batch);

/* The store has confirmed all up to `batch`, or has lost all that it has not confirmed. */
void ledger_commit(ledger_t *self, uint64_t batch);
void ledger_drop(ledger_t *self);

/* The store has been put back: the log ends with `head` (0: it is not there). Whatever comes next has a
 * newer epoch. */
void ledger_undo(ledger_t *self, ledger_log_t *log, uint64_t head);

/* The text of a committed event, undone or not; 0: there is none of that epoch and number. */
uint64_t ledger_find(const ledger_log_t *self, uint64_t epoch, uint64_t seq);

/* The highest number that is committed and not undone, and the epoch of the newest line; 0: none. */
uint64_t ledger_head(const ledger_log_t *self);
uint64_t ledger_epoch(const ledger_log_t *self);

/* True if the store was put back since that line, or if there is none. */
bool ledger_is_over(const ledger_log_t *self);

#endif
