#include "tests/sim/replay.h"

#include "broker/core/state.h"
#include "broker/shell/recording.h"
#include "tests/sim/audit.h"
#include "tests/sim/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { AUDIT_EVERY = 256, LENGTH_BYTES = 4, FILE_MAX = 1 << 30 };

typedef struct {
    FILE *file;
    char *bytes; /* of the entry read last */
    recording_settings_t settings;
    core_t *core;
    outbox_t out;
    decoder_t decoder;
    uint64_t events, mono_ms;
    size_t checked; /* effects */
    uint64_t asked, answered;
    bool is_audited; /* the structures of a broker that is reading back its store do not fit yet */
} replay_t;

static bool read_bytes(replay_t *self, size_t limit, span_t *out)
{
    unsigned char length[LENGTH_BYTES];
    size_t size = 0;
    if (fread(length, 1, sizeof length, self->file) != sizeof length)
        return false;
    for (int i = LENGTH_BYTES; i-- > 0;)
        size = size << 8 | length[i];
    if (size > limit || fread(self->bytes, 1, size, self->file) != size)
        return false;
    *out = (span_t){self->bytes, size};
    return true;
}

static bool read_header(replay_t *self)
{
    char magic[RECORDING_MAGIC_BYTES];
    span_t text;
    return fread(magic, 1, sizeof magic, self->file) == sizeof magic &&
           memcmp(magic, RECORDING_MAGIC, sizeof magic) == 0 &&
           read_bytes(self, RECORDING_ENTRY_BYTES, &text) &&
           recording_read_settings(text, &self->settings) == HUB_OK;
}

/* Every frame is one of the wire, and no more answers go out than were asked for. */
static void check_sent(replay_t *self, span_t frame)
{
    message_t message;
    if (frame.size > LIMIT_FRAME_BYTES ||
        decoder_frame(&self->decoder, frame.data, frame.size, &message) != HUB_OK ||
        (message.wrong.word[0] | message.wrong.word[1]) != 0)
        violated("the broker sends a frame that is none");
    self->answered += message_has(&message, KEY_re);
    if (self->answered > self->asked)
        violated("more answers than requests");
}

/* The shell performs the effects of a turn together, and then clears; here each step's are looked at. */
static void check_effects(replay_t *self)
{
    for (size_t i = 0; i < self->out.count; i++) {
        const effect_t *effect = &self->out.effects[i];
        if (effect->kind != EFFECT_SEND && effect->kind != EFFECT_PUBLISH)
            continue;
        span_t frame = outbox_span(&self->out, effect->offset, effect->size);
        size_t topic = effect->kind == EFFECT_PUBLISH ? strnlen(frame.data, frame.size) + 1 : 0;
        check_sent(self, (span_t){frame.data + topic, frame.size - topic});
    }
    outbox_clear(&self->out);
}

static bool play(replay_t *self, int kind, const event_t *event, const moment_t *now)
{
    if (now->mono_ms < self->mono_ms || (kind == RECORDING_BEGIN) != (self->core == NULL))
        return false;
    self->mono_ms = now->mono_ms;
    report_at(++self->events, now->mono_ms);
    trace("event %d batch %ju frame of %zu bytes", kind, (uintmax_t)event->batch,
          event->frame.size);
    if (kind == RECORDING_BEGIN) {
        self->core = core_new(&self->settings.settings, now);
        return true;
    }
    self->asked += kind == EVENT_FRAME;
    self->is_audited &= kind < (int)EVENT_LOG || kind > (int)EVENT_NOTE;
    self->is_audited |= kind == EVENT_RESTORED || kind == EVENT_FRAME;
    core_step(self->core, event, now, &self->out);
    check_effects(self);
    if (self->is_audited && self->events % AUDIT_EVERY == 0)
        audit_core(self->core, &self->settings.settings);
    return true;
}

/* A broker that was killed may have written a part of its last entry: that is the end. */
static bool play_all(replay_t *self)
{
    span_t entry;
    event_t event;
    moment_t now;
    int kind;
    while (read_bytes(self, RECORDING_ENTRY_BYTES, &entry))
        if (recording_read_event(entry, &kind, &event, &now) != HUB_OK ||
            !play(self, kind, &event, &now))
            return false;
    return true;
}

static void print_end(const replay_t *self)
{
    const counters_t *counters = &self->core->counters;
    printf("events=%ju sessions=%zu rooms=%zu links=%zu\n", (uintmax_t)self->events,
           slab_count(self->core->sessions), slab_count(self->core->rooms),
           slab_count(self->core->links));
#define COUNTER(name, text) printf("%s=%ju\n", #name, (uintmax_t)counters->name);
#include "broker/core/counters.def"
#undef COUNTER
}

bool replay_file(const char *path, bool is_traced)
{
    replay_t self = {.file = fopen(path, "rb"), .bytes = malloc(RECORDING_ENTRY_BYTES)};
    bool is_good = false;
    report_begin(0, is_traced);
    outbox_init(&self.out);
    decoder_init(&self.decoder);
    if (self.file && self.bytes && read_header(&self))
        is_good = play_all(&self);
    if (!is_good)
        (void)fprintf(stderr, "sim: %s: entry %ju is none that hubbubd --record writes\n", path,
                      (uintmax_t)self.events + 1);
    if (self.core)
        print_end(&self);
    core_destroy(&self.core);
    outbox_fini(&self.out);
    decoder_fini(&self.decoder);
    if (self.file)
        (void)fclose(self.file);
    free(self.bytes);
    return is_good;
}
