#include "bridge/shell/hall.h"

#include "bridge/core/render.h"

#include <assert.h>
#include <stdlib.h>

static const char FIRST_ROOM[] = "lobby";

room_t *hall_find(const hall_t *self, uint32_t number)
{
    assert(self);
    return number < self->capacity ? self->rooms[number] : NULL;
}

static void widen(hall_t *self, uint32_t number)
{
    uint32_t capacity = self->capacity ? self->capacity : 8;
    while (capacity <= number)
        capacity *= 2;
    if (capacity == self->capacity)
        return;
    room_t **rooms = realloc(self->rooms, capacity * sizeof(room_t *));
    assert(rooms);
    memset(rooms + self->capacity, 0, (capacity - self->capacity) * sizeof(room_t *));
    self->rooms = rooms;
    self->capacity = capacity;
}

static room_t *room_new(uint32_t number, span_t name, uint32_t backlog)
{
    assert(name.size > 0 && name.size <= NAME_BYTES && backlog <= BACKLOG_MAX);
    room_t *room = calloc(1, sizeof *room);
    assert(room);
    room->log = linelog_new();
    room->roster = roster_new();
    room->number = number;
    room->backlog = backlog;
    room->recent = calloc(backlog + 1, sizeof *room->recent);
    assert(room->recent);
    room->is_first = span_is(name, FIRST_ROOM);
    room->name.size = (uint8_t)name.size;
    memcpy(room->name.text, name.data, name.size);
    buffer_init(&room->older, OLDER_BYTES);
    return room;
}

static void room_destroy(room_t *room)
{
    assert(room->member_count == 0 && !room->is_grown && !room->is_due);
    linelog_destroy(&room->log);
    roster_destroy(&room->roster);
    buffer_fini(&room->older);
    free(room->members);
    free(room->recent);
    free(room);
}

static uint32_t add_member(room_t *room, user_t *user)
{
    if (room->member_count == room->member_capacity) {
        size_t capacity = room->member_capacity ? room->member_capacity * 2 : 4;
        user_t **members = realloc(room->members, capacity * sizeof(user_t *));
        assert(members);
        room->members = members;
        room->member_capacity = capacity;
    }
    room->members[room->member_count] = user;
    return (uint32_t)room->member_count++;
}

room_t *hall_enter(hall_t *self, uint32_t number, span_t name, user_t *user)
{
    assert(self && user && number != USER_NO_ROOM);
    widen(self, number);
    room_t *room = self->rooms[number];
    if (room == NULL) {
        room = self->rooms[number] = room_new(number, name, self->backlog);
        self->count++;
    }
    outlet_enter(&user->outlet, number, room->log, add_member(room, user));
    return room;
}

static void gather_in(hall_t *self, room_t *room)
{
    uint64_t due_us = gather_due_us(&room->gather);
    if (self->grown == NULL || due_us < self->due_us)
        self->due_us = due_us;
    if (room->is_grown)
        return;
    room->is_grown = true;
    room->next = self->grown;
    self->grown = room;
}

static void line_up(hall_t *self, room_t *room)
{
    if (self->due == NULL)
        self->due_end = &self->due;
    room->is_due = true;
    room->next = NULL;
    *self->due_end = room;
    self->due_end = &room->next;
}

static room_t *take_first(hall_t *self)
{
    room_t *room = self->due;
    self->due = room->next;
    room->is_due = false;
    return room;
}

void hall_grow(hall_t *self, room_t *room, uint64_t now_us)
{
    assert(self && room);
    gather_line(&room->gather, self->sleeps, now_us);
    if (!room->is_due) /* else the sweep takes it along, or sees it when it is over */
        gather_in(self, room);
}

void hall_rested(hall_t *self)
{
    assert(self);
    self->sleeps++;
}

bool hall_is_sweeping(const hall_t *self)
{
    assert(self);
    return self->due != NULL;
}

uint64_t hall_wait_us(const hall_t *self, uint64_t now_us)
{
    assert(self);
    if (hall_is_sweeping(self))
        return 0;
    if (self->grown == NULL)
        return GATHER_NEVER;
    return self->due_us > now_us ? self->due_us - now_us : 0;
}

void hall_look(hall_t *self, uint64_t now_us)
{
    assert(self);
    room_t *next, *room = self->grown;
    self->grown = NULL;
    for (; room; room = next) {
        next = room->next;
        room->is_grown = false;
        if (gather_due_us(&room->gather) <= now_us)
            line_up(self, room);
        else
            gather_in(self, room);
    }
}

room_t *hall_due(hall_t *self)
{
    assert(self);
    room_t *room = self->due;
    if (room && room->swept == 0) {
        gather_swept(&room->gather, self->sleeps);
        room->sweep = (gather_sweep_t){0};
    }
    return room;
}

