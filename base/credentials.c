#include "base/credentials.h"

#include "base/printable.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

static bool is_said(const char *text)
{
    return text && *text;
}

static bool refuse(char *out_error, const char *what, const char *why)
{
    printable_text(out_error, CREDENTIALS_ERROR_BYTES, "%s%s%s", what, *what ? ": " : "", why);
    return false;
}

static bool read_file(const char *path, certificate_t *out, char *out_error)
{
    certificate_result_t result = certificate_read(path, out);
    if (result != CERTIFICATE_OK)
        return refuse(out_error, path, certificate_trouble(result));
    return out->has_secret || refuse(out_error, path, "this key file has no secret key");
}

static bool read_secret(const char *text, certificate_t *out, char *out_error)
{
    if (!curve_decode(text, strlen(text), out->secret_key))
        return refuse(out_error, "", "the secret key is not 40 characters of Z85");
    curve_public(out->secret_key, out->public_key);
    out->has_secret = true;
    return true;
}

static bool read_own(const credentials_given_t *given, certificate_t *out, char *out_error)
{
    if (is_said(given->key_file))
        return read_file(given->key_file, out, out_error);
    if (is_said(given->secret_key))
        return read_secret(given->secret_key, out, out_error);
    return refuse(out_error, "", "a server key needs a key of one's own beside it");
}

static bool read_server(const credentials_given_t *given, certificate_t *out, char *out_error)
{
    if (!is_said(given->server_key))
        return out->has_server_key ||
               refuse(out_error, is_said(given->key_file) ? given->key_file : "",
                      "the broker's key is missing: it is neither given nor in the key file");
    return curve_decode(given->server_key, strlen(given->server_key), out->server_key) ||
           refuse(out_error, "", "the server key is not 40 characters of Z85");
}

bool credentials_load(const credentials_given_t *given, credentials_t *out, char *out_error)
{
    assert(given && out && out_error);
    certificate_t own = {.has_secret = false};
    credentials_t made = {.is_keyed = is_said(given->key_file) || is_said(given->secret_key) ||
                                      is_said(given->server_key)};
    bool is_good =
        !made.is_keyed || (read_own(given, &own, out_error) && read_server(given, &own, out_error));
    if (is_good && made.is_keyed) {
        memcpy(made.public_key, own.public_key, CURVE_KEY_BYTES);
        memcpy(made.secret_key, own.secret_key, CURVE_KEY_BYTES);
        memcpy(made.server_key, own.server_key, CURVE_KEY_BYTES);
        memcpy(made.router, own.router, sizeof made.router);
    }
    if (is_good)
        *out = made;
    int reason = errno;
    certificate_fini(&own);
    credentials_fini(&made);
    errno = reason;
    return is_good;
}

void credentials_fini(credentials_t *self)
{
    assert(self);
    sodium_memzero(self->secret_key, sizeof self->secret_key);
}
