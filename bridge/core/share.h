/* bridge/core/share.h - how much is read of each who has input.
 *
 * What is read in one turn is what a line that has just come waits for: its own, and that of all who flood. So
 * SHARE_ALL_BYTES are shared by as many as have input, between SHARE_LEAST_BYTES, below which the system calls
 * would cost more than what they bring, and SHARE_MOST_BYTES each. The kernel tells of those who have input in
 * turn, so that nobody is passed over. Pure. */
#ifndef BRIDGE_CORE_SHARE_H
#define BRIDGE_CORE_SHARE_H

#include <stddef.h>

enum { SHARE_ALL_BYTES = 32768, SHARE_LEAST_BYTES = 1024, SHARE_MOST_BYTES = 8192 };

/* The bytes that may be read of each of `count`. */
size_t share_bytes(size_t count);

#endif
