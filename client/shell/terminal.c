#include "client/shell/grammar.h"
#include "client/shell/terminal.h"

#include <assert.h>
#include <errno.h>
#include <histedit.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>
#include <wchar.h>

#include "base/printable.h"
#include "client/shell/screen.h"

enum {
    HISTORY_LINES = 500,
    PROMPT_BYTES = 64,
    KEY_MS = 100, /* the rest of a key's sequence comes within; ESC alone is dropped */
    END_KEY = 4   /* Ctrl-D */
};

struct terminal {
    EditLine *edit;
    History *history;
    terminal_complete_t *complete;
    void *user;
    int signals;
    char prompt[PROMPT_BYTES];
    char *entered; /* the last line */
    bool is_shown; /* the prompt, and the line being typed */
    bool is_gone;  /* nobody is at the other end */
};

bool terminal_is_usable(void)
{
    const char *kind = getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && kind && *kind &&
           strcmp(kind, "dumb") != 0;
}

/* ---- the line being typed ---- */

static terminal_t *terminal_of(EditLine *edit)
{
    void *self = NULL;
    (void)el_get(edit, EL_CLIENTDATA, &self); /* it was set at the start */
    assert(self);
    return self;
}

static char *prompt_of(EditLine *edit)
{
    return terminal_of(edit)->prompt;
}

static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col;
}

/* Rows from the prompt to where `size` bytes of a line end. */
static size_t rows_to(const terminal_t *self, const char *line, size_t size)
{
    size_t prompt_bytes = strlen(self->prompt);
    char *text = malloc(prompt_bytes + size + 1);
    assert(text);
    memcpy(text, self->prompt, prompt_bytes);
    memcpy(text + prompt_bytes, line, size);
    size_t row = screen_row(text, prompt_bytes + size, columns());
    free(text);
    return row;
}

/* Takes away everything from so many rows above the cursor on. */
static void erase_from(size_t rows)
{
    if (rows > 0)
        (void)printf("\033[%zuA", rows);
    (void)fputs("\r\033[J", stdout);
}

static void hide(const terminal_t *self)
{
    const LineInfo *line = el_line(self->edit);
    erase_from(rows_to(self, line->buffer, (size_t)(line->cursor - line->buffer)));
}

bool terminal_print(terminal_t *self, const char *text, size_t size)
{
    assert(self && text);
    if (self->is_shown)
        hide(self);
    (void)fwrite(text, 1, size, stdout); /* fflush tells */
    bool is_written = fflush(stdout) == 0;
    if (self->is_shown)
        (void)el_set(self->edit, EL_REFRESH);
    return is_written;
}

void terminal_prompt(terminal_t *self, const char *prompt)
{
    assert(self && prompt);
    bool is_same = strcmp(self->prompt, prompt) == 0;
    if (self->is_shown && is_same)
        return;
    if (self->is_shown)
        hide(self);
    (void)snprintf(self->prompt, sizeof self->prompt, "%s", prompt);
    if (self->is_shown)
        (void)el_set(self->edit, EL_REFRESH);
    else
        (void)el_set(self->edit, EL_UNBUFFERED, 1); /* raw mode, and the prompt */
    self->is_shown = true;
}

/* ---- TAB ---- */

/* Replaces the word before the cursor, of `size` bytes, by as many bytes of another and a suffix. */
static void replace_word(EditLine *edit, size_t size, const char *word, size_t word_bytes,
                         const char *suffix)
{
    const LineInfo *line = el_line(edit);
    const char *start = line->cursor - size;
    mbstate_t state = {0};
    size_t characters = 0;
    for (size_t at = 0; at < size; characters++) {
        size_t bytes = mbrtowc(NULL, start + at, size - at, &state);
        at += bytes == 0 || bytes > size - at ? 1 : bytes;
    }
    char *text = malloc(word_bytes + strlen(suffix) + 1);
    assert(text);
    memcpy(text, word, word_bytes);
    memcpy(text + word_bytes, suffix, strlen(suffix) + 1);
    el_deletestr(edit, (int)characters);
    (void)el_insertstr(edit, text); /* fails on a line longer than any that can be said */
    free(text);
}

static void print_candidates(terminal_t *self, const names_t *names)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);
    assert(out);
    for (size_t i = 0; i < names->count; i++)
        printable_print(out, "%s%s", i ? "  " : "", names->items[i]);
    (void)fputc('\n', out);
    (void)fclose(out);
    self->is_gone |= !terminal_print(self, text, size);
    free(text);
}

static unsigned char on_tab(EditLine *edit, int key)
{
    (void)key;
    terminal_t *self = terminal_of(edit);
    const LineInfo *line = el_line(edit);
    size_t point = (size_t)(line->cursor - line->buffer);
    char *text = strndup(line->buffer, point);
    assert(text);
    completion_t found = self->complete(self->user, text, point);
    size_t size = point - found.start;
    unsigned char result = CC_REFRESH;
    if (found.candidates.count == 1) {
        replace_word(edit, size, found.candidates.items[0], found.common, found.suffix);
    } else if (found.common > size) {
        replace_word(edit, size, found.candidates.items[0], found.common, "");
    } else if (found.candidates.count > 1) {
        print_candidates(self, &found.candidates);
        result = CC_NORM;
    } else {
        result = CC_ERROR; /* a beep */
    }
    names_clear(&found.candidates);
    free(text);
    return result;
}

/* ---- keys ---- */

/* One byte, if it comes soon. */
static bool read_byte(terminal_t *self, char *out)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, KEY_MS) <= 0)
        return false;
    ssize_t got = read(STDIN_FILENO, out, 1);
    self->is_gone |= got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN);
    return got == 1;
}

