/* base/settings.h - a program's settings: one row each, read from the command line and the environment.
 *
 * A program names its table once:
 *
 *   SETTING(idle_ms, U32, 300000, 1000, 86400000, "ms", true, "silence after which one is inactive")
 *   SETTING(router, LIST, "tcp://127.0.0.1:5680", 1, 8, "ENDPOINT", false, "where clients connect")
 *   SETTING(data, STR, "", 0, 200, "DIR", false, "where history is kept; empty: nowhere")
 *   SETTING(durability, ENUM, "memory", 0, 0, "memory|file|power", false, "what a loss may cost")
 *   SETTING(show_addresses, BOOL, false, 0, 0, "", false, "show where telnet users come from")
 *
 * and expands it twice, into a record and into rows:
 *
 *   typedef struct {
 *   #define SETTING SETTING_FIELD
 *   #include "broker/settings.def"
 *   #undef SETTING
 *   } options_t;
 *
 *   #define SETTING(...) SETTING_ROW(options_t, __VA_ARGS__)
 *   static const setting_row_t ROWS[] = {
 *   #include "broker/settings.def"
 *   };
 *   #undef SETTING
 *
 * Then `idle_ms` is set by `--idle-ms 5000`, `--idle-ms=5000`, `--set idle_ms=5000` or
 * `HUBBUB_IDLE_MS=5000`; the command line wins over the environment, that over the default. */
#ifndef BASE_SETTINGS_H
#define BASE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/check.h"

enum {
    SETTING_STR_BYTES = 255,   /* longest text, and longest item of a list */
    SETTING_LIST_ITEMS = 16,   /* most items of a list */
    SETTINGS_ERROR_BYTES = 512 /* room for what is said about a mistake */
};

/* U32 and U64: whole numbers. STR: text. LIST: items separated by commas, or the option repeated.
 * ENUM: one of the words in the column for the unit; the record has its index, from 0. BOOL: an
 * option alone means true. */
typedef enum {
    SETTING_U32,
    SETTING_U64,
    SETTING_STR,
    SETTING_LIST,
    SETTING_ENUM,
    SETTING_BOOL
} setting_type_t;

typedef struct {
    char items[SETTING_LIST_ITEMS][SETTING_STR_BYTES + 1];
    size_t count;
} setting_list_t;

typedef struct {
    const char *key;
    setting_type_t type;
    size_t offset;    /* of the value in the record */
    uint64_t number;  /* default of U32, U64, BOOL */
    const char *word; /* default of STR, LIST (commas), ENUM */
    uint64_t min;     /* of the number; STR: of its bytes; LIST: of its items */
    uint64_t max;
    const char *unit; /* shown in the help; ENUM: the words, separated by | */
    bool is_live;     /* may change while the program runs */
    const char *text;
} setting_row_t;

typedef struct {
    const char *program; /* "hubbubd" */
    const char *about;   /* one or two sentences under the usage line */
    const setting_row_t *rows;
    size_t row_count;
    const char *common; /* keys shown first in the help, separated by blanks */
    const char *hidden; /* keys left out of the help (they are another program's); "" for none */
} settings_t;

typedef enum { SETTINGS_READ, SETTINGS_HELP, SETTINGS_VERSION, SETTINGS_WRONG } settings_result_t;

/* Fills `out_record` from the defaults, `environment` (as environ; NULL: none) and the arguments.
 *
 * SETTINGS_WRONG: `out_error` (room for SETTINGS_ERROR_BYTES) says in one line, without its end,
 * which option is wrong, how, and what is permitted. SETTINGS_HELP and SETTINGS_VERSION: that was
 * asked for first. The record is untouched unless SETTINGS_READ. Variables HUBBUB_* that are no
 * row's are other programs' and ignored. Nothing is kept of the arguments: the record has copies. */
HUB_MUST_CHECK settings_result_t settings_read(const settings_t *self, int argc, char **argv,
                                               char **environment, void *out_record,
                                               size_t record_size, char *out_error);

/* What --help says, from the table, at most 80 columns wide. */
void settings_print_help(const settings_t *self, FILE *out);

/* The row of that key, NULL if there is none. Borrowed. */
const setting_row_t *settings_find(const settings_t *self, const char *key, size_t key_size);

/* The key most like `key`, NULL when none is near enough to have been meant. */
const setting_row_t *settings_nearest(const settings_t *self, const char *key, size_t key_size);

/* The macros for the .def file, see the example above. */
#define SETTING_FIELD(key, type, fallback, min, max, unit, live, text) SETTING_FIELD_##type(key);
#define SETTING_FIELD_U32(key)                                         uint32_t key
#define SETTING_FIELD_U64(key)                                         uint64_t key
#define SETTING_FIELD_STR(key)                                         char key[SETTING_STR_BYTES + 1]
#define SETTING_FIELD_LIST(key)                                        setting_list_t key
#define SETTING_FIELD_ENUM(key)                                        uint32_t key
#define SETTING_FIELD_BOOL(key)                                        bool key

#define SETTING_ROW(record, key, type, fallback, min, max, unit, live, text)                       \
    {#key,                                                                                         \
     SETTING_##type,                                                                               \
     offsetof(record, key),                                                                        \
     SETTING_FALLBACK_##type(fallback),                                                            \
     min,                                                                                          \
     max,                                                                                          \
     unit,                                                                                         \
     live,                                                                                         \
     text},
#define SETTING_FALLBACK_U32(value)  (value), NULL
#define SETTING_FALLBACK_U64(value)  (value), NULL
#define SETTING_FALLBACK_BOOL(value) (value), NULL
#define SETTING_FALLBACK_STR(value)  0, value
#define SETTING_FALLBACK_LIST(value) 0, value
#define SETTING_FALLBACK_ENUM(value) 0, value

#endif
