/* Says hello in the lobby and prints what is said there until its own line has come back. */
#include <hubbub.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
    hubbub_t *chat = hubbub_new(&(hubbub_options_t){.router = argc > 1 ? argv[1] : NULL});
    hubbub_say(chat, "lobby", "hello from C");
    const hubbub_event_t *event;
    while ((event = hubbub_next(chat, 5000)) && event->type != HUBBUB_MESSAGE)
        continue;
    if (event)
        printf("[%s] %s\n", event->nick, event->text);
    hubbub_destroy(&chat);
    return event ? 0 : 1;
}
