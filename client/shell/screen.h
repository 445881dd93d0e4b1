/* client/shell/screen.h - where on a terminal a text ends. Pure, but for the locale's widths. */
#ifndef CLIENT_SHELL_SCREEN_H
#define CLIENT_SHELL_SCREEN_H

#include <stddef.h>

/* Rows below that of its beginning, in the first column, where the cursor stands once `size` bytes of
 * the locale's text have been written on a terminal of `columns` (> 0). */
size_t screen_row(const char *text, size_t size, size_t columns);

#endif
