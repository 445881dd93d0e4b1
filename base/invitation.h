/* base/invitation.h - one line that makes a stranger's program an enrolled one.
 *
 *   hubbub1:tcp://chat.example.org:5680:<broker's public key>:<a secret key>
 *
 * The keys are base64url, 43 characters each, so the line survives shells, mails and chat windows. The
 * public half of the secret is enrolled already: who has the line is in. */
#ifndef BASE_INVITATION_H
#define BASE_INVITATION_H

#include "base/certificate.h"

enum { INVITATION_CHARS = 8 + CERTIFICATE_ROUTER_CHARS + 2 * 44 }; /* longest line */

/* Writes the line for a certificate that has a secret, a router and a server key (asserted). */
void invitation_write(const certificate_t *certificate, char out[INVITATION_CHARS + 1]);

/* Reads a line; blanks and line ends around it do no harm. False: it is no invitation, *out is
 * untouched. */
HUB_MUST_CHECK bool invitation_read(const char *line, certificate_t *out);

#endif
