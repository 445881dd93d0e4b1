#include "base/signals.h"

#include <assert.h>
#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <unistd.h>

int signals_open(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted); /* neither this nor sigaddset can fail for these arguments */
    (void)sigaddset(&wanted, SIGINT);
    (void)sigaddset(&wanted, SIGTERM);
    int status = pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    assert(status == 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    status = sigaction(SIGPIPE, &ignore, NULL);
    assert(status == 0);
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

static sigset_t reload_set(void)
{
    sigset_t wanted;
    (void)sigemptyset(&wanted);
    (void)sigaddset(&wanted, SIGHUP);
    return wanted;
}

void signals_hold_reload(void)
{
    sigset_t wanted = reload_set();
    int status = pthread_sigmask(SIG_BLOCK, &wanted, NULL);
    assert(status == 0);
    (void)status;
}

int signals_open_reload(void)
{
    sigset_t wanted = reload_set();
    return signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
}

int signals_take(int fd)
{
    struct signalfd_siginfo signal;
    assert(fd >= 0);
    if (read(fd, &signal, sizeof signal) != (ssize_t)sizeof signal)
        return 0;
    assert(signal.ssi_signo == SIGINT || signal.ssi_signo == SIGTERM);
    return (int)signal.ssi_signo;
}
