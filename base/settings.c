#include "base/settings.h"

#include <assert.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/printable.h"
#include "base/settings_value.h"

static const char ENVIRONMENT_PREFIX[] = "HUBBUB_";

enum {
    SETTINGS_ROWS_MAX = 128,
    KEY_BYTES = 63,
    NEAR = 3 /* at most so many letters may differ in a key that was meant */
};

/* A reading under way. `given[i]`: row i was named on the command line, so a further item of a list
 * adds to it instead of replacing the default, and the environment is not asked. */
typedef struct {
    const settings_t *settings;
    void *record;
    bool given[SETTINGS_ROWS_MAX];
    char *out_error;
} reading_t;

/* What an argument means: `name` as typed, without the value, for the error. */
typedef struct {
    const char *name;
    int name_size;
    const setting_row_t *row;
    const char *value;
} assignment_t;

__attribute__((format(printf, 2, 3))) static settings_result_t wrong(const reading_t *self,
                                                                     const char *format, ...)
{
    va_list values;
    va_start(values, format);
    printable_vtext(self->out_error, SETTINGS_ERROR_BYTES, format, values);
    va_end(values);
    return SETTINGS_WRONG;
}

const setting_row_t *settings_find(const settings_t *self, const char *key, size_t key_size)
{
    assert(self && key);
    for (size_t i = 0; i < self->row_count; i++) {
        const setting_row_t *row = &self->rows[i];
        if (strlen(row->key) == key_size && memcmp(row->key, key, key_size) == 0)
            return row;
    }
    return NULL;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;
    return ab < c ? ab : c;
}

/* Levenshtein's distance, one row of the table at a time. */
static size_t distance(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t row[KEY_BYTES + 2];
    assert(b_size <= KEY_BYTES);
    for (size_t j = 0; j <= b_size; j++)
        row[j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t above = row[j];
            size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
            row[j] = least(above + 1, row[j - 1] + 1, replaced);
            diagonal = above;
        }
    }
    return row[b_size];
}

const setting_row_t *settings_nearest(const settings_t *self, const char *key, size_t key_size)
{
    const setting_row_t *nearest = NULL;
    size_t best = NEAR + 1;
    assert(self && key);
    if (key_size > KEY_BYTES)
        return NULL;
    for (size_t i = 0; i < self->row_count; i++) {
        const char *other = self->rows[i].key;
        size_t far = distance(key, key_size, other, strlen(other));
        if (far < best && far < strlen(other)) {
            best = far;
            nearest = &self->rows[i];
        }
    }
    return nearest;
}

/* --idle-ms to idle_ms; returns the size, 0 for one too long to be any. */
static size_t key_of_option(const char *name, size_t size, char *out_key)
{
    if (size == 0 || size > KEY_BYTES)
        return 0;
    for (size_t i = 0; i < size; i++)
        out_key[i] = name[i] == '-' ? '_' : name[i];
    out_key[size] = '\0';
    return size;
}

/* The other way, to say which option was probably meant. */
static const char *option_of_key(const char *key, char *out_option)
{
    size_t size = strlen(key);
    assert(size <= KEY_BYTES);
    for (size_t i = 0; i <= size; i++)
        out_option[i] = key[i] == '_' ? '-' : key[i];
    return out_option;
}

static settings_result_t unknown_option(const reading_t *self, const char *argument, int size,
                                        const char *key, size_t key_size)
{
    char option[KEY_BYTES + 1];
    const setting_row_t *meant = settings_nearest(self->settings, key, key_size);
    if (meant == NULL)
        return wrong(self, "%.*s: no such option; --help lists all", size, argument);
    return wrong(self, "%.*s: no such option; did you mean --%s?", size, argument,
                 option_of_key(meant->key, option));
}

static settings_result_t unknown_key(const reading_t *self, const char *key, size_t size)
{
    const setting_row_t *meant = settings_nearest(self->settings, key, size);
    if (meant == NULL)
        return wrong(self, "--set %.*s: no such setting; --help lists all", (int)size, key);
    return wrong(self, "--set %.*s: no such setting; did you mean %s?", (int)size, key, meant->key);
}

static settings_result_t assign(reading_t *self, const assignment_t *it)
{
    char permitted[192];
    size_t index = (size_t)(it->row - self->settings->rows);
    assert(index < self->settings->row_count);
    bool is_further = self->given[index];
    self->given[index] = true;
    if (setting_value_read(it->row, it->value, is_further, self->record))
        return SETTINGS_READ;
    setting_value_describe(it->row, permitted, sizeof permitted);
    return wrong(self, "%.*s: \"%.64s\" %s", it->name_size, it->name, it->value, permitted);
}

