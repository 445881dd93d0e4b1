#include "broker/shell/keyed.h"

#include "base/enrolment.h"
#include "base/printable.h"
#include "broker/shell/storage.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

static const char TCP[] = "tcp://";

static bool starts_with(const char *text, const char *beginning)
{
    return strncmp(text, beginning, strlen(beginning)) == 0;
}

/* Addresses have to be written out: libzmq takes interfaces by name, and what they have may change. It
 * does not take localhost, and says so itself. */
static bool is_loopback(const char *host)
{
    struct in_addr address;
    struct in6_addr long_address;
    if (strcmp(host, "localhost") == 0)
        return true;
    if (inet_pton(AF_INET, host, &address) == 1)
        return ntohl(address.s_addr) >> IN_CLASSA_NSHIFT == IN_LOOPBACKNET;
    return inet_pton(AF_INET6, host, &long_address) == 1 && IN6_IS_ADDR_LOOPBACK(&long_address);
}

bool keyed_is_near(const char *endpoint)
{
    assert(endpoint);
    char host[SETTING_STR_BYTES + 1];
    if (!starts_with(endpoint, TCP))
        return starts_with(endpoint, "ipc://") || starts_with(endpoint, "inproc://");
    const char *begin = endpoint + strlen(TCP), *end = strrchr(begin, ':');
    if (end == NULL)
        return false;
    if (*begin == '[' && end > begin + 1 && end[-1] == ']') {
        begin++;
        end--;
    }
    snprintf(host, sizeof host, "%.*s", (int)(end - begin), begin);
    return is_loopback(host);
}

bool keyed_is(const options_t *options, const char *endpoint)
{
    assert(options && endpoint);
    if (options->insecure)
        return false;
    return !keyed_is_near(endpoint) || (options->curve && starts_with(endpoint, TCP));
}

/* The first endpoint that is (or would be, by `is_far`); NULL: none. */
static const char *first(const options_t *options, const setting_list_t *list,
                         bool (*is)(const options_t *, const char *))
{
    for (size_t i = 0; i < list->count; i++)
        if (is(options, list->items[i]))
            return list->items[i];
    return NULL;
}

static bool is_far(const options_t *options, const char *endpoint)
{
    (void)options;
    return !keyed_is_near(endpoint);
}

static void warn_insecure(const options_t *options)
{
    const char *router = first(options, &options->router, is_far);
    const char *pub = first(options, &options->pub, is_far);
    if (options->insecure && (router || pub))
        printable_line(
            stderr,
            "hubbubd: --insecure: whoever reaches %s may come in, read every public room, and "
            "stop this broker; nothing is encrypted",
            router ? router : pub);
}

static keyed_t refuse_without(const options_t *options, const char *option, const char *endpoint,
                              certificate_result_t result, const char *data, char *out_error)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_broker_path(data, path);
    const char *why = keyed_is_near(endpoint) ? "--curve" : "not on loopback";
    if (result == CERTIFICATE_UNREADABLE && errno == ENOENT)
        snprintf(out_error, KEYED_ERROR_BYTES,
                 "--%s %s: %s, so whoever comes needs a key, and none was enrolled: run "
                 "`hubbubctl%s%s invite NAME` for each, or add --insecure",
                 option, endpoint, why, options->data[0] ? " --data " : "", options->data);
    else
        snprintf(out_error, KEYED_ERROR_BYTES, "--%s %s: %s, so it needs the broker's key: %s: %s",
                 option, endpoint, why, path, certificate_trouble(result));
    return KEYED_REFUSED;
}

/* Who comes by a router under CURVE has to hear what is said, under CURVE too. */
static bool can_be_heard(const options_t *options)
{
    return first(options, &options->router, keyed_is) == NULL ||
           first(options, &options->pub, keyed_is) || options->advertise_pub.count > 0;
}

keyed_t keyed_decide(const options_t *options, certificate_t *out_key, char *out_error)
{
    assert(options && out_key && out_error);
    char data[STORAGE_PATH_BYTES];
    const char *router = first(options, &options->router, keyed_is);
    const char *pub = first(options, &options->pub, keyed_is);
    warn_insecure(options);
    if (options->insecure && options->curve) {
        snprintf(out_error, KEYED_ERROR_BYTES, "--insecure and --curve contradict each other");
        return KEYED_REFUSED;
    }
    if (router == NULL && pub == NULL)
        return KEYED_NONE;
    storage_directory(options, data);
    certificate_result_t result = enrolment_broker(data, out_key);
    if (result != CERTIFICATE_OK)
        return refuse_without(options, router ? "router" : "pub", router ? router : pub, result,
                              data, out_error);
    if (can_be_heard(options))
        return KEYED_SOME;
    certificate_fini(out_key);
    snprintf(out_error, KEYED_ERROR_BYTES,
             "--router %s: who comes there has no way to hear: add a --pub like it, such as "
             "tcp://0.0.0.0:5681",
             router);
    return KEYED_REFUSED;
}
