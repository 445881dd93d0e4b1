/* hubbub - chat from a terminal, a pipe, or a program that speaks JSON. See docs/client.md. */
#include <locale.h>
#include <stdlib.h>

#include "client/shell/options.h"
#include "client/shell/program.h"

/* Everything is UTF-8 here, also where nobody has set a locale. */
static void set_locale(void)
{
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        (void)setlocale(LC_CTYPE, "C.UTF-8"); /* or letters beyond ASCII cannot be typed */
}

int main(int argc, char **argv)
{
    options_t options;
    int status;
    set_locale();
    if (options_read(argc, argv, &options, &status) == OPTIONS_EXIT)
        return status;
    return program_run(&options);
}
