/* tests/property/store_model.h - what a store should hold, kept in the simplest way. */
#ifndef TESTS_PROPERTY_STORE_MODEL_H
#define TESTS_PROPERTY_STORE_MODEL_H

#include "broker/core/history.h"

enum {
    MODEL_LOGS = 6,
    MODEL_EVENTS = 20000, /* of one log, ever */
    MODEL_RECORDS = 8,
    MODEL_NOTES = 1024,
    MODEL_NAME_BYTES = 16
};

typedef struct {
    uint64_t at_ms;
    uint32_t size;
    uint8_t fill; /* what all its bytes are */
} model_event_t;

typedef struct {
    char name[MODEL_NAME_BYTES];
    uint64_t oldest, head; /* head 0: it has none */
    uint64_t last_ms;
    model_event_t *events; /* [seq - 1] */
} model_log_t;

typedef struct {
    model_log_t logs[MODEL_LOGS];
    uint32_t records[MODEL_RECORDS]; /* bytes of the value; 0: none */
    uint64_t first_note, next_note;  /* those from first to next - 1 are there */
} model_t;

void model_init(model_t *self);
void model_fini(model_t *self);

/* The log of that name. */
model_log_t *model_find(model_t *self, span_t name);

/* What is told of it. */
log_state_t model_state(const model_log_t *log);

/* The page that answers the query; events is {NULL, their bytes}. */
page_t model_page(const model_log_t *log, const query_t *query);

/* True if `events` are the page's. */
bool model_has(const model_log_t *log, const page_t *page);

/* The number from which events must stay under that retention, the lowest one. */
uint64_t model_must_stay(const model_log_t *log, const retention_t *retention);

#endif