void hall_next(hall_t *self, uint64_t now_us)
{
    assert(self && self->due);
    room_t *room = take_first(self);
    if (room->swept < room->member_count) {
        line_up(self, room);
        return;
    }
    room->swept = 0;
    gather_took(&room->gather, &room->sweep, now_us);
    if (gather_due_us(&room->gather) != GATHER_NEVER)
        gather_in(self, room);
}

/* The lists are short: the rooms of some turns. */
static void ungrow(hall_t *self, room_t *room)
{
    room_t **at = room->is_due ? &self->due : &self->grown;
    if (!room->is_due && !room->is_grown)
        return;
    while (*at != room)
        at = &(*at)->next;
    *at = room->next;
    if (room->is_due && self->due_end == &room->next)
        self->due_end = at;
    room->is_due = room->is_grown = false;
}

static void put_member(room_t *room, size_t place, user_t *user)
{
    room->members[place] = user;
    outlet_cursor(&user->outlet, room->number)->place = (uint32_t)place;
}

/* The last takes the place; in the midst of a sweep one that has been swept does, and the last takes that one's. */
static void remove_member(room_t *room, size_t place)
{
    if (place < room->swept) {
        put_member(room, place, room->members[--room->swept]);
        place = room->swept;
    }
    if (place < --room->member_count)
        put_member(room, place, room->members[room->member_count]);
}

void hall_leave(hall_t *self, uint32_t number, user_t *user)
{
    assert(self && user);
    room_t *room = hall_find(self, number);
    const cursor_t *cursor = outlet_cursor(&user->outlet, number);
    if (room == NULL || cursor == NULL)
        return;
    assert(room->members[cursor->place] == user);
    remove_member(room, cursor->place);
    outlet_leave(&user->outlet, number);
    if (room->asker == user)
        room->asker = NULL;
    if (room->member_count > 0)
        return;
    ungrow(self, room);
    self->rooms[number] = NULL;
    self->count--;
    room_destroy(room);
}

void hall_leave_all(hall_t *self, user_t *user)
{
    assert(self && user);
    while (outlet_count(&user->outlet) > 0)
        hall_leave(self, outlet_cursors(&user->outlet)[0].room, user);
}

void room_note(room_t *self, uint64_t from, uint64_t seq)
{
    assert(self && from < linelog_end(self->log));
    self->seq = seq;
    if (self->backlog > 0)
        self->recent[self->recent_count++ % self->backlog] =
            (extent_t){from, linelog_end(self->log)};
}

static void quote(buffer_t *out, language_t language, span_t line)
{
    phrase_append(out, language, PHRASE_quote, NULL);
    (void)buffer_append(out, line.data, line.size);
}

/* Quotes the lines of one message, without the room's name before them. */
static void recall_message(const room_t *self, language_t language, uint64_t from, uint64_t to,
                           buffer_t *out)
{
    size_t prefix = self->is_first ? 0 : self->name.size + 2u; /* "#tea " */
    for (uint64_t line = from; line < to; line++) {
        span_t pieces[2];
        char text[2 * LIMIT_TEXT_BYTES];
        size_t size = 0, count = linelog_read(self->log, line, line + 1, pieces);
        for (size_t i = 0; i < count && size + pieces[i].size <= sizeof text; i++) {
            memcpy(text + size, pieces[i].data, pieces[i].size);
            size += pieces[i].size;
        }
        if (size > prefix && text[size - 1] == '\n')
            quote(out, language, (span_t){text + prefix, size - prefix});
    }
}

/* The last `limit` lines. */
static span_t last_lines(span_t text, size_t limit)
{
    size_t at = text.size;
    for (size_t lines = 0; at > 0; at--)
        if (text.data[at - 1] == '\n' && lines++ == limit)
            break;
    return (span_t){text.data ? text.data + at : "", text.size - at};
}

void room_recall(const room_t *self, language_t language, size_t limit, buffer_t *out)
{
    assert(self && out && limit <= self->backlog && out->maximum >= RENDER_BYTES);
    size_t known = self->recent_count < limit ? (size_t)self->recent_count : limit;
    span_t older = last_lines(buffer_span(&self->older), limit - known);
    if (older.size > 0)
        (void)buffer_append(out, older.data, older.size);
    for (uint64_t i = self->recent_count - known; i < self->recent_count; i++) {
        extent_t lines = self->recent[i % self->backlog];
        if (lines.from >= linelog_first(self->log) && out->size < RENDER_BYTES / 4)
            recall_message(self, language, lines.from, lines.to, out);
    }
}

void hall_each(hall_t *self, void (*visit)(void *context, room_t *room), void *context)
{
    assert(self && visit);
    for (uint32_t i = 0; i < self->capacity; i++)
        if (self->rooms[i])
            visit(context, self->rooms[i]);
}

void hall_fini(hall_t *self)
{
    assert(self && self->count == 0);
    free(self->rooms);
    *self = (hall_t){0};
}
