#include "bridge/core/roster.h"

#include "bridge/core/render.h"

#include <assert.h>
#include <stdlib.h>

/* A set of numbers made from uids: open addressing, at most half full, 0 is a free place. Uids are the
 * broker's choice, nobody else's; two of one number cost a line. */
enum { PLACES = 2048 };
_Static_assert(ROSTER_MAX * 2 <= PLACES, "at most half full");

struct roster {
    uint64_t *places; /* PLACES of them; NULL while nobody is known */
    size_t count;
};

roster_t *roster_new(void)
{
    roster_t *self = calloc(1, sizeof *self);
    assert(self);
    return self;
}

static void forget(roster_t *self)
{
    free(self->places);
    *self = (roster_t){0};
}

void roster_destroy(roster_t **self_p)
{
    assert(self_p);
    if (*self_p)
        forget(*self_p);
    free(*self_p);
    *self_p = NULL;
}

size_t roster_count(const roster_t *self)
{
    assert(self);
    return self->count;
}

/* FNV-1a, never 0. */
static uint64_t number_of(span_t uid)
{
    uint64_t number = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < uid.size; i++)
        number = (number ^ (uint8_t)uid.data[i]) * UINT64_C(0x100000001b3);
    return number ? number : 1;
}

/* Where the number is, or the free place where it would go. */
static size_t place_of(const roster_t *self, uint64_t number)
{
    size_t place = number % PLACES;
    while (self->places[place] != 0 && self->places[place] != number)
        place = (place + 1) % PLACES;
    return place;
}

/* True: it was not there before. */
static bool add(roster_t *self, uint64_t number)
{
    if (self->places == NULL) {
        self->places = calloc(PLACES, sizeof *self->places);
        assert(self->places);
    }
    size_t place = place_of(self, number);
    if (self->places[place] == number || self->count >= ROSTER_MAX)
        return false;
    self->places[place] = number;
    self->count++;
    return true;
}

/* Those that follow are put anew: a hole would hide them. */
static void drop(roster_t *self, uint64_t number)
{
    if (self->places == NULL)
        return;
    size_t place = place_of(self, number);
    if (self->places[place] == 0)
        return;
    self->places[place] = 0;
    self->count--;
    for (place = (place + 1) % PLACES; self->places[place] != 0; place = (place + 1) % PLACES) {
        uint64_t moved = self->places[place];
        self->places[place] = 0;
        self->places[place_of(self, moved)] = moved;
    }
}

typedef enum { NOTHING, CAME, WENT, RENAMED } change_t;

static change_t apply(roster_t *self, const message_t *change)
{
    uint64_t number = number_of(message_span(change, KEY_uid));
    span_t state = message_span(change, KEY_state);
    if (span_is(state, "gone")) {
        drop(self, number);
        return WENT;
    }
    bool is_new = add(self, number);
    if (message_span(change, KEY_was).size > 0)
        return RENAMED;
    return is_new && span_is(state, "active") ? CAME : NOTHING;
}

void roster_render(roster_t *self, buffer_t *out, language_t language, const message_t *event,
                   span_t room, bool is_first)
{
    static const phrase_t PHRASES[][2] = {[CAME] = {PHRASE_came_in, PHRASE_came},
                                          [WENT] = {PHRASE_went_in, PHRASE_went},
                                          [RENAMED] = {PHRASE_renamed_in, PHRASE_renamed}};
    assert(self && out && event && out->maximum >= RENDER_BYTES);
    size_t count;
    const msgpack_object *changes = message_list(event, KEY_changes, &count);
    if (changes == NULL)
        forget(self);
    for (size_t i = 0; i < count && i < ROSTER_MAX; i++) {
        message_t row;
        if (!message_from_object(&row, &changes[i]))
            continue;
        change_t change = apply(self, &row);
        words_t words = {
            .nick = message_span(&row, KEY_nick), .was = message_span(&row, KEY_was), .room = room};
        if (change == WENT && words.was.size > 0)
            words.nick = words.was; /* renamed and gone within one event: known here by that name */
        if (change != NOTHING)
            phrase_line(out, language, PHRASES[change][is_first], &words);
    }
}
