#include "base/invitation.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const char PREFIX[] = "hubbub1:", BLANKS[] = " \t\r\n";

enum {
    VARIANT = sodium_base64_VARIANT_URLSAFE_NO_PADDING,
    KEY_CHARS = 43,
    TAIL_CHARS = 2 * (KEY_CHARS + 1)
};

_Static_assert(sodium_base64_ENCODED_LEN(CURVE_KEY_BYTES, VARIANT) == KEY_CHARS + 1, "32 bytes");

void invitation_write(const certificate_t *certificate, char out[INVITATION_CHARS + 1])
{
    assert(certificate && out);
    assert(certificate->has_secret && certificate->has_server_key && certificate->router[0]);
    char server[KEY_CHARS + 1], secret[KEY_CHARS + 1];
    sodium_bin2base64(server, sizeof server, certificate->server_key, CURVE_KEY_BYTES, VARIANT);
    sodium_bin2base64(secret, sizeof secret, certificate->secret_key, CURVE_KEY_BYTES, VARIANT);
    int size = snprintf(out, INVITATION_CHARS + 1, "%s%s:%s:%s", PREFIX, certificate->router,
                        server, secret);
    assert(size > 0 && size <= INVITATION_CHARS);
    (void)size;
    sodium_memzero(secret, sizeof secret);
}

/* The key that ends at `end`, behind a colon. False: there is none. */
static bool read_key(const char *begin, const char *end, uint8_t *out)
{
    size_t size = 0;
    const char *text = end - KEY_CHARS;
    return end - begin > KEY_CHARS + 1 && text[-1] == ':' &&
           sodium_base642bin(out, CURVE_KEY_BYTES, text, KEY_CHARS, NULL, &size, NULL, VARIANT) ==
               0 &&
           size == CURVE_KEY_BYTES;
}

static bool is_router(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (text[i] <= ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\'')
            return false;
    return size > strlen("tcp://") && size <= CERTIFICATE_ROUTER_CHARS &&
           strncmp(text, "tcp://", strlen("tcp://")) == 0;
}

bool invitation_read(const char *line, certificate_t *out)
{
    assert(line && out);
    line += strspn(line, BLANKS);
    size_t size = strnlen(line, INVITATION_CHARS + sizeof BLANKS);
    while (size > 0 && strchr(BLANKS, line[size - 1]))
        size--;
    if (size > INVITATION_CHARS || strncmp(line, PREFIX, strlen(PREFIX)) != 0)
        return false;
    const char *begin = line + strlen(PREFIX), *end = line + size;
    certificate_t read = {.has_secret = true, .has_server_key = true};
    bool is_good = read_key(begin, end, read.secret_key) &&
                   read_key(begin, end - KEY_CHARS - 1, read.server_key);
    size_t router = is_good ? size - strlen(PREFIX) - TAIL_CHARS : 0;
    is_good = is_good && is_router(begin, router);
    if (is_good) {
        memcpy(read.router, begin, router);
        curve_public(read.secret_key, read.public_key);
        *out = read;
    }
    certificate_fini(&read);
    return is_good;
}
