#include "client/shell/program.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/printable.h"
#include "base/secret.h"
#include "base/signals.h"
#include "client/shell/reader.h"
#include "client/shell/talk.h"
#include "client/shell/terminal.h"
#include "include/hubbub.h"

enum {
    WAITING_MAX = 256,       /* requests without an answer; then no more input is read */
    ACTIVE_EVERY_MS = 60000, /* how often the broker is told that keys are being pressed */
    HEARD_MS = 1000,         /* how long we wait to hear ourselves, once all is acknowledged */
    PROMPT_BYTES = 64,
    PARTING_MS = 2000, /* how long a person who leaves waits for acknowledgements */
};

typedef struct {
    const options_t *options;
    talk_mode_t mode;
    talk_t *talk;
    hubbub_t *chat;
    terminal_t *terminal; /* NULL: standard input is read line by line */
    reader_t reader;
    FILE *out; /* memory: what is to be written next, `text` and `text_bytes` */
    char *text;
    size_t text_bytes;
    int signals;
    size_t line;         /* of the terminal */
    uint64_t stuck_ms;   /* since when something waits for a broker that does not answer; 0: not */
    uint64_t leaving_ms; /* since when no more input comes; 0: it does */
    uint64_t settled_ms; /* since when everything is acknowledged after that; 0: not */
    uint64_t active_ms;  /* when the broker was told last that a person is here */
    bool was_command;    /* the last line that was read */
    bool is_hungry;      /* no whole line is left of what was read */
    bool is_reader_gone;
    bool is_over;
} program_t;

/* ---- beginning and end ---- */

static completion_t complete(void *user, const char *line, size_t point)
{
    const program_t *self = user;
    return completion_find(talk_places(self->talk), talk_room(self->talk), line, point);
}

static int complain(const char *what, const char *why)
{
    printable_line(stderr, "hubbub: %s: %s", what, why);
    return 1;
}

/* The terminal before the first thread: it blocks signals. */
static bool open_ends(program_t *self)
{
    self->signals = signals_open();
    self->out = open_memstream(&self->text, &self->text_bytes);
    reader_init(&self->reader, STDIN_FILENO);
    if (self->mode == TALK_TERMINAL)
        self->terminal = terminal_new(complete, self);
    return self->signals >= 0 && self->out && (self->terminal || self->mode != TALK_TERMINAL);
}

/* Before the terminal is ours. `out` is empty where none is wanted; false: it has been said what is wrong. */
static bool read_password(const options_t *options, char *out)
{
    secret_result_t result = SECRET_OK;
    const char *file = options->password_file;
    char prompt[PROMPT_BYTES];
    secret_wipe(out);
    printable_text(prompt, sizeof prompt, "Password of %.40s: ", options->nick);
    if (*file)
        result = secret_read_file(file, out);
    else if (options->login)
        result = secret_ask(prompt, out);
    return result == SECRET_OK || complain(*file ? file : "password", secret_trouble(result)) == 0;
}

static bool connect_chat(program_t *self, const char *password)
{
    const char *rooms[] = {self->options->room};
    self->talk = talk_new(&(talk_options_t){
        .mode = self->mode,
        .room = self->options->room,
        .has_password = *password,
        .has_times = self->options->timestamps,
        .is_ascii = isatty(STDOUT_FILENO),
        .out = self->out,
        .err = self->terminal ? self->out : stderr,
    });
    self->chat = hubbub_new(&(hubbub_options_t){
        .router = self->options->router,
        .key_file = self->options->key,
        .server_key = self->options->server_key,
        .nick = *self->options->nick ? self->options->nick : NULL,
        .password = *password ? password : NULL,
        .rooms = rooms,
        .room_count = 1,
        .agent = "hubbub/" HUB_VERSION,
        .on_event = talk_event,
        .user = self->talk,
    });
    if (self->chat)
        talk_connect(self->talk, self->chat);
    return self->chat != NULL;
}

static void close_all(program_t *self)
{
    terminal_destroy(&self->terminal);
    hubbub_destroy(&self->chat);
    talk_destroy(&self->talk);
    reader_fini(&self->reader);
    if (self->out)
        (void)fclose(self->out); /* memory */
    free(self->text);
    if (self->signals >= 0)
        (void)close(self->signals);
}

/* ---- output ---- */

/* A reader that has gone ends the program quietly, as it does any other in a pipeline. */
static void write_failed(program_t *self)
{
    self->is_reader_gone = errno == EPIPE || errno == EIO;
    if (!self->is_reader_gone)
        talk_fail(self->talk, "cannot write: %s", strerror(errno));
    self->is_over = true;
}

