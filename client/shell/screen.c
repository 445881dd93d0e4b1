#include "client/shell/screen.h"

#include <assert.h>
#include <wchar.h>

enum { CONTROL_WIDTH = 2 }; /* the editor shows ^A */

/* Columns of the character at `text`, and its bytes. */
static size_t width_of(const char *text, size_t size, mbstate_t *state, size_t *out_bytes)
{
    wchar_t character;
    size_t bytes = mbrtowc(&character, text, size, state);
    if (bytes == 0 || bytes > size) { /* a zero, or no character */
        *state = (mbstate_t){0};
        *out_bytes = 1;
        return CONTROL_WIDTH;
    }
    *out_bytes = bytes;
    int width = wcwidth(character);
    return width < 0 ? CONTROL_WIDTH : (size_t)width;
}

size_t screen_row(const char *text, size_t size, size_t columns)
{
    assert((text || size == 0) && columns > 0);
    mbstate_t state = {0};
    size_t row = 0;
    size_t column = 0;
    for (size_t at = 0, bytes; at < size; at += bytes) {
        size_t width = width_of(text + at, size - at, &state, &bytes);
        if (column + width > columns) { /* a wide one does not fit: it goes below */
            row++;
            column = 0;
        }
        column += width;
        if (column >= columns) {
            row++;
            column = 0;
        }
    }
    return row;
}
