#include "broker/shell/options.h"

#include "base/printable.h"
#include "broker/shell/doors.h"

#include <assert.h>
#include <malloc.h>
#include <string.h>
#include <unistd.h>

enum { EXIT_USAGE = 2 };

#define SETTING(...) SETTING_ROW(options_t, __VA_ARGS__)
static const setting_row_t ROWS[] = {
#include "base/settings.def"
};
#undef SETTING

static const settings_t SETTINGS = {
    .program = "hubbubd",
    .about =
        "The broker of Hubbub: people connect with hubbub, with any ZeroMQ program, and with "
        "--tcp also by telnet. When it can be used it prints one line: ready router=... pub=...",
    .rows = ROWS,
    .row_count = sizeof ROWS / sizeof ROWS[0],
    .common = "router pub tcp tls_listen tls_cert tls_key proxy_from curve insecure data "
              "durability check backup record record_texts "
              "idle_ms kick_ms heartbeat_ms resume_ms advertise_pub "
              "log_level",
    .hidden = "listen key server_key",
};

static options_result_t usage(int *out_status)
{
    *out_status = EXIT_USAGE;
    return OPTIONS_EXIT;
}

static options_result_t refuse(const char *error, int *out_status)
{
    printable_line(stderr, "hubbubd: %s", error);
    return usage(out_status);
}

/* Says which one is not. */
static bool are_endpoints(const char *option, const setting_list_t *list)
{
    for (size_t i = 0; i < list->count; i++) {
        if (doors_is_endpoint(list->items[i]))
            continue;
        printable_line(stderr, "hubbubd: --%s %s: an endpoint is tcp://HOST:PORT or ipc://PATH",
                       option, list->items[i]);
        return false;
    }
    return true;
}

options_result_t options_read(int argc, char **argv, options_t *out, int *out_status)
{
    assert(argv && out && out_status);
    char error[SETTINGS_ERROR_BYTES];
    *out_status = 0;
    switch (settings_read(&SETTINGS, argc, argv, environ, out, sizeof *out, error)) {
    case SETTINGS_READ:
        break;
    case SETTINGS_HELP:
        settings_print_help(&SETTINGS, stdout);
        return OPTIONS_EXIT;
    case SETTINGS_VERSION:
        printf("hubbubd %s\n", HUB_VERSION);
        return OPTIONS_EXIT;
    case SETTINGS_WRONG:
        return refuse(error, out_status);
    }
    if (!are_endpoints("router", &out->router) || !are_endpoints("pub", &out->pub) ||
        !are_endpoints("advertise-pub", &out->advertise_pub))
        return usage(out_status);
    if (out->rings_bytes < out->ring_bytes)
        return refuse("--set rings_bytes: less than ring_bytes, the memory of one room",
                      out_status);
    if (!out->guests && out->accounts_max == 0)
        return refuse("--guests=no with --accounts-max 0: nobody could come in", out_status);
    return OPTIONS_RUN;
}

static uint32_t power_of_two(uint32_t number)
{
    uint32_t power = 1;
    while (power < number)
        power *= 2;
    return power;
}

static void read_memory(memory_t *out)
{
    struct mallinfo2 info = mallinfo2();
    *out = (memory_t){info.uordblks, info.arena, info.hblkhd};
}

core_settings_t options_core(const options_t *self)
{
    assert(self);
    return (core_settings_t){
        .heartbeat_ms = self->heartbeat_ms,
        .idle_ms = self->idle_ms,
        .kick_ms = self->kick_ms,
        .resume_ms = self->resume_ms,
        .room_keep_ms = self->room_keep_ms,
        .rate_per_s = self->rate_per_s,
        .rate_burst = self->rate_burst,
        .flood_refusals = self->flood_refusals,
        .flood_window_ms = self->flood_window_ms,
        .flood_mute_ms = self->flood_mute_ms,
        .greetings_per_s = self->greetings_per_s,
        .greetings_burst = self->greetings_burst,
        .sessions_per_address = self->sessions_per_address,
        .members_max = self->members_max,
        .links_max = self->links_max,
        .sessions_max = self->sessions_max,
        .rooms_max = self->rooms_max,
        .invite_ms = self->invite_ms,
        .refuses_guests = !self->guests,
        .accounts_max = self->accounts_max,
        .rooms_made_per_h = self->rooms_made_per_h,
        .accounts_made_per_h = self->accounts_made_per_h,
        .ring_events = power_of_two(self->ring_events),
        .ring_bytes = self->ring_bytes,
        .rings_bytes = self->rings_bytes,
        .link_backlog_bytes = self->link_backlog_bytes,
        .pending_max = self->pending_max,
        .survives_power = self->durability == DURABILITY_POWER,
        .history_keep_ms = self->history_keep_ms,
        .history_events = self->history_events,
        .audit_events = self->audit_events,
        .history_bytes = self->history_bytes,
        .replay_per_s = self->replay_per_s,
        .pages_max = self->pages_max,
        .memory = read_memory,
    };
}