static void set_prompt(program_t *self)
{
    char prompt[48];
    const char *room = talk_room(self->talk);
    printable_text(prompt, sizeof prompt, "%s> ", *room ? room : "(no room)");
    terminal_prompt(self->terminal, prompt);
}

/* All of it, also where somebody has made standard output non-blocking. False with errno. */
static bool write_all(const char *text, size_t size)
{
    struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
    while (size > 0) {
        ssize_t count = write(STDOUT_FILENO, text, size);
        if (count < 0 && errno == EAGAIN)
            (void)poll(&output, 1, -1); /* the next write tells what is wrong */
        else if (count < 0 && errno != EINTR)
            return false;
        if (count > 0) {
            text += count;
            size -= (size_t)count;
        }
    }
    return true;
}

static bool print(program_t *self)
{
    if (self->terminal)
        return terminal_print(self->terminal, self->text, self->text_bytes);
    return write_all(self->text, self->text_bytes);
}

static void flush(program_t *self)
{
    (void)fflush(self->out); /* into memory */
    if (self->text_bytes > 0 && !print(self))
        write_failed(self);
    rewind(self->out);
    if (self->terminal && self->leaving_ms == 0 && !self->is_over)
        set_prompt(self);
}

/* ---- input ---- */

static void leave(program_t *self)
{
    if (self->leaving_ms == 0)
        self->leaving_ms = clock_mono_ms();
}

/* Somebody who types is there, though nothing may be said for long. */
static void tell_active(program_t *self)
{
    uint64_t now_ms = clock_mono_ms();
    if (!hubbub_is_ready(self->chat) || now_ms - self->active_ms < ACTIVE_EVERY_MS)
        return;
    self->active_ms = now_ms;
    (void)hubbub_active(self->chat); /* it is repeated in a minute anyway */
}

static void read_key(program_t *self)
{
    const char *line;
    size_t size;
    tell_active(self);
    switch (terminal_read(self->terminal, &line, &size)) {
    case TERMINAL_MORE:
        return;
    case TERMINAL_END:
        leave(self);
        return;
    case TERMINAL_LINE:
        if (talk_line(self->talk, line, size, ++self->line))
            terminal_erase_entered(self->terminal);
        return;
    }
}

static bool has_room_for_more(const program_t *self)
{
    return self->leaving_ms == 0 && hubbub_waiting(self->chat) < WAITING_MAX &&
           !talk_has_quit(self->talk) && !talk_is_over(self->talk);
}

static bool is_command_next(const program_t *self)
{
    return reader_peek(&self->reader, 0) == '/' && reader_peek(&self->reader, 1) != '/';
}

/* In a script a command is done after all lines before and before all lines after it: what it shows does
 * not depend on the network. Programs that speak JSON see to that themselves. */
static bool has_to_wait(const program_t *self)
{
    if (self->mode != TALK_LINES || hubbub_waiting(self->chat) == 0)
        return false;
    return self->was_command || is_command_next(self);
}

/* Whole lines that have been read, as many as may wait for an answer. */
static void take_lines(program_t *self)
{
    const char *line;
    size_t size;
    while (has_room_for_more(self) && !has_to_wait(self)) {
        self->was_command = is_command_next(self);
        switch (reader_next(&self->reader, &line, &size)) {
        case READER_NONE:
            self->is_hungry = true;
            return;
        case READER_LINE: /* what it says is shown when it comes back */
            (void)talk_line(self->talk, line, size, self->reader.line);
            break;
        case READER_TOO_LONG:
            talk_line_too_long(self->talk, self->reader.line);
            break;
        case READER_END:
            leave(self);
            return;
        }
    }
}

static void read_input(program_t *self)
{
    if (self->terminal)
        read_key(self);
    else
        reader_fill(&self->reader);
    self->is_hungry = false;
}

/* ---- the end ---- */

static bool is_needed(const program_t *self)
{
    if (!talk_was_ready(self->talk))
        return true;
    return self->terminal == NULL && hubbub_waiting(self->chat) > 0;
}

/* It answers pings, and nothing else. */
static bool is_owed_too_long(const program_t *self)
{
    uint32_t timeout_ms = self->options->timeout;
    return timeout_ms > 0 && self->terminal == NULL && hubbub_owed_ms(self->chat) >= timeout_ms;
}

