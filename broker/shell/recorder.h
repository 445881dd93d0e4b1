/* broker/shell/recorder.h - writes down all that the core is told: `hubbubd --record FILE`.
 *
 * `./dev sim FILE` replays it, so that a fault seen in the field becomes a test. See recording.h for the format and for
 * why the file is a secret: it is made with mode 0600. Each event is written before the core is told, so that what
 * made a broker fall is the last one in it; a write() each. When writing fails it ends, with one line in the log,
 * and the broker goes on. */
#ifndef BROKER_SHELL_RECORDER_H
#define BROKER_SHELL_RECORDER_H

#include "broker/core/core.h"

typedef struct recorder recorder_t;

/* Makes the file, which is not there yet. NULL: it cannot be made; errno says why. */
recorder_t *recorder_open(const char *path, bool with_texts);

/* The core is made now, with these settings. Once, before the first event. */
void recorder_begin(recorder_t *self, const core_settings_t *settings, const moment_t *now);

/* The core is about to be told an event. */
void recorder_note(recorder_t *self, const event_t *event, const moment_t *now);

/* Writes what is left, closes the file, frees *self_p and sets it to NULL; NULL in it is fine. */
void recorder_close(recorder_t **self_p);

#endif
