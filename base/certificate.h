/* base/certificate.h - a key and what is known of it, in a file of czmq's format (zcert).
 *
 *   metadata
 *       name = "ada"
 *       operator = "yes"
 *       enrolled-at = "2026-05-01T12:00:00Z"
 *   curve
 *       public-key = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID"
 *       secret-key = "..."                                        (only where it is one's own)
 *
 * zcert_load() reads what is written here, and what zcert_save() wrote is read. Of the format (ZPL) it is
 * the part that certificates use: two levels, a value in quotes or bare, # begins a comment. Files are
 * for the owner alone (0600), who is their directory's where root writes them; one with a secret that others could read is not taken. */
#ifndef BASE_CERTIFICATE_H
#define BASE_CERTIFICATE_H

#include "base/curve.h"

enum {
    CERTIFICATE_NAME_CHARS = 32,
    CERTIFICATE_ROUTER_CHARS = 150,
    CERTIFICATE_FILE_BYTES = 8192, /* longest file */
};

/* Times are seconds since 1970; 0: not there. */
typedef struct {
    uint8_t public_key[CURVE_KEY_BYTES];
    uint8_t secret_key[CURVE_KEY_BYTES]; /* zeros where there is none */
    bool has_secret;
    char name[CERTIFICATE_NAME_CHARS + 1];
    bool is_operator;
    uint64_t enrolled_s;
    uint64_t expires_s; /* not to be used for the first time after that */
    uint64_t used_s;    /* first used */
    bool has_server_key;
    uint8_t server_key[CURVE_KEY_BYTES];       /* the broker that this key is for */
    char router[CERTIFICATE_ROUTER_CHARS + 1]; /* where it is; empty: not said */
} certificate_t;

typedef enum {
    CERTIFICATE_OK,
    CERTIFICATE_UNREADABLE, /* errno says why */
    CERTIFICATE_EXPOSED,    /* holds a secret, and others may read it */
    CERTIFICATE_MALFORMED,
} certificate_result_t;

/* A fresh key pair of no name. */
void certificate_new(certificate_t *out);

/* Wipes the secret. */
void certificate_fini(certificate_t *self);

/* Reads a file's content. False: it is no certificate; *out is untouched. */
HUB_MUST_CHECK bool certificate_parse(const char *text, size_t size, certificate_t *out);

/* Reads a file. On any other result than CERTIFICATE_OK *out is untouched. */
HUB_MUST_CHECK certificate_result_t certificate_read(const char *path, certificate_t *out);

/* Why it could not be read, for people. Static, or strerror()'s. */
const char *certificate_trouble(certificate_result_t result);

/* Writes a file for the owner alone, whole or not at all, on the disk when it returns. `is_new`: there may
 * be none yet (EEXIST); otherwise it takes the place of one, which must be there (ENOENT): what somebody
 * removes meanwhile stays removed. False: errno says why. */
HUB_MUST_CHECK bool certificate_write(const char *path, const certificate_t *self, bool is_new);

enum { CERTIFICATE_TIME_CHARS = 20 };

/* Writes a time as 2026-05-01T12:00:00Z. */
void certificate_time(uint64_t seconds, char out[CERTIFICATE_TIME_CHARS + 1]);

#endif
