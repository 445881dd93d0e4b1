/* base/entropy.h - fresh random bytes for a core's every step, without a system call each.
 *
 * One key from the kernel at the start; every call runs one ChaCha20 block over it, half of which
 * becomes the next key and half the output. So a stolen state tells nothing about earlier bytes.
 * One owner, no locks: a thread has its own. */
#ifndef BASE_ENTROPY_H
#define BASE_ENTROPY_H

#include <stdint.h>

enum { ENTROPY_BYTES = 32 };

typedef struct {
    uint8_t key[ENTROPY_BYTES];
} entropy_t;

/* Seeds from the kernel. Aborts when there is no random source: nothing would be safe without. */
void entropy_init(entropy_t *self);

/* Forgets the key. */
void entropy_fini(entropy_t *self);

/* Writes ENTROPY_BYTES fresh bytes to `out`. About 100 ns. */
void entropy_fill(entropy_t *self, uint8_t out[ENTROPY_BYTES]);

/* Calls srand() with a value from getrandom(). Once, before the first socket: libzmq derives the
 * routing ids it makes from rand(), and a peer that guesses the next one can abort a ROUTER. */
void entropy_seed_srand(void);

#endif
