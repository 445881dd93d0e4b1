/* hubbub - chat from a terminal, a pipe, or a program that speaks JSON. See docs/client.md. */
#include <limits.h>
#include <locale.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/shell/keys.h"
#include "client/shell/options.h"
#include "client/shell/program.h"

enum { EXIT_USAGE = 2 };

/* Everything is UTF-8 here, also where nobody has set a locale. */
static void set_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* or letters beyond ASCII cannot be typed */
}

/* Inviting is the operator's, on the broker's machine: hubbubctl does it, from beside us or on the path. */
static int invite(char **argv)
{
    static const char OTHER[] = "hubbubctl";
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof path - sizeof OTHER);
    argv[0] = (char *)(uintptr_t)OTHER;
    if (size > 0) {
        path[size] = '\0';
        char *name = strrchr(path, '/');
        memcpy(name + 1, OTHER, sizeof OTHER);
        (void)execv(path, argv);
    }
    (void)execvp(OTHER, argv);
    (void)fprintf(stderr, "hubbub: on the broker's machine run: hubbubctl invite NAME\n");
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    options_t options;
    int status;
    set_locale();
    if (argc > 1 && strcmp(argv[1], "invite") == 0)
        return invite(argv);
    if (options_read(argc, argv, &options, &status) == OPTIONS_EXIT)
        return status;
    if (!keys_settle(&options))
        return EXIT_USAGE;
    return program_run(&options);
}
