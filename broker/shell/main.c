/* hubbubd - the broker of Hubbub. */
#include "base/entropy.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/sandbox.h"
#include "base/signals.h"
#include "bridge/shell/bridge.h"
#include "broker/shell/keyed.h"
#include "broker/shell/options.h"
#include "broker/shell/server.h"
#include "broker/shell/storage.h"
#include "broker/shell/upkeep.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STOP_MS = 200, EXIT_CANNOT = 1, EXIT_USAGE = 2 };

/* As many files as the hard limit gives: every telnet user takes one. */
static void raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* the soft limit then does */
}

static void print_list(const char *name, const setting_list_t *list)
{
    printf(" %s=", name);
    for (size_t i = 0; i < list->count; i++)
        printf("%s%s", i ? "," : "", list->items[i]);
}

static void print_ready(const doors_t *doors, const char *tcp, const char *tls)
{
    printf("ready");
    print_list("router", &doors->router_bound);
    print_list("pub", &doors->pub_bound);
    if (*tcp)
        printf(" tcp=%s", tcp);
    if (*tls)
        printf(" tls=%s", tls);
    printf("\n");
    fflush(stdout);
}

/* What clients are told about a PUB: where it is bound, a wildcard host as *. */
static size_t tell_pub(const setting_list_t *given, setting_list_t *out, const char **out_items)
{
    static const char *const WILDCARDS[] = {"tcp://0.0.0.0:", "tcp://[::]:"};
    *out = *given;
    for (size_t i = 0; i < out->count; i++) {
        char *endpoint = out->items[i];
        for (size_t k = 0; k < sizeof WILDCARDS / sizeof WILDCARDS[0]; k++) {
            size_t size = strlen(WILDCARDS[k]);
            if (strncmp(endpoint, WILDCARDS[k], size) != 0)
                continue;
            char port[SETTING_STR_BYTES + 1];
            snprintf(port, sizeof port, "%s", endpoint + size);
            snprintf(endpoint, sizeof out->items[i], "tcp://*:%.16s", port);
        }
        out_items[i] = endpoint;
    }
    return out->count;
}

static int cannot(const char *error)
{
    printable_line(stderr, "hubbubd: %s", error);
    return EXIT_CANNOT;
}

static const char INSIDE[] =
    "inproc://inside"; /* what the bridge here calls its broker in the log */

/* Opens the bridge that shares the server's thread; NULL in *out_bridge: none is wanted. False: `out_error`
 * (DOORS_ERROR_BYTES) says why people cannot connect. */
static bool open_telnet(const options_t *options, void *context, server_t *server,
                        bridge_t **out_bridge, char *out_error)
{
    *out_bridge = NULL;
    const char *plain = bridge_place(options->tcp), *tls = bridge_place(options->tls_listen);
    if (plain == NULL && tls == NULL)
        return true;
    bridge_direct_t direct = {server_inside(server), inside_open, inside_send, inside_take,
                              inside_has};
    bridge_config_t config = {.listen = plain,
                              .tls_listen = tls,
                              .tls_cert = options->tls_cert[0] ? options->tls_cert : NULL,
                              .tls_key = options->tls_key[0] ? options->tls_key : NULL,
                              .proxy_from = &options->proxy_from,
                              .router = INSIDE,
                              .pub = INSIDE,
                              .direct = &direct,
                              .language = options->language ? "zh" : "en",
                              .agent = "hubbubd/" HUB_VERSION,
                              .show_addresses = options->show_addresses,
                              .connections_per_address = options->connections_per_address,
                              .connections_per_s = options->connections_per_s,
                              .enter_ms = options->enter_ms,
                              .login_grace_ms = options->login_grace_ms,
                              .user_waiting_bytes = options->user_waiting_bytes,
                              .users_max = options->users_max,
                              .backlog_lines = options->backlog,
                              .stop_fd = -1,
                              .report_fd = -1,
                              .reload_fd = tls ? signals_open_reload() : -1};
    char error[BRIDGE_ERROR_BYTES];
    bridge_t *bridge = *out_bridge = bridge_new(&config, context, error);
    if (bridge && bridge_start(bridge)) {
        server_set_neighbour(
            server, &(neighbour_t){bridge, bridge_fd(bridge), bridge_wait_us, bridge_turn});
        return true;
    }
    snprintf(out_error, DOORS_ERROR_BYTES, "%s", bridge ? "no descriptor left" : error);
    bridge_destroy(out_bridge);
    return false;
}

