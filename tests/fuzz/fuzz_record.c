/* Any bytes as a file of the flight recorder: the first byte says what they are.
 *
 *   0   the settings' text      1   an entry      else   maps of which the texts are masked
 *
 * What is read has to be written as it was; masking changes no length and not whether a frame is one. */
#include "tests/fuzz/fuzz.h"

#include "broker/shell/mask.h"
#include "broker/shell/recording.h"
#include "proto/walk.h"

#include <assert.h>
#include <stdlib.h>

static void try_settings(span_t text)
{
    static recording_settings_t settings;
    if (recording_read_settings(text, &settings) == HUB_OK)
        assert(settings.settings.ring_bytes > 0 && settings.settings.pub == settings.pub.items);
}

static void try_entry(span_t entry)
{
    enum { LENGTH_BYTES = 4 };
    event_t event, again;
    moment_t now, then;
    int kind, same;
    if (recording_read_event(entry, &kind, &event, &now) != HUB_OK)
        return;
    buffer_t written;
    buffer_init(&written, 2 * entry.size + RECORDING_ENTRY_BYTES);
    recording_write_event(&written, kind, &event, &now, true);
    span_t bytes = {written.data + LENGTH_BYTES, written.size - LENGTH_BYTES};
    hub_err_t err = recording_read_event(bytes, &same, &again, &then);
    assert(err == HUB_OK && same == kind && again.batch == event.batch);
    assert(span_equal(again.frame, event.frame) && span_equal(again.key, event.key));
    assert(then.mono_ms == now.mono_ms);
    buffer_fini(&written);
}

static void try_mask(span_t bytes)
{
    char *copy = malloc(bytes.size + 1);
    assert(copy);
    memcpy(copy, bytes.data, bytes.size);
    mask_texts(copy, bytes.size);
    assert(walk_frame(copy, bytes.size) == walk_frame(bytes.data, bytes.size));
    free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    span_t rest = {(const char *)data + 1, size - 1};
    if (data[0] == 0)
        try_settings(rest);
    else if (data[0] == 1)
        try_entry(rest);
    else if (rest.size > 0)
        try_mask(rest);
    return 0;
}
