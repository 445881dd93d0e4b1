#include "base/settings.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>

enum { WIDTH = 80, INDENT = 8 };

/* Words of `text` from column INDENT on, broken before WIDTH. */
static void print_wrapped(const char *text, int indent, FILE *out)
{
    int column = 0;
    for (const char *word = text; *word != '\0';) {
        int size = (int)strcspn(word, " ");
        if (column > 0 && column + 1 + size > WIDTH) {
            (void)fputc('\n', out);
            column = 0;
        }
        column += fprintf(out, "%*s%.*s", column == 0 ? indent : 1, "", size, word);
        word += size;
        word += strspn(word, " ");
    }
    (void)fputc('\n', out);
}

/* True if `key` stands in `keys`, which are separated by blanks. */
static bool is_among(const char *key, const char *keys)
{
    size_t size = strlen(key);
    for (const char *at = keys; *at != '\0';) {
        size_t word = strcspn(at, " ");
        if (word == size && memcmp(at, key, size) == 0)
            return true;
        at += word;
        at += strspn(at, " ");
    }
    return false;
}

static const char *placeholder(const setting_row_t *row)
{
    switch (row->type) {
    case SETTING_U32:
    case SETTING_U64:
        return "NUMBER";
    case SETTING_STR:
    case SETTING_LIST:
        return *row->unit ? row->unit : "TEXT";
    case SETTING_ENUM:
        return row->unit;
    case SETTING_BOOL:
        return "";
    }
    return "";
}

static void print_option(const setting_row_t *row, FILE *out)
{
    const char *value = placeholder(row);
    (void)fputs("  --", out);
    for (const char *at = row->key; *at != '\0'; at++)
        (void)fputc(*at == '_' ? '-' : *at, out);
    (void)fprintf(out, "%s%s%s\n", *value ? " " : "", value,
                  row->type == SETTING_LIST && row->max > 1 ? " (repeatable)" : "");
}

/* "(default 300000; 1000 to 86400000 ms)" */
static void describe_range(const setting_row_t *row, char *out, size_t size)
{
    switch (row->type) {
    case SETTING_U32:
    case SETTING_U64:
        (void)snprintf(out, size, "(default %" PRIu64 "; %" PRIu64 " to %" PRIu64 "%s%s)",
                       row->number, row->min, row->max, *row->unit ? " " : "", row->unit);
        break;
    case SETTING_STR:
    case SETTING_LIST:
    case SETTING_ENUM:
        if (*row->word != '\0')
            (void)snprintf(out, size, "(default %s)", row->word);
        else
            (void)snprintf(out, size, "(default: none)");
        break;
    case SETTING_BOOL:
        (void)snprintf(out, size, "(default %s)", row->number ? "true" : "false");
        break;
    }
}

static void print_row(const setting_row_t *row, FILE *out)
{
    char range[SETTING_STR_BYTES + 64];
    char text[1024];
    describe_range(row, range, sizeof range);
    (void)snprintf(text, sizeof text, "%s %s", row->text, range);
    print_option(row, out);
    print_wrapped(text, INDENT, out);
}

static bool has_rows(const settings_t *self, bool is_common)
{
    for (size_t i = 0; i < self->row_count; i++) {
        const char *key = self->rows[i].key;
        if (is_among(key, self->common) == is_common && !is_among(key, self->hidden))
            return true;
    }
    return false;
}

static void print_rows(const settings_t *self, bool is_common, FILE *out)
{
    for (size_t i = 0; i < self->row_count; i++) {
        const setting_row_t *row = &self->rows[i];
        if (is_among(row->key, self->common) == is_common && !is_among(row->key, self->hidden))
            print_row(row, out);
    }
}

void settings_print_help(const settings_t *self, FILE *out)
{
    assert(self && out);
    assert(self->common && self->hidden);
    (void)fprintf(out, "Usage: %s [OPTION]...\n", self->program);
    print_wrapped(self->about, 0, out);
    (void)fputs("\nOptions:\n", out);
    print_rows(self, true, out);
    (void)fputs("  --set KEY=VALUE (repeatable)\n", out);
    print_wrapped("sets any setting below or above; KEY has _ where the option has -", INDENT, out);
    (void)fputs("  --help\n  --version\n", out);
    if (has_rows(self, false))
        (void)fputs("\nFurther settings:\n", out);
    print_rows(self, false, out);
    (void)fputc('\n', out);
    print_wrapped("Each has an environment variable too: HUBBUB_ and its KEY in capitals, a list's "
                  "items separated by commas. The command line wins.",
                  0, out);
}
