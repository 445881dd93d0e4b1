/* client/shell/keys.h - which broker, and with which keys: from options, an invitation, or the key file. */
#ifndef CLIENT_SHELL_KEYS_H
#define CLIENT_SHELL_KEYS_H

#include "client/shell/options.h"

/* Where no router is said, no key file names one, and nobody was invited. */
#define KEYS_ROUTER "tcp://127.0.0.1:5680"

/* Completes router, key and server_key: takes in an invitation (its key goes into the key file), and the
 * file of this person's own key where it is about the broker that is wanted. False: what is wrong has been
 * said on standard error. */
HUB_MUST_CHECK bool keys_settle(options_t *options);

#endif
