/* bench/lines.h - a TCP connection of a load generator, and the lines that come over it. */
#ifndef BENCH_LINES_H
#define BENCH_LINES_H

#include <stddef.h>
#include <sys/types.h>

enum { LINES_HELD = 512 };

/* The beginning of a line that has not come whole yet; of a longer one the beginning is kept. */
typedef struct {
    size_t held;
    char bytes[LINES_HELD];
} lines_t;

/* A line without its end. */
typedef void lines_take_t(void *context, const char *line, size_t size);

/* Splits what came into lines. */
void lines_feed(lines_t *self, const char *bytes, size_t size, lines_take_t *take, void *context);

/* The number in a line that ends with a text of ours (see load.h); -1: it does not. */
long lines_number(const char *line, size_t size, char mark);

/* Connects to 127.0.0.1; ends the program where that fails. */
int lines_connect(const char *port);

/* Sends all of it, waiting as long as it takes; ends the program where that fails. */
void lines_send(int fd, const char *bytes, size_t size);

/* Reads what is there, 0: nothing for now; ends the program where the connection is over. */
size_t lines_read(int fd, char *out, size_t size);

#endif
