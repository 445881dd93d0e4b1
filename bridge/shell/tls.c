/* A record that the socket does not take is kept by us, in clear: OpenSSL asks for the very same bytes again, while
 * those who write have others by then.
 *
 * SSL_read() must not go on for as long as somebody sends: OpenSSL answers each request for a second handshake and
 * reads the next record, so who asks for one is cut off; after a record without data of ours (a change of keys) it
 * returns, since SSL_MODE_AUTO_RETRY is off. */
#include "bridge/shell/tls.h"

#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { NOT_FOR_OTHERS = 027, TICKETS = 1 };

/* Ephemeral keys and authenticated ciphers; those of TLS 1.3 are all like that. */
static const char CIPHERS[] = "ECDHE+AESGCM:ECDHE+CHACHA20";
static const char GROUPS[] = "X25519:P-256:P-384";

struct tls {
    SSL_CTX *context;
    char *cert_file, *key_file; /* owned */
};

struct tls_line {
    SSL *ssl;
    char *rest; /* of a record that OpenSSL has begun to send; owned, NULL: none */
    size_t rest_size;
    bool is_open;   /* the handshake is done */
    bool is_broken; /* nothing may be said any more */
};

/* What OpenSSL says last. "PEM lib" is its word for whatever it cannot read. */
static const char *why_not(void)
{
    unsigned long code = ERR_peek_last_error();
    if (ERR_GET_REASON(code) == ERR_R_PEM_LIB)
        return "it cannot be read; a PEM file without a passphrase is needed";
    const char *reason = code ? ERR_reason_error_string(code) : NULL;
    return reason ? reason : "cannot be used";
}

/* Says what was tried, with what, and why it failed. False, always. */
static bool fail(char *out_error, const char *option, const char *file, const char *why)
{
    (void)snprintf(out_error, TLS_ERROR_BYTES, "--%s %.120s: %.80s", option, file, why);
    ERR_clear_error();
    return false;
}

static bool may_be_used(const char *cert_file, const char *key_file, char *out_error)
{
    struct stat about;
    if (stat(cert_file, &about) != 0)
        return fail(out_error, "tls-cert", cert_file, strerror(errno));
    if (stat(key_file, &about) != 0)
        return fail(out_error, "tls-key", key_file, strerror(errno));
    if ((about.st_mode & NOT_FOR_OTHERS) != 0)
        return fail(out_error, "tls-key", key_file, "others can read it; chmod 600 it");
    return true;
}

/* Told of each record's header, which begins with its type. */
static void on_record(int is_write, int version, int kind, const void *bytes, size_t size, SSL *ssl,
                      void *context)
{
    (void)version, (void)context;
    tls_line_t *self = SSL_get_app_data(ssl);
    if (is_write || kind != SSL3_RT_HEADER || size == 0 || !self->is_open ||
        *(const uint8_t *)bytes != SSL3_RT_HANDSHAKE)
        return;
    self->is_broken = true;
    (void)shutdown(SSL_get_fd(ssl), SHUT_RDWR);
}

/* A key under a passphrase: nobody is there to type it. */
static int no_passphrase(char *out, int size, int is_writing, void *context)
{
    (void)out, (void)size, (void)is_writing, (void)context;
    return -1;
}

static bool read_files(SSL_CTX *context, const char *cert_file, const char *key_file,
                       char *out_error)
{
    if (!may_be_used(cert_file, key_file, out_error))
        return false;
    if (SSL_CTX_use_certificate_chain_file(context, cert_file) != 1)
        return fail(out_error, "tls-cert", cert_file, why_not());
    if (SSL_CTX_use_PrivateKey_file(context, key_file, SSL_FILETYPE_PEM) != 1)
        return fail(out_error, "tls-key", key_file, why_not());
    return SSL_CTX_check_private_key(context) == 1 ||
           fail(out_error, "tls-key", key_file, "it is not the certificate's");
}

static SSL_CTX *make_context(const char *cert_file, const char *key_file, char *out_error)
{
    ERR_clear_error();
    SSL_CTX *context = SSL_CTX_new(TLS_server_method());
    assert(context);
    (void)SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                           SSL_OP_CIPHER_SERVER_PREFERENCE);
    (void)SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                        SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    (void)SSL_CTX_clear_mode(context, SSL_MODE_AUTO_RETRY);
    SSL_CTX_set_msg_callback(context, on_record);
    (void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); /* the tickets hold it all */
    (void)SSL_CTX_set_num_tickets(context, TICKETS);
    SSL_CTX_set_default_passwd_cb(context, no_passphrase);
    bool is_set = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                  SSL_CTX_set_cipher_list(context, CIPHERS) == 1 &&
                  SSL_CTX_set1_groups_list(context, GROUPS) == 1;
    if (!is_set)
        (void)fail(out_error, "tls-cert", cert_file, "this OpenSSL lacks the ciphers");
    if (is_set && read_files(context, cert_file, key_file, out_error))
        return context;
    SSL_CTX_free(context);
    return NULL;
}

tls_t *tls_new(const char *cert_file, const char *key_file, char *out_error)
{
    assert(cert_file && key_file && out_error);
    SSL_CTX *context = make_context(cert_file, key_file, out_error);
    if (context == NULL)
        return NULL;
    tls_t *self = calloc(1, sizeof *self);
    assert(self);
    *self = (tls_t){context, strdup(cert_file), strdup(key_file)};
    assert(self->cert_file && self->key_file);
    return self;
}

