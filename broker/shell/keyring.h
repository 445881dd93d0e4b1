/* broker/shell/keyring.h - the enrolled keys, as the data directory has them now.
 *
 * All are read at the start; afterwards the kernel tells which file came, changed or went (inotify), and
 * that one is read again. So a change counts within a turn of the loop, whatever the number of keys, and
 * nobody has to be told. One owner, no locks. */
#ifndef BROKER_SHELL_KEYRING_H
#define BROKER_SHELL_KEYRING_H

#include "base/enrolment.h"
#include "proto/span.h"

typedef struct keyring keyring_t;

/* A key that was enrolled. */
typedef struct {
    uint8_t public_key[CURVE_KEY_BYTES];
    char text[CURVE_TEXT_CHARS + 1]; /* the same as text */
    char name[CERTIFICATE_NAME_CHARS + 1];
    bool is_operator;
    uint64_t expires_s, used_s; /* as in its certificate */
} enrolled_t;

enum { KEYRING_ERROR_BYTES = 1024 };

/* Reads the keys below a data directory (copied), and makes the directory of keys where there is none.
 * NULL: `out_error` (KEYRING_ERROR_BYTES) says why it cannot be read or watched. */
keyring_t *keyring_new(const char *data, char *out_error);

/* Frees it; NULL in *self_p is fine. */
void keyring_destroy(keyring_t **self_p);

/* Readable when something has changed; never to be read or closed by others. */
int keyring_fd(const keyring_t *self);

/* Takes up what has changed. Returns the keys that count no more, CURVE_KEY_BYTES each, ascending;
 * borrowed until the next call. */
span_t keyring_refresh(keyring_t *self);

/* The key with that text (CURVE_TEXT_CHARS), NULL if it is not enrolled. Borrowed until keyring_refresh(). O(1). */
const enrolled_t *keyring_find(keyring_t *self, span_t text);

/* The same for a handshake at `now_s` (since 1970): NULL also where an invitation was not used in time. Its first
 * use is written down. */
const enrolled_t *keyring_admit(keyring_t *self, const uint8_t *key, uint64_t now_s);

/* How many keys are enrolled. */
size_t keyring_count(const keyring_t *self);

#endif
