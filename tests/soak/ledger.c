#include "tests/soak/ledger.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What one says in one place. */
typedef struct {
    uint8_t *flags; /* of number n at n - 1 */
    uint64_t count, capacity;
    uint64_t heard; /* the last number heard, of the inbox by its owner, of the room by anybody */
    uint64_t acknowledged; /* how many */
    uint64_t unheard;      /* how many of these were not heard yet */
} track_t;

enum { ACKNOWLEDGED = 1, HEARD = 2, TRACK_MIN = 64, PLACES_MIN = 1024 };

/* The message under a number of the room, as the first listener or the answer had it. */
typedef struct {
    uint64_t epoch, number;
    uint32_t from;
    bool is_heard;
} place_t;

struct ledger {
    uint32_t people;
    track_t *said;   /* by speaker */
    track_t *told;   /* by speaker and listener */
    place_t *places; /* of seq n at n - 1; number 0: nothing known */
    uint64_t place_count, place_capacity;
    uint64_t *reached; /* by listener: the last seq of the room */
    uint64_t last;     /* the highest seq acknowledged */
    verdict_t verdict;
};

static void *zeroed(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    assert(memory);
    return memory;
}

ledger_t *ledger_new(uint32_t people)
{
    ledger_t *self = zeroed(1, sizeof *self);
    self->people = people;
    self->said = zeroed(people, sizeof *self->said);
    self->told = zeroed((size_t)people * people, sizeof *self->told);
    self->reached = zeroed(people, sizeof *self->reached);
    return self;
}

static void tracks_destroy(track_t *tracks, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(tracks[i].flags);
    free(tracks);
}

void ledger_destroy(ledger_t **self_p)
{
    assert(self_p);
    ledger_t *self = *self_p;
    if (self == NULL)
        return;
    tracks_destroy(self->said, self->people);
    tracks_destroy(self->told, (size_t)self->people * self->people);
    free(self->places);
    free(self->reached);
    free(self);
    *self_p = NULL;
}

/* ---- speaking ---- */

static track_t *told_track(const ledger_t *self, uint32_t from, uint32_t to)
{
    assert(from < self->people && to < self->people);
    return &self->told[(size_t)from * self->people + to];
}

static uint64_t next_number(track_t *track)
{
    if (track->count == track->capacity) {
        track->capacity = track->capacity ? track->capacity * 2 : TRACK_MIN;
        track->flags = realloc(track->flags, track->capacity);
        assert(track->flags);
    }
    track->flags[track->count] = 0;
    return ++track->count;
}

uint64_t ledger_say(ledger_t *self, uint32_t from)
{
    assert(self && from < self->people);
    return next_number(&self->said[from]);
}

uint64_t ledger_tell(ledger_t *self, uint32_t from, uint32_t to)
{
    assert(self);
    return next_number(told_track(self, from, to));
}

static bool was_said(ledger_t *self, const track_t *track, uint64_t number)
{
    bool is_known = number >= 1 && number <= track->count;
    self->verdict.unknown += !is_known;
    return is_known;
}

static void acknowledge(ledger_t *self, track_t *track, uint64_t number)
{
    uint8_t *flags = &track->flags[number - 1];
    self->verdict.twice += (*flags & ACKNOWLEDGED) != 0;
    track->acknowledged += !(*flags & ACKNOWLEDGED);
    track->unheard += *flags == 0;
    *flags |= ACKNOWLEDGED;
}

/* Numbers may be passed over (what was not acknowledged need not come), but never go back. */
static void hear(ledger_t *self, track_t *track, uint64_t number)
{
    uint8_t *flags = &track->flags[number - 1];
    self->verdict.twice += (*flags & HEARD) != 0;
    self->verdict.disorder += !(*flags & HEARD) && number < track->heard;
    track->unheard -= *flags == ACKNOWLEDGED;
    *flags |= HEARD;
    if (track->heard < number)
        track->heard = number;
}

/* ---- the room ---- */

