#include "client/shell/talk.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "client/shell/grammar.h"
#include "client/shell/json_event.h"
#include "client/shell/json_request.h"
#include "client/shell/talk_state.h"

talk_t *talk_new(const talk_options_t *options)
{
    assert(options && options->room && options->out && options->err);
    talk_t *self = calloc(1, sizeof *self);
    assert(self);
    self->options = *options;
    self->is_down = true;
    talk_set_room(self, options->room);
    return self;
}

void talk_destroy(talk_t **self_p)
{
    assert(self_p);
    talk_t *self = *self_p;
    if (self == NULL)
        return;
    pendings_clear(&self->pendings);
    places_clear(&self->places);
    free(self->trouble);
    free(self->uid);
    free(self);
    *self_p = NULL;
}

void talk_connect(talk_t *self, hubbub_t *chat)
{
    assert(self && chat && self->chat == NULL);
    self->chat = chat;
}

void talk_set_room(talk_t *self, const char *room)
{
    name_t folded;
    self->room[0] = '\0';
    if (room_fold(span_of(room), &folded) == HUB_OK)
        memcpy(self->room, folded.text, sizeof self->room);
}

void talk_go_to(talk_t *self, const char *room, uint64_t request)
{
    self->going = request;
    if (places_find(&self->places, self->room)) /* else it was only asked for, too */
        memcpy(self->entered, self->room, sizeof self->entered);
    talk_set_room(self, room);
}

bool talk_is_join(verb_t verb)
{
    return verb == VERB_join || verb == VERB_private;
}

viewer_t talk_viewer(const talk_t *self)
{
    return (viewer_t){
        .room = self->room,
        .nick = hubbub_my_nick(self->chat),
        .uid = self->uid ? self->uid : "",
        .places = &self->places,
        .has_times = self->options.has_times,
    };
}

/* ---- what went wrong ---- */

void talk_emit(talk_t *self, json_t *object)
{
    json_event_write(self->options.out, object,
                     self->options.is_ascii); /* a lost reader shows when it is flushed */
    json_decref(object);
}

void talk_complain(talk_t *self, size_t line, const char *format, ...)
{
    bool is_terminal = self->options.mode == TALK_TERMINAL;
    FILE *out = is_terminal ? self->options.out : self->options.err;
    va_list values;
    printable_print(out, is_terminal ? "* " : "hubbub: ");
    if (!is_terminal && line > 0)
        printable_print(out, "line %zu: ", line);
    va_start(values, format);
    printable_vprint(out, format, values);
    va_end(values);
    (void)fputc('\n', out);
    self->has_failed |= !is_terminal;
}

void talk_fail(talk_t *self, const char *format, ...)
{
    assert(self && format);
    va_list values;
    printable_print(self->options.err, "hubbub: ");
    va_start(values, format);
    printable_vprint(self->options.err, format, values);
    va_end(values);
    (void)fputc('\n', self->options.err);
    self->has_failed = self->is_over = true;
}

/* ---- lines in ---- */

/* A line that is no request: it has no op to answer to. */
static void refuse_json(talk_t *self, const char *error, const char *hint, const json_t *id,
                        size_t line)
{
    json_t *object =
        json_pack("{ss ss sI}", "error", error, "hint", hint, "line", (json_int_t)line);
    if (id)
        (void)json_object_set(object, "id",
                              (json_t *)(uintptr_t)id); /* fails for want of memory only */
    self->has_failed = true;
    talk_emit(self, object);
}

static void json_line(talk_t *self, const char *line, size_t size, size_t number)
{
    order_t order;
    json_error_t error;
    json_t *object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (object == NULL) {
        refuse_json(self, "bad_request", error.text, NULL, number);
        return;
    }
    const json_t *id = json_object_get(object, "id");
    const char *wrong = json_request_read(object, &order);
    if (wrong)
        refuse_json(self, "bad_request", wrong, id, number);
    else
        talk_perform(self, &order, number, id);
    json_decref(object);
}

static bool plain_line(talk_t *self, const char *line, size_t size, size_t number)
{
    char *clean = printable(line, size, PRINTABLE_IN);
    size_t clean_bytes = strlen(clean);
    order_t order = grammar_read(clean);
    talk_perform(self, &order, number, NULL);
    explicit_bzero(clean, clean_bytes); /* there may be a password in it */
    free(clean);
    return order.verb == VERB_say || order.verb == VERB_tell;
}

static bool is_blank(const char *line, size_t size)
{
    while (size > 0 && strchr(" \t\r", line[size - 1]) && line[size - 1])
        size--;
    return size == 0;
}

bool talk_line(talk_t *self, const char *line, size_t size, size_t number)
{
    assert(self && line && self->chat);
    if (is_blank(line, size))
        return false;
    if (self->options.mode != TALK_JSON)
        return plain_line(self, line, size, number);
    json_line(self, line, size, number);
    return false;
}

void talk_line_too_long(talk_t *self, size_t number)
{
    assert(self);
    if (self->options.mode == TALK_JSON)
        refuse_json(self, "too_long", "that line is too long to be read", NULL, number);
    else
        talk_complain(self, number, "not said: too_long: that line is too long to be read");
}

/* ---- how it stands ---- */

const char *talk_room(const talk_t *self)
{
    assert(self);
    return self->room;
}

const places_t *talk_places(const talk_t *self)
{
    assert(self);
    return &self->places;
}

bool talk_has_quit(const talk_t *self)
{
    assert(self);
    return self->has_quit;
}

bool talk_is_over(const talk_t *self)
{
    assert(self);
    return self->is_over;
}

bool talk_was_ready(const talk_t *self)
{
    assert(self);
    return self->was_ready;
}

bool talk_is_down(const talk_t *self)
{
    assert(self);
    return self->is_down;
}

const char *talk_trouble(const talk_t *self)
{
    assert(self);
    return self->trouble ? self->trouble : "";
}

bool talk_is_refused(const talk_t *self)
{
    assert(self);
    return self->is_refused;
}

size_t talk_unheard(const talk_t *self)
{
    assert(self);
    return self->said > self->heard ? (size_t)(self->said - self->heard) : 0;
}

bool talk_has_failed(const talk_t *self)
{
    assert(self);
    return self->has_failed;
}
