#include "client/core/endpoint.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static const char SEPARATOR[] = "://";

char *endpoint_copy(span_t endpoint)
{
    assert(endpoint.data);
    char *copy = calloc(1, endpoint.size + 1);
    assert(copy);
    memcpy(copy, endpoint.data, endpoint.size);
    return copy;
}

/* "tcp" of "tcp://host:1"; empty where it is no endpoint. */
static span_t transport_of(span_t endpoint)
{
    const char *end = memmem(endpoint.data, endpoint.size, SEPARATOR, strlen(SEPARATOR));
    return (span_t){endpoint.data, end ? (size_t)(end - endpoint.data) : 0};
}

/* "host" of "tcp://host:1"; of anything but tcp the local host. */
static span_t host_of(span_t endpoint)
{
    span_t transport = transport_of(endpoint);
    if (!span_is(transport, "tcp"))
        return span_of("127.0.0.1");
    size_t skipped = transport.size + strlen(SEPARATOR);
    span_t rest = {endpoint.data + skipped, endpoint.size - skipped};
    const char *source = memchr(rest.data, ';', rest.size); /* source;destination */
    if (source)
        rest = (span_t){source + 1, rest.size - (size_t)(source + 1 - rest.data)};
    const char *port = memrchr(rest.data, ':', rest.size);
    return (span_t){rest.data, port ? (size_t)(port - rest.data) : rest.size};
}

static bool is_usable(const msgpack_object *object, span_t *out)
{
    if (!object_span(object, out) || out->size == 0 || out->size > ENDPOINT_BYTES_MAX)
        return false;
    return transport_of(*out).size > 0 && memchr(out->data, '\0', out->size) == NULL;
}

static int rank(span_t endpoint, span_t router)
{
    span_t transport = transport_of(endpoint);
    if (span_equal(transport, transport_of(router)))
        return 3;
    return span_is(transport, "tcp") ? 2 : 1;
}

static char *with_host(span_t endpoint, span_t host)
{
    const char *star = memmem(endpoint.data, endpoint.size, "://*:", 5);
    if (star == NULL)
        return endpoint_copy(endpoint);
    size_t before = (size_t)(star - endpoint.data) + strlen(SEPARATOR);
    size_t after = endpoint.size - before - 1;
    size_t size = before + host.size + after + 1;
    char *result = calloc(1, size);
    assert(result);
    (void)snprintf(result, size, "%.*s%.*s%.*s", (int)before, endpoint.data, (int)host.size,
                   host.data, (int)after, endpoint.data + before + 1);
    return result;
}

char *endpoint_choose(const message_t *reply, const char *router)
{
    assert(reply && router);
    size_t count;
    const msgpack_object *list = message_list(reply, KEY_pub, &count);
    span_t best = {NULL, 0}, endpoint;
    int best_rank = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_usable(&list[i], &endpoint) || rank(endpoint, span_of(router)) <= best_rank)
            continue;
        best = endpoint;
        best_rank = rank(endpoint, span_of(router));
    }
    return best_rank > 0 ? with_host(best, host_of(span_of(router))) : NULL;
}