static place_t *place_of(ledger_t *self, uint64_t seq)
{
    if (seq > self->place_capacity) {
        uint64_t capacity = self->place_capacity ? self->place_capacity : PLACES_MIN;
        while (capacity < seq)
            capacity *= 2;
        self->places = realloc(self->places, capacity * sizeof *self->places);
        assert(self->places);
        memset(self->places + self->place_capacity, 0,
               (capacity - self->place_capacity) * sizeof *self->places);
        self->place_capacity = capacity;
    }
    return &self->places[seq - 1];
}

/* The place of that number, which is this message's and no other's. NULL: another's. */
static place_t *claim(ledger_t *self, uint64_t epoch, uint64_t seq, uint32_t from, uint64_t number)
{
    place_t *place = place_of(self, seq);
    if (place->number == 0)
        *place = (place_t){.epoch = epoch, .number = number, .from = from};
    bool is_same = place->epoch == epoch && place->number == number && place->from == from;
    self->verdict.differing += !is_same;
    return is_same ? place : NULL;
}

void ledger_said(ledger_t *self, uint32_t from, uint64_t number, uint64_t epoch, uint64_t seq)
{
    assert(self && from < self->people && seq >= 1);
    if (!was_said(self, &self->said[from], number))
        return;
    acknowledge(self, &self->said[from], number);
    (void)claim(self, epoch, seq, from, number); /* the verdict has it */
    if (self->last < seq)
        self->last = seq;
}

static void step(ledger_t *self, uint32_t who, uint64_t seq)
{
    uint64_t *reached = &self->reached[who];
    if (seq <= *reached)
        self->verdict.twice++;
    else
        self->verdict.holes += seq - *reached - 1;
    if (seq > *reached)
        *reached = seq;
}

void ledger_heard(ledger_t *self, uint32_t who, uint64_t epoch, uint64_t seq, uint32_t from,
                  uint64_t number)
{
    assert(self && who < self->people && seq >= 1);
    step(self, who, seq);
    if (from >= self->people || !was_said(self, &self->said[from], number)) {
        self->verdict.unknown += from >= self->people;
        return;
    }
    place_t *place = claim(self, epoch, seq, from, number);
    if (place && !place->is_heard) {
        place->is_heard = true;
        hear(self, &self->said[from], number);
    }
}

/* ---- inboxes ---- */

void ledger_told(ledger_t *self, uint32_t from, uint32_t to, uint64_t number)
{
    assert(self);
    track_t *track = told_track(self, from, to);
    if (was_said(self, track, number))
        acknowledge(self, track, number);
}

void ledger_heard_privately(ledger_t *self, uint32_t who, uint32_t from, uint64_t number)
{
    assert(self && who < self->people);
    if (from >= self->people) {
        self->verdict.unknown++;
        return;
    }
    track_t *track = told_track(self, from, who);
    if (was_said(self, track, number))
        hear(self, track, number);
}

/* ---- the end ---- */

static uint64_t unheard(const track_t *tracks, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += tracks[i].unheard;
    return sum;
}

/* A listener without holes lacks what is beyond where it got to. */
static uint64_t missing(const ledger_t *self)
{
    size_t pairs = (size_t)self->people * self->people;
    uint64_t sum = unheard(self->said, self->people) + unheard(self->told, pairs);
    for (uint32_t who = 0; who < self->people; who++) {
        uint64_t reached = self->reached[who];
        sum += self->last > reached ? self->last - reached : 0;
    }
    return sum;
}

bool ledger_is_complete(const ledger_t *self)
{
    assert(self);
    return missing(self) == 0;
}

verdict_t ledger_verdict(const ledger_t *self)
{
    assert(self);
    verdict_t verdict = self->verdict;
    verdict.missing = missing(self);
    return verdict;
}

static uint64_t acknowledged(const track_t *tracks, size_t count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += tracks[i].acknowledged;
    return sum;
}

uint64_t ledger_said_count(const ledger_t *self)
{
    assert(self);
    return acknowledged(self->said, self->people);
}

uint64_t ledger_told_count(const ledger_t *self)
{
    assert(self);
    return acknowledged(self->told, (size_t)self->people * self->people);
}