bool tls_reload(tls_t *self, char *out_error)
{
    assert(self && out_error);
    SSL_CTX *context = make_context(self->cert_file, self->key_file, out_error);
    if (context == NULL)
        return false;
    SSL_CTX_free(self->context); /* lines hold on to it as long as they need it */
    self->context = context;
    return true;
}

void tls_destroy(tls_t **self_p)
{
    assert(self_p);
    tls_t *self = *self_p;
    if (self == NULL)
        return;
    SSL_CTX_free(self->context);
    free(self->cert_file);
    free(self->key_file);
    free(self);
    *self_p = NULL;
}

tls_line_t *tls_line_new(tls_t *tls, int fd)
{
    assert(tls && fd >= 0);
    tls_line_t *self = calloc(1, sizeof *self);
    assert(self);
    self->ssl = SSL_new(tls->context);
    assert(self->ssl);
    int is_set = SSL_set_fd(self->ssl, fd);
    assert(is_set == 1);
    (void)is_set;
    (void)SSL_set_app_data(self->ssl, self);
    SSL_set_accept_state(self->ssl);
    return self;
}

void tls_line_destroy(tls_line_t **self_p)
{
    assert(self_p);
    tls_line_t *self = *self_p;
    if (self == NULL)
        return;
    tls_line_close(self);
    SSL_free(self->ssl);
    free(self->rest);
    free(self);
    *self_p = NULL;
}

/* What a call's result means. */
static tls_step_t step_of(tls_line_t *self, int result)
{
    int why = SSL_get_error(self->ssl, result);
    if (result > 0)
        return TLS_DONE;
    if (why == SSL_ERROR_WANT_READ)
        return TLS_WANTS_READ;
    if (why == SSL_ERROR_WANT_WRITE)
        return TLS_WANTS_WRITE;
    self->is_broken = true;
    return TLS_BROKEN;
}

tls_step_t tls_line_handshake(tls_line_t *self)
{
    assert(self && !self->is_open);
    ERR_clear_error();
    tls_step_t step = step_of(self, SSL_do_handshake(self->ssl));
    self->is_open = step == TLS_DONE;
    ERR_clear_error();
    return step;
}

ssize_t tls_line_read(tls_line_t *self, char *out, size_t size)
{
    assert(self && self->is_open && out && size > 0 && size <= INT32_MAX);
    ERR_clear_error();
    int result = SSL_read(self->ssl, out, (int)size);
    if (result > 0)
        return result;
    int why = SSL_get_error(self->ssl, result);
    ERR_clear_error();
    if (why == SSL_ERROR_ZERO_RETURN)
        return 0;
    errno = why == SSL_ERROR_WANT_READ ? EAGAIN : ECONNRESET;
    self->is_broken |= why != SSL_ERROR_WANT_READ;
    return -1;
}

bool tls_line_has_input(const tls_line_t *self)
{
    assert(self);
    return self->is_open && !self->is_broken && SSL_pending(self->ssl) > 0;
}

/* One record at most. */
static tls_step_t write_record(tls_line_t *self, const char *bytes, size_t size)
{
    assert(self->is_open && size > 0 && size <= TLS_CHUNK_BYTES);
    if (self->is_broken)
        return TLS_BROKEN;
    ERR_clear_error();
    int result = SSL_write(self->ssl, bytes, (int)size);
    tls_step_t step = step_of(self, result);
    ERR_clear_error();
    assert(step != TLS_DONE || (size_t)result == size);
    self->is_broken |= step == TLS_WANTS_READ; /* there is no second handshake */
    return step == TLS_WANTS_READ ? TLS_BROKEN : step;
}

static void keep(tls_line_t *self, const char *bytes, size_t size)
{
    self->rest = malloc(size);
    assert(self->rest);
    memcpy(self->rest, bytes, size);
    self->rest_size = size;
}

ssize_t tls_line_write(tls_line_t *self, const char *bytes, size_t size)
{
    assert(self && bytes);
    tls_step_t step = tls_line_flush(self);
    errno = step == TLS_BROKEN ? EPIPE : EAGAIN;
    if (step != TLS_DONE)
        return -1;
    step = write_record(self, bytes, size);
    if (step == TLS_WANTS_WRITE)
        keep(self, bytes, size);
    errno = EPIPE;
    return step == TLS_BROKEN ? -1 : (ssize_t)size;
}

bool tls_line_has_output(const tls_line_t *self)
{
    assert(self);
    return self->rest != NULL;
}

tls_step_t tls_line_flush(tls_line_t *self)
{
    assert(self);
    if (self->rest == NULL)
        return self->is_broken ? TLS_BROKEN : TLS_DONE;
    tls_step_t step = write_record(self, self->rest, self->rest_size);
    if (step != TLS_DONE)
        return step;
    free(self->rest);
    self->rest = NULL;
    return TLS_DONE;
}

void tls_line_close(tls_line_t *self)
{
    assert(self);
    if (!self->is_open || self->is_broken || self->rest)
        return;
    if ((SSL_get_shutdown(self->ssl) & SSL_SENT_SHUTDOWN) == 0)
        (void)SSL_shutdown(self->ssl); /* a full socket: then without */
    ERR_clear_error();
}
