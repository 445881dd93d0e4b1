#include "broker/shell/hasher.h"

#include "proto/tables.h"

#include <assert.h>
#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { WORK_PASSES = 2, WORK_BYTES = 19456 * 1024, MOST = LIMIT_HASHES_WAITING };

_Static_assert(ACCOUNT_HASH_BYTES == crypto_pwhash_STRBYTES, "a hash fits");

typedef struct {
    uint64_t number;
    size_t password_size;
    char password[LIMIT_PASSWORD_BYTES];
    char hash[ACCOUNT_HASH_BYTES];
} job_t;

/* Numbers of what was put, taken by the thread and taken by the owner, ever: the places in both rings. */
struct hasher {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int fd;
    bool is_closing;
    uint64_t put, done, taken;
    job_t jobs[MOST];
    hasher_answer_t answers[MOST];
};

static void must(int failed)
{
    assert(failed == 0);
    (void)failed;
}

/* Takes the next job, waiting for it. False: there will be none. */
static bool take_job(hasher_t *self, job_t *out)
{
    must(pthread_mutex_lock(&self->lock));
    while (self->done == self->put && !self->is_closing)
        must(pthread_cond_wait(&self->filled, &self->lock));
    bool is_closing = self->is_closing;
    job_t *job = &self->jobs[self->done % MOST];
    if (!is_closing) {
        *out = *job;
        sodium_memzero(job, sizeof *job);
    }
    must(pthread_mutex_unlock(&self->lock));
    return !is_closing;
}

static hasher_answer_t work(const job_t *job)
{
    hasher_answer_t answer = {.number = job->number, .err = HUB_OK};
    bool is_good;
    if (job->hash[0]) {
        is_good = crypto_pwhash_str_verify(job->hash, job->password, job->password_size) == 0;
        answer.err = is_good ? HUB_OK : HUB_DENIED;
        return answer;
    }
    is_good = crypto_pwhash_str_alg(answer.hash, job->password, job->password_size, WORK_PASSES,
                                    WORK_BYTES, crypto_pwhash_ALG_ARGON2ID13) == 0;
    answer.err = is_good ? HUB_OK : HUB_BUSY;
    return answer;
}

static void give_answer(hasher_t *self, const hasher_answer_t *answer)
{
    must(pthread_mutex_lock(&self->lock));
    self->answers[self->done++ % MOST] = *answer;
    must(pthread_mutex_unlock(&self->lock));
    (void)eventfd_write(self->fd, 1);
}

static void *run(void *context)
{
    hasher_t *self = context;
    job_t job;
    while (take_job(self, &job)) {
        hasher_answer_t answer = work(&job);
        sodium_memzero(&job, sizeof job);
        give_answer(self, &answer);
    }
    return NULL;
}

hasher_t *hasher_new(void)
{
    hasher_t *self = calloc(1, sizeof *self);
    assert(self);
    must(pthread_mutex_init(&self->lock, NULL));
    must(pthread_cond_init(&self->filled, NULL));
    self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (self->fd >= 0 && pthread_create(&self->thread, NULL, run, self) == 0)
        return self;
    if (self->fd >= 0)
        (void)close(self->fd);
    free(self);
    return NULL;
}

void hasher_destroy(hasher_t **self_p)
{
    assert(self_p);
    hasher_t *self = *self_p;
    if (self == NULL)
        return;
    must(pthread_mutex_lock(&self->lock));
    self->is_closing = true;
    must(pthread_cond_signal(&self->filled));
    must(pthread_mutex_unlock(&self->lock));
    must(pthread_join(self->thread, NULL));
    must(pthread_mutex_destroy(&self->lock));
    must(pthread_cond_destroy(&self->filled));
    (void)close(self->fd);
    sodium_memzero(self, sizeof *self);
    free(self);
    *self_p = NULL;
}

int hasher_fd(const hasher_t *self)
{
    assert(self);
    return self->fd;
}

void hasher_put(hasher_t *self, uint64_t number, span_t password, span_t hash)
{
    assert(self && password.size > 0 && password.size <= LIMIT_PASSWORD_BYTES);
    assert(hash.size < ACCOUNT_HASH_BYTES);
    must(pthread_mutex_lock(&self->lock));
    assert(self->put - self->taken < MOST);
    job_t *job = &self->jobs[self->put++ % MOST];
    *job = (job_t){.number = number, .password_size = password.size};
    memcpy(job->password, password.data, password.size);
    if (hash.size > 0)
        memcpy(job->hash, hash.data, hash.size);
    must(pthread_cond_signal(&self->filled));
    must(pthread_mutex_unlock(&self->lock));
}

bool hasher_next(hasher_t *self, hasher_answer_t *out)
{
    assert(self && out);
    eventfd_t count;
    (void)eventfd_read(self->fd, &count); /* before looking: what comes later tells again */
    must(pthread_mutex_lock(&self->lock));
    bool has_answer = self->taken < self->done;
    if (has_answer)
        *out = self->answers[self->taken++ % MOST];
    must(pthread_mutex_unlock(&self->lock));
    return has_answer;
}
