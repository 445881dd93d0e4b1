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
    SHOWN_BYTES = 128, /* of a line that goes on unseen; a longer one is no such command */
    HIDDEN_BYTES = 1024,
    KEY_MS = 100, /* the rest of a key's sequence comes within; ESC alone is dropped */
    END_KEY = 4   /* Ctrl-D */
};

struct terminal {
    EditLine *edit;
    History *history;
    terminal_complete_t *complete;
    void *user;
    int signals;
    char given[PROMPT_BYTES];                     /* the prompt that was asked for */
    char prompt[PROMPT_BYTES + SHOWN_BYTES + 16]; /* as it is on the screen */
    char *entered;                                /* the last line */
    char shown
        [SHOWN_BYTES]; /* the line up to its password, a blank at its end; "": no password is being typed */
    char hidden[HIDDEN_BYTES]; /* that, so far */
    size_t hidden_bytes;
    bool is_in_sequence; /* of a key that is no character, in a password */
    bool is_shown;       /* the prompt, and the line being typed */
    bool is_gone;        /* nobody is at the other end */
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

static void compose_prompt(const terminal_t *self, char *out, size_t size)
{
    printable_text(out, size, "%s%s%s", self->given, self->shown,
                   *self->shown ? "(not shown): " : "");
}

void terminal_prompt(terminal_t *self, const char *prompt)
{
    assert(self && prompt);
    char wanted[sizeof self->prompt];
    if (prompt != self->given)
        (void)snprintf(self->given, sizeof self->given, "%s", prompt);
    compose_prompt(self, wanted, sizeof wanted);
    bool is_same = strcmp(self->prompt, wanted) == 0;
    if (self->is_shown && is_same)
        return;
    if (self->is_shown)
        hide(self);
    memcpy(self->prompt, wanted, sizeof wanted);
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

static void forget_entered(terminal_t *self)
{
    if (self->entered)
        explicit_bzero(self->entered, strlen(self->entered));
    free(self->entered);
    self->entered = NULL;
}

static void keep_entered(terminal_t *self, const char *line, size_t size)
{
    HistEvent event;
    forget_entered(self);
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

/* ---- passwords ---- */

/* What is typed from here on is not shown. */
static void begin_hidden(terminal_t *self, const char *line, size_t size)
{
    memcpy(self->shown, line, size);
    self->shown[size] = '\0';
    self->hidden_bytes = 0;
    self->is_in_sequence = false;
    terminal_prompt(self, self->given);
}

/* The line being typed has come to where its password begins, and the cursor is at its end. */
static void look_for_password(terminal_t *self)
{
    const LineInfo *line = el_line(self->edit);
    size_t size = (size_t)(line->lastchar - line->buffer);
    if (line->cursor != line->lastchar || size == 0 || size >= SHOWN_BYTES)
        return;
    char text[SHOWN_BYTES];
    memcpy(text, line->buffer, size);
    text[size] = '\0';
    if (grammar_secret_at(text) != size)
        return;
    size_t characters = mbstowcs(NULL, text, 0);
    hide(self);
    el_deletestr(self->edit, (int)(characters == (size_t)-1 ? size : characters));
    (void)el_set(self->edit, EL_REFRESH);
    begin_hidden(self, text, size);
}

/* A command was entered that lacks its password: it is taken back, and waits for that. */
static bool lacks_password(terminal_t *self)
{
    char text[SHOWN_BYTES];
    size_t size = strlen(self->entered);
    if (size + 2 > sizeof text)
        return false;
    memcpy(text, self->entered, size);
    memcpy(text + size, " ", 2);
    if (grammar_secret_at(text) != size + 1)
        return false;
    terminal_erase_entered(self);
    begin_hidden(self, text, size + 1);
    return true;
}

static void end_hidden(terminal_t *self)
{
    hide(self);
    (void)fflush(stdout);
    self->shown[0] = '\0';
    explicit_bzero(self->hidden, sizeof self->hidden);
    self->hidden_bytes = 0;
}

/* Back to the line, without the blank at its end. */
static void back_to_line(terminal_t *self)
{
    char text[SHOWN_BYTES];
    memcpy(text, self->shown, sizeof text);
    text[strlen(text) - 1] = '\0';
    end_hidden(self);
    compose_prompt(self, self->prompt, sizeof self->prompt);
    (void)el_insertstr(self->edit, text);
    (void)el_set(self->edit, EL_REFRESH);
}

static terminal_result_t enter_hidden(terminal_t *self, const char **out_line, size_t *out_size)
{
    size_t shown = strlen(self->shown), size = shown + self->hidden_bytes;
    char *line = malloc(size + 1);
    assert(line);
    memcpy(line, self->shown, shown);
    memcpy(line + shown, self->hidden, self->hidden_bytes);
    line[size] = '\0';
    forget_entered(self);
    self->entered = line;
    end_hidden(self);
    leave_line(self);
    *out_line = line;
    *out_size = size;
    return TERMINAL_LINE;
}

/* A character with all its bytes. */
static void rub_out(terminal_t *self)
{
    while (self->hidden_bytes > 0 && ((uint8_t)self->hidden[--self->hidden_bytes] & 0xc0) == 0x80)
        ;
}

static void take_hidden(terminal_t *self, char byte)
{
    enum { RUB_OUT = 0x7f, BACKSPACE = 8, KILL = 0x15, ESCAPE = 0x1b };
    uint8_t code = (uint8_t)byte;
    if (self->is_in_sequence) {
        self->is_in_sequence = code < 0x40 || byte == '[' || byte == 'O';
    } else if (byte == RUB_OUT || byte == BACKSPACE) {
        if (self->hidden_bytes == 0)
            back_to_line(self);
        else
            rub_out(self);
    } else if (byte == KILL) {
        self->hidden_bytes = 0;
    } else if (byte == ESCAPE) {
        self->is_in_sequence = true;
    } else if ((code >= ' ' || byte == '\t') && self->hidden_bytes < HIDDEN_BYTES) {
        self->hidden[self->hidden_bytes++] = byte;
    }
}

static terminal_result_t read_hidden(terminal_t *self, const char **out_line, size_t *out_size)
{
    char byte;
    if (!read_byte(self, &byte))
        return self->is_gone ? TERMINAL_END : TERMINAL_MORE;
    if (byte == '\n' || byte == '\r')
        return enter_hidden(self, out_line, out_size);
    if (byte != END_KEY) {
        take_hidden(self, byte);
        return TERMINAL_MORE;
    }
    end_hidden(self);
    leave_line(self);
    return TERMINAL_END;
}

/* ---- lines ---- */

terminal_result_t terminal_read(terminal_t *self, const char **out_line, size_t *out_size)
{
    assert(self && out_line && out_size && self->is_shown);
    int count = 0;
    if (*self->shown)
        return read_hidden(self, out_line, out_size);
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
    if (last != '\n' && last != '\r') {
        look_for_password(self);
        return TERMINAL_MORE;
    }
    keep_entered(self, line, (size_t)count - 1);
    leave_line(self);
    if (lacks_password(self))
        return TERMINAL_MORE;
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
    forget_entered(self);
    explicit_bzero(self->hidden, sizeof self->hidden);
    free(self);
    *self_p = NULL;
}
