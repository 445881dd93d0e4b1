#include "broker/store/checkpointer.h"

#include <assert.h>
#include <sys/resource.h>
#include <unistd.h>

enum { NICE = 5 }; /* who waits for an answer goes first; it must get on all the same */

void checkpointer_init(checkpointer_t *self, const place_t *place, const char *vfs,
                       mailbox_t *asker)
{
    assert(self && place && asker);
    *self = (checkpointer_t){.place = place, .vfs = vfs, .asker = asker};
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->changed, NULL);
}

void checkpointer_fini(checkpointer_t *self)
{
    assert(self);
    pthread_cond_destroy(&self->changed);
    pthread_mutex_destroy(&self->lock);
}

void checkpointer_ask(checkpointer_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    assert(!self->is_asked && !self->is_over);
    self->is_asked = true;
    pthread_mutex_unlock(&self->lock);
    pthread_cond_broadcast(&self->changed);
}

bool checkpointer_take(checkpointer_t *self, checkpoint_t *out)
{
    assert(self && out);
    pthread_mutex_lock(&self->lock);
    bool is_over = self->is_over;
    self->is_over = false;
    *out = self->last;
    pthread_mutex_unlock(&self->lock);
    return is_over;
}

checkpoint_t checkpointer_wait(checkpointer_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    assert(self->is_asked || self->is_over);
    while (!self->is_over)
        pthread_cond_wait(&self->changed, &self->lock);
    self->is_over = false;
    checkpoint_t last = self->last;
    pthread_mutex_unlock(&self->lock);
    return last;
}

void checkpointer_close(checkpointer_t *self)
{
    assert(self);
    pthread_mutex_lock(&self->lock);
    self->is_closed = true;
    pthread_mutex_unlock(&self->lock);
    pthread_cond_broadcast(&self->changed);
}

checkpoint_t checkpointer_bring(db_t *db)
{
    assert(db && db->handle);
    int pages = 0, brought = 0;
    int code =
        sqlite3_wal_checkpoint_v2(db->handle, "main", SQLITE_CHECKPOINT_PASSIVE, &pages, &brought);
    return (checkpoint_t){code, brought > 0 ? brought : 0};
}

/* A connection learns that there is a journal by reading. */
static int connect(checkpointer_t *self)
{
    if (self->db.handle)
        return SQLITE_OK;
    int code = db_open(&self->db, self->place->database, self->vfs, DB_WRITES);
    if (code == SQLITE_OK)
        code = db_run(&self->db, "PRAGMA wal_autocheckpoint = 0; SELECT 1 FROM sqlite_schema");
    /* After a failed fsync the journal must be left as it is. */
    if (code == SQLITE_OK)
        code = sqlite3_db_config(self->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    return code;
}

static checkpoint_t work(checkpointer_t *self)
{
    checkpoint_t result = {.code = connect(self)};
    if (result.code == SQLITE_OK)
        result = checkpointer_bring(&self->db);
    if (result.code != SQLITE_OK && (result.code & 0xff) != SQLITE_BUSY)
        db_close(&self->db); /* the next time begins anew */
    return result;
}

/* Waits to be asked. False: it is closed. */
static bool is_wanted(checkpointer_t *self)
{
    pthread_mutex_lock(&self->lock);
    while (!self->is_asked && !self->is_closed)
        pthread_cond_wait(&self->changed, &self->lock);
    bool is_asked = self->is_asked;
    pthread_mutex_unlock(&self->lock);
    return is_asked;
}

void *checkpointer_run(void *context)
{
    checkpointer_t *self = context;
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), NICE); /* a thread's own, on Linux */
    while (is_wanted(self)) {
        checkpoint_t result = work(self);
        pthread_mutex_lock(&self->lock);
        self->last = result;
        self->is_asked = false;
        self->is_over = true;
        pthread_mutex_unlock(&self->lock);
        pthread_cond_broadcast(&self->changed);
        mailbox_call(self->asker);
    }
    db_close(&self->db);
    return NULL;
}
