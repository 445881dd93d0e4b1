/* base/settings_value.h - one value, from text into a record. For settings.c. */
#ifndef BASE_SETTINGS_VALUE_H
#define BASE_SETTINGS_VALUE_H

#include "base/settings.h"

/* The row's default into its place in `record`, which is zeroed. The row has to be consistent: a
 * default that its own range refuses is our mistake. */
void setting_value_reset(const setting_row_t *row, void *record);

/* Reads `text` into the row's place. LIST: its items, separated by commas, follow those that are
 * there if `is_further`, else they replace them. False: refused, and nothing has changed. */
HUB_MUST_CHECK bool setting_value_read(const setting_row_t *row, const char *text, bool is_further,
                                       void *record);

/* "must be 100 to 600000 ms": what would be accepted, to `out` of `size` bytes. */
void setting_value_describe(const setting_row_t *row, char *out, size_t size);

#endif
