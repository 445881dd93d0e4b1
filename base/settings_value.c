#include "base/settings_value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void *place_of(const setting_row_t *row, void *record)
{
    assert(row && record);
    return (char *)record + row->offset;
}

/* Digits alone: strtoull would also take blanks, signs and "0x". */
static bool read_number(const setting_row_t *row, const char *text, uint64_t *out_number)
{
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || text[digits] != '\0')
        return false;
    errno = 0;
    uint64_t number = strtoull(text, NULL, 10);
    if (errno != 0 || number < row->min || number > row->max)
        return false;
    *out_number = number;
    return true;
}

static bool read_word(const setting_row_t *row, const char *text, uint32_t *out_index)
{
    size_t size = strlen(text);
    uint32_t index = 0;
    for (const char *word = row->unit; *word != '\0'; index++) {
        size_t word_size = strcspn(word, "|");
        if (size == word_size && memcmp(word, text, size) == 0) {
            *out_index = index;
            return true;
        }
        word += word_size;
        word += *word == '|';
    }
    return false;
}

static bool read_bool(const char *text, bool *out_value)
{
    static const char *const WORDS[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
    for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
        if (strcmp(text, WORDS[i]) == 0) {
            *out_value = i % 2 == 1;
            return true;
        }
    }
    return false;
}

static bool read_str(const setting_row_t *row, const char *text, char *out)
{
    size_t size = strlen(text);
    assert(row->max <= SETTING_STR_BYTES);
    if (size < row->min || size > row->max)
        return false;
    memcpy(out, text, size + 1);
    return true;
}

static bool append_item(const setting_row_t *row, const char *text, size_t size,
                        setting_list_t *list)
{
    assert(row->max <= SETTING_LIST_ITEMS);
    assert(list->count <= SETTING_LIST_ITEMS);
    if (size == 0 || size > SETTING_STR_BYTES || list->count >= row->max)
        return false;
    memcpy(list->items[list->count], text, size);
    list->items[list->count][size] = '\0';
    list->count++;
    return true;
}

static bool read_list(const setting_row_t *row, const char *text, bool is_further,
                      setting_list_t *self)
{
    setting_list_t list = {.count = 0};
    if (is_further)
        list = *self;
    for (const char *item = text; *item != '\0';) {
        size_t size = strcspn(item, ",");
        if (!append_item(row, item, size, &list))
            return false;
        item += size;
        item += *item == ',';
    }
    if (list.count < row->min)
        return false;
    *self = list;
    return true;
}

static bool read_u32(const setting_row_t *row, const char *text, uint32_t *out_number)
{
    uint64_t number = 0;
    assert(row->max <= UINT32_MAX);
    if (!read_number(row, text, &number))
        return false;
    *out_number = (uint32_t)number;
    return true;
}

bool setting_value_read(const setting_row_t *row, const char *text, bool is_further, void *record)
{
    void *place = place_of(row, record);
    assert(text);
    switch (row->type) {
    case SETTING_U32:
        return read_u32(row, text, place);
    case SETTING_U64:
        return read_number(row, text, place);
    case SETTING_STR:
        return read_str(row, text, place);
    case SETTING_LIST:
        return read_list(row, text, is_further, place);
    case SETTING_ENUM:
        return read_word(row, text, place);
    case SETTING_BOOL:
        return read_bool(text, place);
    }
    return false;
}

void setting_value_reset(const setting_row_t *row, void *record)
{
    char digits[24];
    const char *text = row->word;
    assert(row && record);
    if (row->type == SETTING_U32 || row->type == SETTING_U64 || row->type == SETTING_BOOL) {
        (void)snprintf(digits, sizeof digits, "%" PRIu64, row->number);
        text = digits;
    }
    bool is_consistent = setting_value_read(row, text, false, record);
    assert(is_consistent);
}

/* "a|b|c" as "a, b or c" */
static void describe_words(const char *words, char *out, size_t size)
{
    size_t at = 0;
    for (const char *from = words; *from != '\0' && at + 5 < size; from++) {
        const char *glue = strchr(from + 1, '|') ? ", " : " or ";
        if (*from != '|') {
            out[at++] = *from;
            continue;
        }
        memcpy(out + at, glue, strlen(glue));
        at += strlen(glue);
    }
    out[at] = '\0';
}

void setting_value_describe(const setting_row_t *row, char *out, size_t size)
{
    char words[128];
    assert(row && out && size > 0);
    switch (row->type) {
    case SETTING_U32:
    case SETTING_U64:
        (void)snprintf(out, size, "must be a whole number from %" PRIu64 " to %" PRIu64 "%s%s",
                       row->min, row->max, *row->unit ? " " : "", row->unit);
        break;
    case SETTING_STR:
        (void)snprintf(out, size, "must have %" PRIu64 " to %" PRIu64 " bytes", row->min, row->max);
        break;
    case SETTING_LIST:
        (void)snprintf(out, size, "must be given %" PRIu64 " to %" PRIu64 " times, not empty",
                       row->min, row->max);
        break;
    case SETTING_ENUM:
        describe_words(row->unit, words, sizeof words);
        (void)snprintf(out, size, "must be %s", words);
        break;
    case SETTING_BOOL:
        (void)snprintf(out, size, "must be true or false");
        break;
    }
}
