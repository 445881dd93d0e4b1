/* broker/core/revoke.h - the end of all that came under keys that count no more. */
#ifndef BROKER_CORE_REVOKE_H
#define BROKER_CORE_REVOKE_H

#include "broker/core/state.h"

/* Ends the sessions made over these keys, attached or detached, telling them so, and forgets the links
 * under them. `keys`: PEER_KEY_BYTES each, ascending, at least one. O(links + sessions), times the
 * logarithm of the keys. */
void revoke_keys(core_t *core, span_t keys);

#endif