/* libedit's own would wait without end for the rest of a sequence, and the broker for our heartbeat. */
static int read_character(EditLine *edit, wchar_t *out)
{
    terminal_t *self = terminal_of(edit);
    mbstate_t state = {0};
    char byte;
    while (read_byte(self, &byte)) {
        size_t used = mbrtowc(out, &byte, 1, &state);
        if (used == 0 || used == 1)
            return 1;
        if (used == (size_t)-1)
            state = (mbstate_t){0}; /* no character: dropped */
    }
    return 0;
}

static void keep_entered(terminal_t *self, const char *line, size_t size)
{
    HistEvent event;
    free(self->entered);
    self->entered = strndup(line, size);
    assert(self->entered);
    if (size > 0 && !grammar_is_secret(self->entered))
        (void)history(self->history, &event, H_ENTER, self->entered); /* or it cannot be recalled */
}

/* Back to the terminal's own mode; the cursor stands below what was typed. */
static void leave_line(terminal_t *self)
{
    if (self->is_shown)
        (void)el_set(self->edit, EL_UNBUFFERED, 0);
    self->is_shown = false;
}

terminal_result_t terminal_read(terminal_t *self, const char **out_line, size_t *out_size)
{
    assert(self && out_line && out_size && self->is_shown);
    int count = 0;
    const char *line = el_gets(self->edit, &count);
    if (self->is_gone)
        return TERMINAL_END;
    if (line == NULL || count <= 0)
        return TERMINAL_MORE;
    char last = line[count - 1];
    if (count == 1 && last == END_KEY) {
        leave_line(self);
        (void)fputc('\n', stdout);
        return TERMINAL_END;
    }
    if (last != '\n' && last != '\r')
        return TERMINAL_MORE;
    keep_entered(self, line, (size_t)count - 1);
    leave_line(self);
    *out_line = self->entered;
    *out_size = (size_t)count - 1;
    return TERMINAL_LINE;
}

void terminal_erase_entered(terminal_t *self)
{
    assert(self && self->entered && !self->is_shown);
    erase_from(rows_to(self, self->entered, strlen(self->entered)) + 1);
}

/* ---- signals ---- */

static int open_signals(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted); /* neither this nor sigaddset can fail for these arguments */
    (void)sigaddset(&wanted, SIGHUP);
    (void)sigaddset(&wanted, SIGTSTP);
    (void)sigaddset(&wanted, SIGWINCH);
    (void)pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

int terminal_signal_fd(const terminal_t *self)
{
    assert(self);
    return self->signals;
}

/* Ctrl-Z: the shell gets its terminal as it was; `fg` comes back to the same line. */
static void suspend(terminal_t *self)
{
    if (self->is_shown)
        hide(self);
    (void)fflush(stdout);
    (void)el_set(self->edit, EL_PREP_TERM, 0);
    (void)raise(SIGSTOP);
    (void)el_set(self->edit, EL_PREP_TERM, 1);
}

bool terminal_signal(terminal_t *self)
{
    struct signalfd_siginfo signal;
    assert(self);
    while (read(self->signals, &signal, sizeof signal) == (ssize_t)sizeof signal) {
        if (signal.ssi_signo == SIGHUP) {
            self->is_gone = true;
            return false;
        }
        if (signal.ssi_signo == SIGTSTP)
            suspend(self);
        else if (self->is_shown)
            hide(self); /* what a terminal of another size has made of it */
        el_resize(self->edit);
        if (self->is_shown)
            (void)el_set(self->edit, EL_REFRESH);
    }
    return true;
}

/* ---- taking and giving back ---- */

static void set_up(terminal_t *self)
{
    HistEvent event;
    EditLine *edit = self->edit;
    (void)history(self->history, &event, H_SETSIZE, HISTORY_LINES);
    (void)history(self->history, &event, H_SETUNIQUE, 1);
    (void)el_set(edit, EL_CLIENTDATA, self);
    (void)el_set(edit, EL_PROMPT, prompt_of);
    (void)el_set(edit, EL_EDITOR, "emacs");
    (void)el_set(edit, EL_HIST, history, self->history);
    /* el_set() would copy these two and never free them */
    (void)el_wset(edit, EL_ADDFN, L"hubbub-complete", L"completes commands, rooms and names",
                  on_tab);
    (void)el_set(edit, EL_BIND, "^I", "hubbub-complete", NULL);
    (void)el_set(edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
    (void)el_source(edit, NULL); /* ~/.editrc, if there is one */
    (void)el_set(edit, EL_GETCFN, read_character);
}

terminal_t *terminal_new(terminal_complete_t *complete, void *user)
{
    assert(complete);
    terminal_t *self = calloc(1, sizeof *self);
    assert(self);
    self->complete = complete;
    self->user = user;
    self->signals = open_signals();
    self->history = history_init();
    self->edit = el_init("hubbub", stdin, stdout, stderr);
    if (self->signals >= 0 && self->history && self->edit) {
        set_up(self);
        return self;
    }
    int reason = errno;
    terminal_destroy(&self);
    errno = reason;
    return NULL;
}

void terminal_destroy(terminal_t **self_p)
{
    assert(self_p);
    terminal_t *self = *self_p;
    if (self == NULL)
        return;
    if (self->is_shown && !self->is_gone) {
        hide(self);
        (void)fflush(stdout);
    }
    leave_line(self);
    if (self->edit)
        el_end(self->edit);
    if (self->history)
        history_end(self->history);
    if (self->signals >= 0)
        (void)close(self->signals);
    free(self->entered);
    free(self);
    *self_p = NULL;
}
