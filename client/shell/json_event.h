/* client/shell/json_event.h - what happens, as JSON objects: the keys are those of the wire. Pure. */
#ifndef CLIENT_SHELL_JSON_EVENT_H
#define CLIENT_SHELL_JSON_EVENT_H

#include <jansson.h>

#include "include/hubbub.h"

/* {"ev": "message", ...} for any event but DONE and the pages that answer a request. A new reference. */
json_t *json_event(const hubbub_event_t *event);

/* Adds a page of MEMBERS, ROOMS or HISTORY to what answers a request. */
void json_event_add_page(json_t *reply, const hubbub_event_t *page);

/* Adds how a request ended: `ok` and its results, or `error` and `hint`. */
void json_event_add_end(json_t *reply, const hubbub_event_t *done);

/* A string, bytes that are no UTF-8 replaced. A new reference. */
json_t *json_event_text(const char *text, size_t size);

/* Writes an object as one line: nothing that paints is in it as it stands (see printable_find()), though JSON would allow DEL, C1
 * and what reorders a line. `is_ascii`: nor anything beyond ASCII. A failed write shows when the caller flushes. */
void json_event_write(FILE *out, const json_t *object, bool is_ascii);

#endif
