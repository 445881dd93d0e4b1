#include "client/shell/options.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#include "base/printable.h"
#include "client/shell/json_request.h"
#include "proto/names.h"

enum { EXIT_USAGE = 2 };

#define SETTING(...) SETTING_ROW(options_t, __VA_ARGS__)
static const setting_row_t ROWS[] = {
#include "client/shell/settings.def"
};
#undef SETTING

static const settings_t SETTINGS = {
    .program = "hubbub",
    .about =
        "Chat from a terminal; type /help there. Where standard input or output is no terminal it "
        "says each line it reads, prints what happens, and exits once everything that it said was "
        "acknowledged: 0, or 1 when something was not done.",
    .rows = ROWS,
    .row_count = sizeof ROWS / sizeof ROWS[0],
    .common = "router invite nick room timeout json",
    .hidden = "",
};

static options_result_t refuse(const char *option, const char *value, const char *why,
                               int *out_status)
{
    printable_line(stderr, "hubbub: %s: \"%s\": %s", option, value, why);
    *out_status = EXIT_USAGE;
    return OPTIONS_EXIT;
}

static bool is_endpoint(const char *endpoint)
{
    return (strncmp(endpoint, "tcp://", 6) == 0 || strncmp(endpoint, "ipc://", 6) == 0) &&
           endpoint[6] != '\0';
}

/* What the settings reader cannot know. */
static options_result_t check(const options_t *options, int *out_status)
{
    name_t folded;
    if (*options->router && !is_endpoint(options->router))
        return refuse("--router", options->router, "must be tcp://HOST:PORT or ipc://PATH",
                      out_status);
    if (*options->nick && nick_fold(span_of(options->nick), &folded) != HUB_OK)
        return refuse("--nick", options->nick, err_hint(HUB_NICK_INVALID), out_status);
    if (room_fold(span_of(options->room), &folded) != HUB_OK)
        return refuse("--room", options->room, err_hint(HUB_ROOM_INVALID), out_status);
    bool wants_password = options->login || *options->password_file;
    if (wants_password && !*options->nick)
        return refuse(options->login ? "--login" : "--password-file", options->password_file,
                      "needs --nick: whose password?", out_status);
    return OPTIONS_RUN;
}

options_result_t options_read(int argc, char **argv, options_t *out, int *out_status)
{
    assert(argv && out && out_status);
    char error[SETTINGS_ERROR_BYTES];
    *out_status = 0;
    switch (settings_read(&SETTINGS, argc, argv, environ, out, sizeof *out, error)) {
    case SETTINGS_READ:
        return check(out, out_status);
    case SETTINGS_HELP:
        settings_print_help(&SETTINGS, stdout);
        json_request_print_help(stdout);
        return OPTIONS_EXIT;
    case SETTINGS_VERSION:
        (void)puts("hubbub " HUB_VERSION);
        return OPTIONS_EXIT;
    case SETTINGS_WRONG:
        break;
    }
    printable_line(stderr, "hubbub: %s", error);
    *out_status = EXIT_USAGE;
    return OPTIONS_EXIT;
}