static void check_stuck(program_t *self, uint64_t now_ms)
{
    uint32_t timeout_ms = self->options->timeout;
    if (is_owed_too_long(self)) {
        talk_fail(self->talk, "the broker at %s is there but has not answered a request for %u ms",
                  self->options->router, timeout_ms);
        self->is_over = true;
        return;
    }
    if (timeout_ms == 0 || !talk_is_down(self->talk) || !is_needed(self)) {
        self->stuck_ms = 0;
        return;
    }
    if (self->stuck_ms == 0)
        self->stuck_ms = now_ms;
    if (now_ms - self->stuck_ms < timeout_ms)
        return;
    const char *trouble = talk_trouble(self->talk);
    if (*trouble)
        talk_fail(self->talk, "%s: %s", self->options->router, trouble);
    else
        talk_fail(self->talk, "no broker answers at %s (waited %u ms); is hubbubd running there?",
                  self->options->router, timeout_ms);
    self->is_over = true;
}

/* All is said and heard, or there is no point in waiting. */
static bool may_leave(program_t *self, uint64_t now_ms)
{
    if (self->terminal && (!hubbub_is_ready(self->chat) || now_ms - self->leaving_ms > PARTING_MS))
        return true;
    if (!talk_was_ready(self->talk) || hubbub_waiting(self->chat) > 0) {
        self->settled_ms = 0;
        return false;
    }
    if (self->settled_ms == 0)
        self->settled_ms = now_ms;
    return talk_unheard(self->talk) == 0 || now_ms - self->settled_ms >= HEARD_MS;
}

static void check_end(program_t *self)
{
    uint64_t now_ms = clock_mono_ms();
    if (talk_has_quit(self->talk))
        leave(self);
    bool is_told = talk_is_over(self->talk);
    if (self->leaving_ms > 0 && talk_is_refused(self->talk) && self->terminal == NULL && !is_told)
        talk_fail(self->talk, "the broker has not accepted the nick");
    self->is_over |= talk_is_over(self->talk) || (self->leaving_ms > 0 && may_leave(self, now_ms));
    if (!self->is_over)
        check_stuck(self, now_ms);
}

/* How long poll() may sleep: what is due is looked at ten times a second while something is. */
static int sleep_ms(const program_t *self)
{
    bool is_waiting = self->terminal == NULL && hubbub_waiting(self->chat) > 0;
    return self->stuck_ms > 0 || self->leaving_ms > 0 || is_waiting ? 100 : -1;
}

/* ---- the loop ---- */

enum { INPUT, CHAT, SIGNALS, TERMINAL, FD_COUNT };

static bool wants_input(const program_t *self)
{
    if (self->terminal)
        return self->leaving_ms == 0;
    return has_room_for_more(self) && self->is_hungry;
}

static void turn(program_t *self)
{
    struct pollfd fds[FD_COUNT] = {
        [INPUT] = {.fd = wants_input(self) ? STDIN_FILENO : -1, .events = POLLIN},
        [CHAT] = {.fd = hubbub_fd(self->chat), .events = POLLIN},
        [SIGNALS] = {.fd = self->signals, .events = POLLIN},
        [TERMINAL] = {.fd = self->terminal ? terminal_signal_fd(self->terminal) : -1,
                      .events = POLLIN},
    };
    (void)poll(fds, FD_COUNT, sleep_ms(self)); /* EINTR: nothing has come */
    if (fds[SIGNALS].revents && signals_take(self->signals) != 0)
        self->is_over = true;
    if (fds[TERMINAL].revents && !terminal_signal(self->terminal))
        self->is_over = self->is_reader_gone = true;
    if (fds[CHAT].revents)
        hubbub_process(self->chat);
    if (fds[INPUT].revents)
        read_input(self);
    if (self->terminal == NULL)
        take_lines(self);
    check_end(self);
    flush(self);
}

/* The exit status; what was not acknowledged is told. */
static int finish(program_t *self)
{
    size_t count = hubbub_unacknowledged(self->chat);
    if (self->is_reader_gone)
        return count > 0 ? 1 : 0;
    if (count > 0)
        talk_fail(self->talk, "%zu message%s not acknowledged and may be lost", count,
                  count == 1 ? " was" : "s were");
    self->is_over = true;
    flush(self);
    return talk_has_failed(self->talk) ? 1 : 0;
}

int program_run(const options_t *options)
{
    assert(options);
    program_t self = {.options = options, .signals = -1};
    self.mode = options->json ? TALK_JSON : terminal_is_usable() ? TALK_TERMINAL : TALK_LINES;
    int status = 1;
    char password[SECRET_BYTES];
    if (!read_password(options, password))
        return status;
    if (!open_ends(&self)) {
        status = complain("cannot take the terminal", strerror(errno));
    } else if (!connect_chat(&self, password)) {
        status = complain(options->router, strerror(errno));
    } else {
        flush(&self);
        while (!self.is_over)
            turn(&self);
        status = finish(&self);
    }
    secret_wipe(password);
    close_all(&self);
    return status;
}