/* --set KEY=VALUE; `text` is what stands after --set. */
static settings_result_t take_set(reading_t *self, const char *text)
{
    size_t size = strcspn(text, "=");
    if (text[size] != '=')
        return wrong(self, "--set %.64s: must be KEY=VALUE", text);
    const setting_row_t *row = settings_find(self->settings, text, size);
    if (row == NULL)
        return unknown_key(self, text, size > KEY_BYTES ? KEY_BYTES : size);
    return assign(self, &(assignment_t){text, (int)size, row, text + size + 1});
}

/* One option at argv[*at], which is moved on to the last argument it took. */
static settings_result_t take_option(reading_t *self, char **argv, int argc, int *at)
{
    char key[KEY_BYTES + 1];
    const char *argument = argv[*at];
    size_t size = strcspn(argument, "=");
    bool has_value = argument[size] == '=';
    const char *value = has_value ? argument + size + 1 : NULL;
    size_t key_size = key_of_option(argument + 2, size - 2, key);
    bool is_set = key_size == 3 && memcmp(key, "set", 3) == 0;
    const setting_row_t *row = key_size ? settings_find(self->settings, key, key_size) : NULL;

    if (row == NULL && !is_set)
        return unknown_option(self, argument, (int)(size > KEY_BYTES ? KEY_BYTES : size), key,
                              key_size);
    if (!has_value && row != NULL && row->type == SETTING_BOOL)
        value = "true";
    else if (!has_value && *at + 1 == argc)
        return wrong(self, "%s: needs a value", argument);
    else if (!has_value)
        value = argv[++*at];
    if (is_set)
        return take_set(self, value);
    return assign(self, &(assignment_t){argument, (int)size, row, value});
}

static settings_result_t take_arguments(reading_t *self, int argc, char **argv)
{
    settings_result_t result = SETTINGS_READ;
    for (int i = 1; i < argc && result == SETTINGS_READ; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            result = SETTINGS_HELP;
        else if (strcmp(argv[i], "--version") == 0)
            result = SETTINGS_VERSION;
        else if (strncmp(argv[i], "--", 2) == 0 && argv[i][2] != '\0')
            result = take_option(self, argv, argc, &i);
        else
            result = wrong(self, "%.64s: not an option; --help lists all", argv[i]);
    }
    return result;
}

/* HUBBUB_IDLE_MS to idle_ms and its row; NULL for a variable that is not ours. */
static const setting_row_t *row_of_variable(const settings_t *settings, const char *name,
                                            size_t size)
{
    char key[KEY_BYTES + 1];
    size_t prefix = sizeof ENVIRONMENT_PREFIX - 1;
    if (size <= prefix || size - prefix > KEY_BYTES ||
        memcmp(name, ENVIRONMENT_PREFIX, prefix) != 0)
        return NULL;
    for (size_t i = prefix; i < size; i++)
        key[i - prefix] = (char)tolower((unsigned char)name[i]);
    return settings_find(settings, key, size - prefix);
}

/* After the arguments: what they named is not looked at, so nobody is stopped by a variable they
 * have overruled. */
static settings_result_t take_environment(reading_t *self, char **environment)
{
    settings_result_t result = SETTINGS_READ;
    for (char **entry = environment; *entry != NULL && result == SETTINGS_READ; entry++) {
        size_t size = strcspn(*entry, "=");
        const setting_row_t *row = row_of_variable(self->settings, *entry, size);
        if (row == NULL || self->given[row - self->settings->rows] || (*entry)[size] != '=')
            continue;
        result = assign(self, &(assignment_t){*entry, (int)size, row, *entry + size + 1});
    }
    return result;
}

settings_result_t settings_read(const settings_t *self, int argc, char **argv, char **environment,
                                void *out_record, size_t record_size, char *out_error)
{
    assert(self && argv && out_record && out_error);
    assert(self->row_count <= SETTINGS_ROWS_MAX);
    void *draft = calloc(1, record_size);
    assert(draft);
    reading_t reading = {.settings = self, .record = draft, .out_error = out_error};

    for (size_t i = 0; i < self->row_count; i++)
        setting_value_reset(&self->rows[i], draft);
    settings_result_t result = take_arguments(&reading, argc, argv);
    if (result == SETTINGS_READ && environment != NULL)
        result = take_environment(&reading, environment);
    if (result == SETTINGS_READ)
        memcpy(out_record, draft, record_size);
    free(draft);
    return result;
}
