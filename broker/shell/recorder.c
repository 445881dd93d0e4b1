#include "broker/shell/recorder.h"

#include "base/log.h"
#include "broker/shell/recording.h"

#include <assert.h>
#include <czmq.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FILE_MODE = 0600 };

struct recorder {
    int fd; /* -1: writing has failed */
    bool with_texts;
    buffer_t bytes;
};

recorder_t *recorder_open(const char *path, bool with_texts)
{
    assert(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
    if (fd < 0)
        return NULL;
    recorder_t *self = zmalloc(sizeof *self);
    self->fd = fd;
    self->with_texts = with_texts;
    buffer_init(&self->bytes, 4 * RECORDING_ENTRY_BYTES);
    return self;
}

static void flush(recorder_t *self)
{
    size_t done = 0;
    while (self->fd >= 0 && done < self->bytes.size) {
        ssize_t written = write(self->fd, self->bytes.data + done, self->bytes.size - done);
        if (written > 0) {
            done += (size_t)written;
        } else if (errno != EINTR) {
            log_error("record.ended", log_errno(errno));
            close(self->fd);
            self->fd = -1;
        }
    }
    buffer_clear(&self->bytes);
}

void recorder_begin(recorder_t *self, const core_settings_t *settings, const moment_t *now)
{
    assert(self);
    recording_write_settings(&self->bytes, settings);
    recording_write_event(&self->bytes, RECORDING_BEGIN, &(event_t){0}, now, true);
    flush(self);
}

void recorder_note(recorder_t *self, const event_t *event, const moment_t *now)
{
    assert(self && event);
    if (self->fd < 0)
        return;
    recording_write_event(&self->bytes, (int)event->kind, event, now, self->with_texts);
    flush(self);
}

void recorder_close(recorder_t **self_p)
{
    assert(self_p);
    recorder_t *self = *self_p;
    if (self == NULL)
        return;
    flush(self);
    if (self->fd >= 0)
        close(self->fd);
    buffer_fini(&self->bytes);
    free(self);
    *self_p = NULL;
}
