/* rand() that always says 0: libzmq counts its automatic routing ids from there, so that a test knows the next one
 * without having to guess among four thousand million. */

/* Declared by <stdlib.h> with attributes of the C library's own. */
int rand(void);
void srand(unsigned seed);

int rand(void)
{
    return 0;
}

void srand(unsigned seed)
{
    (void)seed;
}
