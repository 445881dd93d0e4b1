#include "base/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

void secret_wipe(char *secret)
{
    assert(secret);
    explicit_bzero(secret, SECRET_BYTES);
}

/* Byte by byte, so that what stands behind the line is left for others. */
static secret_result_t read_line(int fd, char *out)
{
    size_t size = 0;
    char byte = '\0';
    ssize_t got;
    secret_wipe(out);
    while ((got = read(fd, &byte, 1)) == 1 && byte != '\n') {
        if (size + 1 == SECRET_BYTES) {
            secret_wipe(out);
            return SECRET_TOO_LONG;
        }
        if (byte != '\r')
            out[size++] = byte;
    }
    if (got < 0) {
        secret_wipe(out);
        return SECRET_UNREADABLE;
    }
    return size > 0 ? SECRET_OK : SECRET_NONE;
}

secret_result_t secret_ask(const char *prompt, char *out)
{
    assert(prompt && out);
    struct termios before;
    bool is_terminal = tcgetattr(STDIN_FILENO, &before) == 0;
    if (!is_terminal)
        return read_line(STDIN_FILENO, out);
    struct termios hidden = before;
    hidden.c_lflag &= ~(tcflag_t)ECHO;
    hidden.c_lflag |= ICANON | ECHONL;
    (void)fputs(prompt, stderr);
    (void)fflush(stderr);
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    secret_result_t result = read_line(STDIN_FILENO, out);
    int error = errno;
    (void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    errno = error;
    return result;
}

secret_result_t secret_read_file(const char *path, char *out)
{
    assert(path && out);
    struct stat status;
    secret_wipe(out);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    secret_result_t result = SECRET_UNREADABLE;
    if (fd < 0)
        return result;
    if (fstat(fd, &status) == 0 && (status.st_mode & (S_IRWXG | S_IRWXO)) != 0)
        result = SECRET_OPEN_TO_OTHERS;
    else
        result = read_line(fd, out);
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

const char *secret_trouble(secret_result_t result)
{
    switch (result) {
    case SECRET_OK:
        return "nothing";
    case SECRET_NONE:
        return "there is no password";
    case SECRET_TOO_LONG:
        return "that is too long for a password";
    case SECRET_OPEN_TO_OTHERS:
        return "others can read it: chmod 600";
    case SECRET_UNREADABLE:
        return strerror(errno);
    }
    return "unknown";
}
