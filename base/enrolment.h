/* base/enrolment.h - who may come under CURVE: the key files of a broker's data directory.
 *
 *   DATA/broker.key_secret   the broker's own pair
 *   DATA/keys/ada            the public key that was enrolled as ada, and what is known of it
 *
 * The directory is the database: to enrol is to write a file, to revoke to remove it. Names that begin
 * with a dot are no keys. */
#ifndef BASE_ENROLMENT_H
#define BASE_ENROLMENT_H

#include "base/certificate.h"
#include "base/places.h"

/* Room for a path below a data directory. */
enum { ENROLMENT_PATH_BYTES = PLACES_PATH_BYTES + CERTIFICATE_NAME_CHARS + 32 };

/* True if a key can be enrolled as that: 1 to 32 of letters, digits, `.`, `-`, `_`, no dot in front. */
bool enrolment_is_name(const char *name);

/* The directory of the keys. */
void enrolment_directory(const char *data, char out[ENROLMENT_PATH_BYTES]);

/* The file of a name that is one (asserted). */
void enrolment_path(const char *data, const char *name, char out[ENROLMENT_PATH_BYTES]);

/* Reads what was enrolled as `name`; its name in the file is passed over. */
HUB_MUST_CHECK certificate_result_t enrolment_read(const char *data, const char *name,
                                                   certificate_t *out);

/* Writes the public half under its name; `is_new`: nothing may be there (EEXIST). Makes the directory
 * where there is none. False: errno says why. */
HUB_MUST_CHECK bool enrolment_write(const char *data, const certificate_t *certificate,
                                    bool is_new);

/* Removes a name. False: errno says why. */
HUB_MUST_CHECK bool enrolment_remove(const char *data, const char *name);

/* Calls `each` with every name that a file of the directory has. False: it cannot be read, errno says
 * why. A directory that is not there is empty. */
HUB_MUST_CHECK bool enrolment_each(const char *data, void (*each)(void *context, const char *name),
                                   void *context);

/* Where the broker's own pair is. */
void enrolment_broker_path(const char *data, char out[ENROLMENT_PATH_BYTES]);

/* Reads the broker's own pair. */
HUB_MUST_CHECK certificate_result_t enrolment_broker(const char *data, certificate_t *out);

/* Makes it where there is none. False: errno says why. */
HUB_MUST_CHECK bool enrolment_make_broker(const char *data);

#endif