static void close_telnet(bridge_t **bridge_p)
{
    if (*bridge_p)
        bridge_stop(*bridge_p);
    bridge_destroy(bridge_p);
}

static void serve_people(const options_t *options, const doors_t *doors, server_t *server,
                         const bridge_t *bridge, int stop_fd)
{
    sandbox_enter_and_tell(options->sandbox);
    print_ready(doors, bridge ? bridge_address(bridge) : "",
                bridge ? bridge_tls_address(bridge) : "");
    log_info("broker.ready", log_str("version", HUB_VERSION));
    server_run(server, stop_fd);
    log_info("broker.stopping", log_u64("after_ms", STOP_MS));
    server_stop(server, STOP_MS);
}

static int cannot_record(const char *path)
{
    printable_line(stderr, "hubbubd: --record %s: %s", path, strerror(errno));
    return EXIT_CANNOT;
}

/* What both kinds of clients are told; the core's settings borrow it. */
typedef struct {
    setting_list_t lists[PUB_COUNT];
    const char *items[PUB_COUNT][SETTING_LIST_ITEMS];
} told_t;

/* What the operator says is for those from afar, who have keys unless nobody has. */
static void tell_pubs(const options_t *options, const doors_t *doors, told_t *out,
                      core_settings_t *settings)
{
    int advertised = doors->key ? PUB_KEYED : PUB_PLAIN;
    size_t counts[PUB_COUNT];
    for (int pub = 0; pub < PUB_COUNT; pub++) {
        bool is_said = pub == advertised && options->advertise_pub.count > 0;
        counts[pub] = tell_pub(is_said ? &options->advertise_pub : &doors->pub_of[pub],
                               &out->lists[pub], out->items[pub]);
    }
    settings->pub = out->items[PUB_PLAIN];
    settings->pub_count = counts[PUB_PLAIN];
    settings->keyed_pub = out->items[PUB_KEYED];
    settings->keyed_pub_count = counts[PUB_KEYED];
}

/* Where `stats` looks for what the core does not see. */
typedef struct {
    const gatekeeper_t *gatekeeper; /* NULL: no door is under CURVE */
    const doors_t *doors;
} gate_view_t;

static void report_gate(const void *context, gate_t *out)
{
    const gate_view_t *view = context;
    const gatekeeper_t *gatekeeper = view->gatekeeper;
    *out = (gate_t){.doors_rested = view->doors->rests};
    if (gatekeeper == NULL)
        return;
    *out = (gate_t){.doors_rested = view->doors->rests,
                    .keys_enrolled = keyring_count(gatekeeper->keyring),
                    .handshakes_admitted = gatekeeper->admitted,
                    .handshakes_refused = gatekeeper->refused,
                    .frames_revoked = gatekeeper->revoked};
}

/* Takes the store. */
static int serve(const options_t *options, doors_t *doors, gatekeeper_t *gatekeeper,
                 store_t **store_p, int stop_fd)
{
    told_t told;
    core_settings_t settings = options_core(options);
    tell_pubs(options, doors, &told, &settings);
    settings.has_store = (*store_p)->outlasts_us;
    gate_view_t view = {gatekeeper, doors};
    settings.gate = report_gate;
    settings.gatekeeper = &view;
    recorder_t *recorder = NULL;
    if (options->record[0] &&
        (recorder = recorder_open(options->record, options->record_texts)) == NULL)
        return cannot_record(options->record);
    server_t *server = server_new(doors, gatekeeper, &settings, store_p);
    if (recorder)
        server_record(server, &settings, &recorder);
    bridge_t *bridge = NULL;
    _Static_assert((int)SERVER_ERROR_BYTES == (int)DOORS_ERROR_BYTES, "one buffer for both");
    char error[SERVER_ERROR_BYTES];
    bool is_open = server_restore(server, error) &&
                   open_telnet(options, doors->context, server, &bridge, error);
    if (is_open)
        serve_people(options, doors, server, bridge, stop_fd);
    close_telnet(&bridge);
    server_destroy(&server);
    return is_open ? 0 : cannot(error);
}

