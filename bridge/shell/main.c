/* hubbub-bridge - the bridge as a program of its own: any number of them to one broker. */
#include "base/entropy.h"
#include "base/heap.h"
#include "base/log.h"
#include "base/printable.h"
#include "base/sandbox.h"
#include "base/settings.h"
#include "base/signals.h"
#include "bridge/shell/bridge.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <zmq.h>

typedef struct {
#define SETTING SETTING_FIELD
#include "base/settings.def"
#undef SETTING
} options_t;

#define SETTING(...) SETTING_ROW(options_t, __VA_ARGS__)
static const setting_row_t ROWS[] = {
#include "base/settings.def"
};
#undef SETTING

static const char *const LANGUAGES[] = {"en", "zh"};

static const settings_t SETTINGS = {
    .program = "hubbub-bridge",
    .about = "Carries people with telnet or nc to a Hubbub broker.",
    .rows = ROWS,
    .row_count = sizeof ROWS / sizeof ROWS[0],
    .common = "listen router key server_key language show_addresses connections_per_address "
              "tls_listen tls_cert tls_key proxy_from",
    .hidden =
        "pub tcp curve insecure advertise_pub data durability check backup record record_texts "
        "heartbeat_ms idle_ms kick_ms resume_ms "
        "rate_per_s rate_burst links_max sessions_max rooms_max room_keep_ms ring_events "
        "ring_bytes rings_bytes link_backlog_bytes pending_max",
};

/* One descriptor per user: as many as the system lets us have. */
static void raise_files(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return;
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files); /* fewer users else; bridge_new() counts */
}

/* SIGUSR1 as a descriptor: the counters are logged. */
static int open_report(void)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGUSR1);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
}

typedef struct {
    bridge_t *bridge;
    const char *router;
} ready_t;

static void print_ready(void *context)
{
    const ready_t *ready = context;
    printf("ready");
    if (*bridge_address(ready->bridge))
        printf(" tcp=%s", bridge_address(ready->bridge));
    if (*bridge_tls_address(ready->bridge))
        printf(" tls=%s", bridge_tls_address(ready->bridge));
    printf(" router=%s\n", ready->router);
    (void)fflush(stdout);
}

static int run(const options_t *options, const credentials_t *keys, void *context, int stop_fd,
               int report_fd)
{
    char error[BRIDGE_ERROR_BYTES];
    ready_t ready = {.router = options->router.items[0]};
    bridge_config_t config = {
        .listen = bridge_place(options->listen),
        .tls_listen = bridge_place(options->tls_listen),
        .tls_cert = options->tls_cert[0] ? options->tls_cert : NULL,
        .tls_key = options->tls_key[0] ? options->tls_key : NULL,
        .proxy_from = &options->proxy_from,
        .router = ready.router,
        .keys = keys,
        .language = LANGUAGES[options->language],
        .agent = "hubbub-bridge " HUB_VERSION,
        .show_addresses = options->show_addresses,
        .connections_per_address = options->connections_per_address,
        .connections_per_s = options->connections_per_s,
        .enter_ms = options->enter_ms,
        .login_grace_ms = options->login_grace_ms,
        .user_waiting_bytes = options->user_waiting_bytes,
        .users_max = options->users_max,
        .backlog_lines = options->backlog,
        .stop_fd = stop_fd,
        .report_fd = report_fd,
        .reload_fd = options->tls_listen[0] ? signals_open_reload() : -1,
        .ready = print_ready,
        .context = &ready,
    };
    bridge_t *bridge = ready.bridge = bridge_new(&config, context, error);
    if (bridge == NULL) {
        printable_line(stderr, "hubbub-bridge: %s", error);
        return 1;
    }
    log_info("bridge.listening", log_str("tcp", bridge_address(bridge)),
             log_str("tls", bridge_tls_address(bridge)), log_str("router", ready.router));
    sandbox_enter_and_tell(options->sandbox);
    bool was_run = bridge_run(bridge);
    bridge_destroy(&bridge);
    return was_run ? 0 : 1;
}

/* What libzmq would connect to. */
static bool is_endpoint(void *context, const char *endpoint)
{
    void *probe = zmq_socket(context, ZMQ_DEALER);
    int linger = 0;
    bool is_good =
        probe == NULL || (zmq_setsockopt(probe, ZMQ_LINGER, &linger, sizeof linger) == 0 &&
                          zmq_connect(probe, endpoint) == 0);
    if (probe)
        (void)zmq_close(probe);
    return is_good;
}

/* Everything that needs descriptors. */
static int serve(const options_t *options, const credentials_t *keys)
{
    entropy_seed_srand();
    raise_files();
    int stop_fd = signals_open(), report_fd = open_report();
    void *context = stop_fd < 0 ? NULL : zmq_ctx_new();
    if (context == NULL) {
        printable_line(stderr, "hubbub-bridge: cannot start: %s", strerror(errno));
        return 1;
    }
    int status = 2;
    if (is_endpoint(context, options->router.items[0]))
        status = run(options, keys, context, stop_fd, report_fd);
    else
        printable_line(stderr,
                       "hubbub-bridge: --router %s: tcp://HOST:PORT or ipc://PATH is needed",
                       options->router.items[0]);
    (void)zmq_ctx_term(context);
    (void)close(stop_fd);
    if (report_fd >= 0)
        (void)close(report_fd);
    return status;
}

/* Says what is wrong with where people are to connect. */
static bool are_places(const options_t *options)
{
    const char *plain = bridge_place(options->listen), *tls = bridge_place(options->tls_listen);
    const char *wrong = NULL;
    if (plain && !bridge_is_address(plain))
        wrong = plain;
    if (tls && !bridge_is_address(tls))
        wrong = tls;
    if (wrong)
        printable_line(stderr, "hubbub-bridge: --%s %s: HOST:PORT is needed",
                       wrong == plain ? "listen" : "tls-listen", wrong);
    else if (plain == NULL && tls == NULL)
        printable_line(stderr, "hubbub-bridge: neither --listen nor --tls-listen says where");
    return wrong == NULL && (plain || tls);
}

int main(int argc, char **argv)
{
    options_t options;
    char error[SETTINGS_ERROR_BYTES];
    switch (settings_read(&SETTINGS, argc, argv, environ, &options, sizeof options, error)) {
    case SETTINGS_HELP:
        settings_print_help(&SETTINGS, stdout);
        return 0;
    case SETTINGS_VERSION:
        puts("hubbub-bridge " HUB_VERSION);
        return 0;
    case SETTINGS_WRONG:
        printable_line(stderr, "hubbub-bridge: %s", error);
        return 2;
    case SETTINGS_READ:
        break;
    }
    if (!are_places(&options))
        return 2;
    char error_of_user[SANDBOX_ERROR_BYTES];
    if (!sandbox_become(options.user, error_of_user)) {
        printable_line(stderr, "hubbub-bridge: %s", error_of_user);
        return 2;
    }
    signals_hold_reload(); /* of no use without TLS, but no reason to drop everybody */
    log_set_level((log_level_t)options.log_level);
    heap_give_back();
    credentials_t keys;
    char trouble[CREDENTIALS_ERROR_BYTES];
    if (!credentials_load(
            &(credentials_given_t){.key_file = options.key, .server_key = options.server_key},
            &keys, trouble)) {
        printable_line(stderr, "hubbub-bridge: %s", trouble);
        return 2;
    }
    int status = serve(&options, &keys);
    credentials_fini(&keys);
    return status;
}
