#include "broker/shell/keyring.h"

#include "base/log.h"
#include "broker/core/lookup.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <unistd.h>

enum {
    CHANGES = IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
              IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR,
    ALL_CHANGED = IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_IGNORED,
    CHANGES_BYTES = 65536, /* read at a time */
};

typedef struct {
    enrolled_t enrolled;
    lookup_key_t by_text, by_name;
    bool is_listed; /* by its text; false: the same key is listed under another name */
    bool is_seen;   /* in the directory, by a scan */
    size_t place;   /* in the list */
} entry_t;

struct keyring {
    char data[PLACES_PATH_BYTES];
    int watch; /* inotify's descriptor */
    lookup_t *by_text, *by_name;
    entry_t **entries; /* owned */
    size_t count, capacity;
    size_t unlisted;  /* entries that are not listed by their text */
    uint8_t *revoked; /* CURVE_KEY_BYTES each */
    size_t revoked_count, revoked_capacity;
};

/* --- entries ------------------------------------------------------------------------------------ */

static void *grown(void *list, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return list;
    *capacity = *capacity ? 2 * *capacity : 64;
    list = realloc(list, *capacity * size);
    assert(list);
    return list;
}

static void take_facts(entry_t *entry, const certificate_t *certificate)
{
    entry->enrolled.is_operator = certificate->is_operator;
    entry->enrolled.expires_s = certificate->expires_s;
    entry->enrolled.used_s = certificate->used_s;
}

static void list(keyring_t *self, entry_t *entry)
{
    span_t text = {entry->enrolled.text, CURVE_TEXT_CHARS};
    const entry_t *other = lookup_find(self->by_text, text);
    if (other) {
        log_warn("key.twice", log_str("name", entry->enrolled.name),
                 log_str("enrolled_as", other->enrolled.name));
        return;
    }
    lookup_add(self->by_text, &entry->by_text, text, entry);
    entry->is_listed = true;
    self->unlisted--;
}

static void add(keyring_t *self, const char *name, const certificate_t *certificate)
{
    entry_t *entry = calloc(1, sizeof *entry);
    assert(entry);
    memcpy(entry->enrolled.public_key, certificate->public_key, CURVE_KEY_BYTES);
    curve_encode(certificate->public_key, entry->enrolled.text);
    snprintf(entry->enrolled.name, sizeof entry->enrolled.name, "%s", name);
    take_facts(entry, certificate);
    self->entries = grown(self->entries, self->count, &self->capacity, sizeof(entry_t *));
    entry->place = self->count++;
    self->entries[entry->place] = entry;
    lookup_add(self->by_name, &entry->by_name, span_of(entry->enrolled.name), entry);
    self->unlisted++;
    entry->is_seen = true;
    list(self, entry);
}

static void note_revoked(keyring_t *self, const uint8_t *key)
{
    self->revoked =
        grown(self->revoked, self->revoked_count, &self->revoked_capacity, CURVE_KEY_BYTES);
    memcpy(self->revoked + CURVE_KEY_BYTES * self->revoked_count++, key, CURVE_KEY_BYTES);
}

static void drop(keyring_t *self, entry_t *entry)
{
    if (entry->is_listed) {
        lookup_remove(self->by_text, &entry->by_text);
        note_revoked(self, entry->enrolled.public_key);
    } else {
        self->unlisted--;
    }
    lookup_remove(self->by_name, &entry->by_name);
    entry_t *last = self->entries[--self->count];
    last->place = entry->place;
    self->entries[entry->place] = last;
    free(entry);
}

/* --- the directory ------------------------------------------------------------------------------ */

static void tell_unreadable(const char *name, certificate_result_t result)
{
    if (result != CERTIFICATE_UNREADABLE || errno != ENOENT)
        log_warn("key.unreadable", log_str("name", name),
                 log_str("error", certificate_trouble(result)));
}

/* Makes what is known of a name the same as its file. */
static void read_name(void *context, const char *name)
{
    keyring_t *self = context;
    certificate_t certificate;
    certificate_result_t result = enrolment_read(self->data, name, &certificate);
    if (result != CERTIFICATE_OK)
        tell_unreadable(name, result);
    entry_t *entry = lookup_find(self->by_name, span_of(name));
    bool is_same = entry && result == CERTIFICATE_OK &&
                   memcmp(entry->enrolled.public_key, certificate.public_key, CURVE_KEY_BYTES) == 0;
    if (entry && !is_same)
        drop(self, entry);
    if (result != CERTIFICATE_OK)
        return;
    if (!is_same) {
        add(self, name, &certificate);
    } else {
        take_facts(entry, &certificate);
        entry->is_seen = true;
        if (!entry->is_listed)
            list(self, entry);
    }
    certificate_fini(&certificate); /* there should be no secret */
}

/* Reads all. False: the directory cannot be read, errno says why; then nobody is enrolled any more. */
static bool scan(keyring_t *self)
{
    for (size_t i = 0; i < self->count; i++)
        self->entries[i]->is_seen = false;
    bool is_read = enrolment_each(self->data, read_name, self);
    int reason = errno;
    for (size_t i = self->count; i-- > 0;)
        if (!self->entries[i]->is_seen)
            drop(self, self->entries[i]);
    errno = reason;
    return is_read;
}

/* Taken up one by one. True: they do not tell all. */
static bool take_changes(keyring_t *self, const char *changes, size_t size)
{
    bool has_to_scan = false;
    struct inotify_event event;
    for (size_t at = 0; at + sizeof event <= size; at += sizeof event + event.len) {
        memcpy(&event, changes + at, sizeof event);
        const char *name = changes + at + sizeof event;
        if (event.mask & ALL_CHANGED)
            has_to_scan = true;
        else if (event.len > 0 && enrolment_is_name(name))
            read_name(self, name);
    }
    return has_to_scan;
}

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, CURVE_KEY_BYTES);
}

