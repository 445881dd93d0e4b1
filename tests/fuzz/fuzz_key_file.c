/* Key files and invitations: what was read can be written, and reads the same again. */
#include "base/invitation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_invitation(const char *text)
{
    certificate_t read, again;
    char line[INVITATION_CHARS + 1];
    if (!invitation_read(text, &read))
        return;
    invitation_write(&read, line);
    bool is_same = invitation_read(line, &again);
    assert(is_same && strcmp(read.router, again.router) == 0);
    assert(memcmp(read.secret_key, again.secret_key, CURVE_KEY_BYTES) == 0);
    assert(memcmp(read.server_key, again.server_key, CURVE_KEY_BYTES) == 0);
    (void)is_same;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1); /* of exactly its size, so that asan sees one byte too far */
    assert(text);
    if (size > 0)
        memcpy(text, data, size);
    text[size] = '\0';
    certificate_t read = {.has_secret = false};
    if (certificate_parse(text, size, &read))
        assert(strlen(read.name) <= CERTIFICATE_NAME_CHARS &&
               strlen(read.router) <= CERTIFICATE_ROUTER_CHARS);
    try_invitation(text);
    free(text);
    return 0;
}