static bool is_keyed(const void *options, const char *endpoint)
{
    return keyed_is(options, endpoint);
}

/* Where there is a data directory. One can do without. */
static void open_to_operators(doors_t *doors, const char *data)
{
    char error[DOORS_ERROR_BYTES];
    if (access(data, W_OK | X_OK) != 0)
        log_info("operators.none", log_str("reason", "there is no data directory"));
    else if (doors_bind_operator(doors, data, error))
        log_info("operators.open", log_str("endpoint", doors->operator_bound.items[0]));
    else
        log_warn("operators.none", log_str("reason", error));
}

/* Somebody stands at the gate before it opens. */
static int open_gate(const options_t *options, doors_t *doors, store_t **store_p, int stop_fd)
{
    gatekeeper_t gatekeeper = {.zap = NULL};
    char data[STORAGE_PATH_BYTES], error[KEYRING_ERROR_BYTES];
    storage_directory(options, data);
    bool is_open = doors->key == NULL || gatekeeper_open(&gatekeeper, doors->context, data, error);
    if (is_open && doors->key)
        log_info("keys.read", log_str("data", data),
                 log_u64("count", keyring_count(gatekeeper.keyring)));
    is_open =
        is_open && doors_bind(doors, &options->router, &options->pub, is_keyed, options, error);
    if (is_open)
        open_to_operators(doors, data);
    int status = is_open ? serve(options, doors, doors->key ? &gatekeeper : NULL, store_p, stop_fd)
                         : cannot(error);
    doors_shut(doors);
    gatekeeper_close(&gatekeeper);
    return status;
}

/* Takes the store. */
static int open_doors(const options_t *options, const certificate_t *key, store_t **store_p,
                      int stop_fd)
{
    doors_t doors;
    char error[DOORS_ERROR_BYTES];
    int status = doors_open(&doors, key, error) ? open_gate(options, &doors, store_p, stop_fd)
                                                : cannot(error);
    doors_close(&doors);
    if (*store_p)
        (*store_p)->destroy(store_p);
    return status;
}

/* Opens the store, then the doors. */
static int begin(const options_t *options, const certificate_t *key)
{
    int stop_fd = signals_open();
    if (stop_fd < 0)
        return cannot("no descriptor left for signals");
    if (options->tls_listen[0])
        signals_hold_reload(); /* before the store's threads */
    entropy_seed_srand();
    char error[STORAGE_ERROR_BYTES];
    store_t *store = storage_open(options, error);
    int status = store ? open_doors(options, key, &store, stop_fd) : cannot(error);
    close(stop_fd);
    return status;
}

/* Says so if people cannot be told to connect there. */
static bool is_place(const char *option, const char *listen)
{
    const char *place = bridge_place(listen);
    if (place == NULL || bridge_is_address(place))
        return true;
    printable_line(stderr, "hubbubd: --%s %s: HOST:PORT is needed", option, place);
    return false;
}

int main(int argc, char **argv)
{
    options_t options;
    int status;
    if (options_read(argc, argv, &options, &status) == OPTIONS_EXIT)
        return status;
    char trouble[SANDBOX_ERROR_BYTES];
    if (!sandbox_become(options.user, trouble)) {
        printable_line(stderr, "hubbubd: %s", trouble);
        return EXIT_USAGE;
    }
    if (upkeep_is_wanted(&options))
        return upkeep_run(&options);
    if (!is_place("tcp", options.tcp) || !is_place("tls-listen", options.tls_listen))
        return EXIT_USAGE;
    log_set_level((log_level_t)options.log_level);
    heap_give_back();
    raise_files();
    certificate_t key = {.has_secret = false};
    char error[KEYED_ERROR_BYTES];
    keyed_t keyed = keyed_decide(&options, &key, error);
    if (keyed == KEYED_REFUSED) {
        printable_line(stderr, "hubbubd: %s", error);
        return EXIT_USAGE;
    }
    status = begin(&options, keyed == KEYED_SOME ? &key : NULL);
    certificate_fini(&key);
    return status;
}