/* Without those that are enrolled again, under another name perhaps; each once. */
static void settle_revoked(keyring_t *self)
{
    size_t kept = 0;
    if (self->revoked_count > 1)
        qsort(self->revoked, self->revoked_count, CURVE_KEY_BYTES, compare);
    for (size_t i = 0; i < self->revoked_count; i++) {
        const uint8_t *key = self->revoked + i * CURVE_KEY_BYTES;
        uint8_t *place = self->revoked + kept * CURVE_KEY_BYTES;
        char text[CURVE_TEXT_CHARS + 1];
        curve_encode(key, text);
        bool is_again = kept > 0 && compare(place - CURVE_KEY_BYTES, key) == 0;
        if (is_again || keyring_find(self, (span_t){text, CURVE_TEXT_CHARS}))
            continue;
        memmove(place, key, CURVE_KEY_BYTES);
        kept++;
    }
    self->revoked_count = kept;
}

span_t keyring_refresh(keyring_t *self)
{
    assert(self);
    static const size_t ROOM = CHANGES_BYTES;
    bool has_to_scan = false;
    char *changes = malloc(ROOM);
    assert(changes);
    self->revoked_count = 0;
    ssize_t size = read(self->watch, changes, ROOM); /* EAGAIN: nothing has changed */
    if (size > 0)
        has_to_scan = take_changes(self, changes, (size_t)size);
    free(changes);
    if (self->revoked_count > 0 && self->unlisted > 0)
        has_to_scan = true; /* who was listed may have stood before another */
    if (has_to_scan && !scan(self))
        log_error("keys.unreadable", log_str("data", self->data), log_errno(errno));
    settle_revoked(self);
    return (span_t){(const char *)self->revoked, self->revoked_count * CURVE_KEY_BYTES};
}

/* --- beginning and end -------------------------------------------------------------------------- */

static bool watch(keyring_t *self, const char *directory)
{
    self->watch = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    return self->watch >= 0 && inotify_add_watch(self->watch, directory, CHANGES) >= 0;
}

keyring_t *keyring_new(const char *data, char *out_error)
{
    assert(data && out_error && strlen(data) < PLACES_PATH_BYTES);
    char directory[ENROLMENT_PATH_BYTES];
    uint8_t secret[LOOKUP_SECRET_BYTES];
    int status = sodium_init();
    assert(status >= 0);
    (void)status;
    randombytes_buf(secret, sizeof secret);
    keyring_t *self = calloc(1, sizeof *self);
    assert(self);
    self->watch = -1;
    snprintf(self->data, sizeof self->data, "%s", data);
    self->by_text = lookup_new(secret);
    self->by_name = lookup_new(secret);
    enrolment_directory(data, directory);
    /* Watched first: what comes while it is read is told. */
    if (places_make(directory) && watch(self, directory) && scan(self))
        return self;
    snprintf(out_error, KEYRING_ERROR_BYTES, "cannot watch the keys in %s: %s", directory,
             strerror(errno));
    keyring_destroy(&self);
    return NULL;
}

void keyring_destroy(keyring_t **self_p)
{
    assert(self_p);
    keyring_t *self = *self_p;
    if (self == NULL)
        return;
    lookup_destroy(&self->by_text);
    lookup_destroy(&self->by_name);
    for (size_t i = 0; i < self->count; i++)
        free(self->entries[i]);
    free(self->entries);
    free(self->revoked);
    if (self->watch >= 0)
        close(self->watch);
    free(self);
    *self_p = NULL;
}

int keyring_fd(const keyring_t *self)
{
    assert(self);
    return self->watch;
}

size_t keyring_count(const keyring_t *self)
{
    assert(self);
    return self->count - self->unlisted;
}

/* --- who is it ---------------------------------------------------------------------------------- */

static entry_t *find(keyring_t *self, span_t text)
{
    return text.size == CURVE_TEXT_CHARS ? lookup_find(self->by_text, text) : NULL;
}

const enrolled_t *keyring_find(keyring_t *self, span_t text)
{
    assert(self);
    const entry_t *entry = find(self, text);
    return entry ? &entry->enrolled : NULL;
}

/* Of use once: who is in stays in. Where it cannot be written down it holds until the broker ends. */
static void note_use(const keyring_t *self, enrolled_t *enrolled, uint64_t now_s)
{
    certificate_t certificate;
    enrolled->used_s = now_s;
    bool is_noted = enrolment_read(self->data, enrolled->name, &certificate) == CERTIFICATE_OK;
    if (is_noted) {
        certificate.used_s = now_s;
        is_noted = enrolment_write(self->data, &certificate, false);
    }
    if (!is_noted)
        log_warn("key.unnoted", log_str("name", enrolled->name), log_errno(errno));
}

const enrolled_t *keyring_admit(keyring_t *self, const uint8_t *key, uint64_t now_s)
{
    assert(self && key);
    char text[CURVE_TEXT_CHARS + 1];
    curve_encode(key, text);
    entry_t *entry = find(self, (span_t){text, CURVE_TEXT_CHARS});
    if (entry == NULL)
        return NULL;
    enrolled_t *enrolled = &entry->enrolled;
    bool is_fresh = enrolled->expires_s > 0 && enrolled->used_s == 0;
    if (is_fresh && now_s > enrolled->expires_s)
        return NULL;
    if (is_fresh)
        note_use(self, enrolled, now_s);
    return enrolled;
}
