#include "base/enrolment.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char FOLDER[] = "keys", BROKER[] = "broker.key_secret";

bool enrolment_is_name(const char *name)
{
    static const char LETTERS[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    assert(name);
    size_t size = strnlen(name, CERTIFICATE_NAME_CHARS + 1);
    return size > 0 && size <= CERTIFICATE_NAME_CHARS && name[0] != '.' &&
           strspn(name, LETTERS) == size;
}

void enrolment_directory(const char *data, char out[ENROLMENT_PATH_BYTES])
{
    assert(data && out);
    snprintf(out, ENROLMENT_PATH_BYTES, "%s/%s", data, FOLDER);
}

void enrolment_path(const char *data, const char *name, char out[ENROLMENT_PATH_BYTES])
{
    assert(data && out && enrolment_is_name(name));
    snprintf(out, ENROLMENT_PATH_BYTES, "%s/%s/%s", data, FOLDER, name);
}

certificate_result_t enrolment_read(const char *data, const char *name, certificate_t *out)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_path(data, name, path);
    certificate_result_t result = certificate_read(path, out);
    if (result == CERTIFICATE_OK)
        snprintf(out->name, sizeof out->name, "%s", name);
    return result;
}

bool enrolment_write(const char *data, const certificate_t *certificate, bool is_new)
{
    assert(data && certificate);
    char path[ENROLMENT_PATH_BYTES];
    certificate_t enrolled = *certificate;
    certificate_fini(&enrolled);
    enrolment_path(data, certificate->name, path);
    return places_make_for(path) && certificate_write(path, &enrolled, is_new);
}

bool enrolment_remove(const char *data, const char *name)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_path(data, name, path);
    return unlink(path) == 0;
}

bool enrolment_each(const char *data, void (*each)(void *context, const char *name), void *context)
{
    assert(data && each);
    char path[ENROLMENT_PATH_BYTES];
    enrolment_directory(data, path);
    DIR *directory = opendir(path);
    if (directory == NULL)
        return errno == ENOENT;
    const struct dirent *entry;
    while ((entry = readdir(directory)) != NULL)
        if (enrolment_is_name(entry->d_name))
            each(context, entry->d_name);
    closedir(directory);
    return true;
}

void enrolment_broker_path(const char *data, char out[ENROLMENT_PATH_BYTES])
{
    assert(data && out);
    snprintf(out, ENROLMENT_PATH_BYTES, "%s/%s", data, BROKER);
}

certificate_result_t enrolment_broker(const char *data, certificate_t *out)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_broker_path(data, path);
    certificate_result_t result = certificate_read(path, out);
    if (result == CERTIFICATE_OK && !out->has_secret)
        result = CERTIFICATE_MALFORMED;
    return result;
}

bool enrolment_make_broker(const char *data)
{
    char path[ENROLMENT_PATH_BYTES];
    enrolment_broker_path(data, path);
    if (access(path, F_OK) == 0)
        return true;
    certificate_t certificate;
    certificate_new(&certificate);
    snprintf(certificate.name, sizeof certificate.name, "broker");
    bool is_done = places_make_for(path) && (certificate_write(path, &certificate, true) ||
                                             errno == EEXIST); /* made meanwhile */
    certificate_fini(&certificate);
    return is_done;
}
