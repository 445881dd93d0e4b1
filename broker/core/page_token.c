#include "broker/core/page_token.h"

#include <assert.h>

enum { DIGITS = 20 };

hub_err_t page_read(request_t *request, uint64_t *out_number)
{
    assert(request && out_number);
    span_t page = message_span(request->message, KEY_page);
    *out_number = 0;
    request->hint = "page is the next of the page before";
    for (size_t i = 0; i < page.size; i++) {
        if (page.data[i] < '0' || page.data[i] > '9' || *out_number > UINT64_MAX / 10 - 1)
            return HUB_BAD_REQUEST;
        *out_number = *out_number * 10 + (uint64_t)(page.data[i] - '0');
    }
    request->hint = NULL;
    return HUB_OK;
}

void page_write_next(writer_t *writer, uint64_t number)
{
    assert(writer);
    char digits[DIGITS];
    size_t place = sizeof digits;
    do
        digits[--place] = (char)('0' + number % 10);
    while ((number /= 10) > 0);
    write_str(writer, KEY_next, (span_t){digits + place, sizeof digits - place});
}

size_t page_wanted(const message_t *message, size_t maximum)
{
    assert(message);
    uint64_t limit = message_uint(message, KEY_limit);
    return message_has(message, KEY_limit) && limit < maximum ? (size_t)limit : maximum;
}
