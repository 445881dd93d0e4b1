#include "broker/shell/lanes.h"

#include "base/ipc.h"
#include "base/stream.h"
#include "broker/shell/topics.h"
#include "proto/backlog.h"
#include "proto/zmtp.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    PLACES_MAX = 32, /* that one can connect to */
    BACKLOG = 32,
    EVENTS_MAX = 64, /* told at a time */
    /* Beyond the bounds: the beginning, one more frame, answers to pings. */
    OVERHEAD_BYTES = ZMTP_BEGINNING_BYTES + ZMTP_WHOLE_BYTES + 65536,
    ROUTING_BYTES = sizeof(uint32_t),
};

/* Begins what the epoll set tells of. */
typedef enum { IS_PLACE, IS_LANE } told_t;

/* Where one connects. */
typedef struct {
    told_t told;
    bool is_pub;
    bool has_news; /* somebody waits there, or did */
    int fd;
    ipc_t address;
} place_t;

/* A connection. */
typedef struct {
    told_t told;
    bool is_lost;
    bool has_spoken;  /* it is a link */
    bool has_input;   /* there may be a whole frame in what was read */
    bool skips_rest;  /* of a message whose first frame was handed over */
    uint32_t number;  /* of the link */
    topics_t *topics; /* NULL: no SUB */
    zmtp_t zmtp;
    stream_t stream;
    backlog_t output;
} lane_t;

struct lanes {
    int epoll_fd;
    uint32_t last_number;
    lane_t *lanes[LANES_MAX];
    size_t count;
    place_t places[PLACES_MAX];
    size_t place_count;
};

lanes_t *lanes_new(void)
{
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    if (epoll_fd < 0)
        return NULL;
    lanes_t *self = calloc(1, sizeof *self);
    assert(self);
    self->epoll_fd = epoll_fd;
    return self;
}

static void end(lane_t *lane)
{
    stream_fini(&lane->stream);
    backlog_fini(&lane->output);
    topics_destroy(&lane->topics);
    free(lane);
}

static void close_place(const place_t *place)
{
    (void)close(place->fd);
    if (ipc_path(&place->address))
        (void)unlink(ipc_path(&place->address));
}

void lanes_destroy(lanes_t **self_p)
{
    assert(self_p);
    lanes_t *self = *self_p;
    if (self == NULL)
        return;
    for (size_t i = 0; i < self->count; i++)
        end(self->lanes[i]);
    for (size_t i = 0; i < self->place_count; i++)
        close_place(&self->places[i]);
    (void)close(self->epoll_fd);
    free(self);
    *self_p = NULL;
}

int lanes_fd(const lanes_t *self)
{
    assert(self);
    return self->epoll_fd;
}

/* --- who comes ---------------------------------------------------------------------------------- */

static bool watch_place(lanes_t *self, place_t *place)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = place};
    return epoll_ctl(self->epoll_fd, EPOLL_CTL_ADD, place->fd, &event) == 0;
}

bool lanes_bind(lanes_t *self, const char *endpoint, bool is_pub)
{
    assert(self && endpoint);
    errno = ENAMETOOLONG; /* or no ipc endpoint at all */
    if (self->place_count == PLACES_MAX)
        return false;
    place_t *place = &self->places[self->place_count];
    *place = (place_t){.told = IS_PLACE, .is_pub = is_pub};
    if (!ipc_address(endpoint, strlen(endpoint), IPC_LANE, &place->address))
        return false;
    place->fd = ipc_listen(&place->address, BACKLOG);
    if (place->fd < 0)
        return false;
    self->place_count++;
    if (watch_place(self, place))
        return true;
    self->place_count--;
    close_place(place);
    return false;
}

/* The descriptor's ownership goes in. */
static void add(lanes_t *self, int fd, bool is_pub)
{
    lane_t *lane = calloc(1, sizeof *lane);
    assert(lane);
    lane->told = IS_LANE;
    lane->number = ++self->last_number;
    lane->zmtp.role = is_pub ? ZMTP_PUB : ZMTP_ROUTER;
    lane->topics = is_pub ? topics_new() : NULL;
    stream_init(&lane->stream);
    backlog_init(&lane->output, (is_pub ? LANE_PUBLISH_BYTES : LANE_SEND_BYTES) + OVERHEAD_BYTES);
    lane->stream.is_told = true; /* who connects speaks at once */
    zmtp_begin(lane->zmtp.role, &lane->output.bytes);
    if (stream_open(&lane->stream, fd, self->epoll_fd, lane))
        self->lanes[self->count++] = lane;
    else
        end(lane);
}

/* A place for somebody new: that of one who connected and has not even greeted. */
static bool make_way(lanes_t *self)
{
    for (size_t i = 0; i < self->count && self->count == LANES_MAX; i++) {
        if (self->lanes[i]->zmtp.stage == ZMTP_TRAFFIC)
            continue;
        end(self->lanes[i]);
        self->lanes[i] = self->lanes[--self->count];
    }
    return self->count < LANES_MAX;
}

/* Whoever finds no place is told so by the end of the connection, and takes the other way. */
static void let_in(lanes_t *self, place_t *place)
{
    while (place->has_news) {
        int fd = accept4(place->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
        if (fd >= 0 && make_way(self))
            add(self, fd, place->is_pub);
        else if (fd >= 0)
            (void)close(fd);
        else if (errno != EINTR && errno != ECONNABORTED)
            place->has_news = errno != EAGAIN && errno != EWOULDBLOCK;
        if (fd < 0 && place->has_news)
            return; /* there is no descriptor: next time */
    }
}

static void flush(lane_t *lane)
{
    span_t waits = backlog_span(&lane->output);
    size_t sent;
    if (!stream_send(&lane->stream, waits.data, waits.size, &sent))
        lane->is_lost = true;
    if (sent > 0)
        backlog_drop(&lane->output, sent);
}

static void notice(lane_t *lane, uint32_t events)
{
    stream_notice(&lane->stream, events);
    if (events & EPOLLOUT)
        flush(lane);
}

void lanes_look(lanes_t *self, bool takes_new)
{
    assert(self);
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(self->epoll_fd, events, EVENTS_MAX, 0);
    for (int i = 0; i < count; i++) {
        if (*(told_t *)events[i].data.ptr == IS_PLACE)
            ((place_t *)events[i].data.ptr)->has_news = true;
        else
            notice(events[i].data.ptr, events[i].events);
    }
    for (size_t i = 0; takes_new && i < self->place_count; i++)
        let_in(self, &self->places[i]);
}

/* --- what comes --------------------------------------------------------------------------------- */

static span_t routing_of(const lane_t *lane, char out[ROUTING_BYTES])
{
    memcpy(out, &lane->number, ROUTING_BYTES);
    return (span_t){out, ROUTING_BYTES};
}

/* Takes one thing: from what was read, or what there is to be read. ZMTP_WAIT: there is nothing. */
static zmtp_found_t take(lane_t *lane, span_t *out)
{
    for (;;) {
        span_t input;
        input.data = stream_input(&lane->stream, &input.size);
        zmtp_found_t found = zmtp_take(&lane->zmtp, &input, out);
        stream_left(&lane->stream, input.size);
        lane->has_input = found != ZMTP_WAIT;
        if (lane->has_input)
            return found;
        stream_read_t came = stream_read(&lane->stream, ZMTP_WHOLE_BYTES);
        lane->is_lost |= came == STREAM_LOST;
        if (came != STREAM_CAME)
            return ZMTP_WAIT;
    }
}

/* A frame of a SUB, which says what it wants. */
static void subscribe(lane_t *lane, span_t frame)
{
    span_t topic;
    bool is_wanted;
    if (!zmtp_topic(frame, &topic, &is_wanted) || !topics_set(lane->topics, topic, is_wanted))
        lane->is_lost = true;
}

static void hand_over(lane_t *lane, span_t frame, const lanes_calls_t *calls)
{
    char routing[ROUTING_BYTES];
    bool is_first = !lane->skips_rest;
    lane->skips_rest = lane->zmtp.has_more;
    lane->has_spoken = true;
    if (is_first)
        calls->frame(calls->context, routing_of(lane, routing), frame, lane->zmtp.has_more);
}

static void receive(lane_t *lane, int most, const lanes_calls_t *calls)
{
    span_t taken;
    for (int i = 0; i < most && !lane->is_lost; i++) {
        zmtp_found_t found = take(lane, &taken);
        if (found == ZMTP_WAIT)
            return;
        if (found == ZMTP_WRONG || (found == ZMTP_PING && !zmtp_pong(&lane->output.bytes, taken)))
            lane->is_lost = true;
        else if (found == ZMTP_FRAME && lane->topics)
            subscribe(lane, taken);
        else if (found == ZMTP_FRAME)
            hand_over(lane, taken, calls);
    }
}

/* Those that were lost are told of and forgotten. */
static void clear(lanes_t *self, const lanes_calls_t *calls)
{
    size_t kept = 0;
    for (size_t i = 0; i < self->count; i++) {
        lane_t *lane = self->lanes[i];
        char routing[ROUTING_BYTES];
        if (!lane->is_lost) {
            self->lanes[kept++] = lane;
            continue;
        }
        if (lane->has_spoken)
            calls->gone(calls->context, routing_of(lane, routing));
        end(lane);
    }
    self->count = kept;
}

static bool has_input(const lane_t *lane)
{
    return lane->is_lost || lane->has_input || lane->stream.is_told;
}

void lanes_receive(lanes_t *self, int most, const lanes_calls_t *calls)
{
    assert(self && calls);
    bool is_any_lost = false;
    for (size_t i = 0; i < self->count; i++) {
        if (has_input(self->lanes[i]))
            receive(self->lanes[i], most, calls);
        is_any_lost |= self->lanes[i]->is_lost;
    }
    if (is_any_lost)
        clear(self, calls);
}

bool lanes_has_input(const lanes_t *self)
{
    assert(self);
    for (size_t i = 0; i < self->count; i++)
        if (has_input(self->lanes[i]))
            return true;
    return false;
}

/* --- what goes ---------------------------------------------------------------------------------- */

static lane_t *find(const lanes_t *self, span_t routing)
{
    char own[ROUTING_BYTES];
    for (size_t i = 0; i < self->count; i++)
        if (span_equal(routing_of(self->lanes[i], own), routing))
            return self->lanes[i];
    return NULL;
}

sent_t lanes_send(lanes_t *self, span_t routing, span_t frame)
{
    assert(self);
    lane_t *lane = find(self, routing);
    if (lane == NULL || lane->is_lost)
        return NO_PEER;
    if (backlog_span(&lane->output).size > LANE_SEND_BYTES)
        return NOT_YET;
    return zmtp_put(&lane->output.bytes, frame) ? SENT : NOT_YET;
}

/* As PUB does: who is too slow finds the hole. */
static void put_published(lane_t *lane, span_t frame)
{
    bool has_room = backlog_span(&lane->output).size <= LANE_PUBLISH_BYTES;
    if (has_room && !zmtp_put(&lane->output.bytes, frame))
        return;
}

void lanes_publish(lanes_t *self, span_t frame)
{
    assert(self);
    for (size_t i = 0; i < self->count; i++) {
        lane_t *lane = self->lanes[i];
        if (lane->topics && topics_want(lane->topics, frame))
            put_published(lane, frame);
    }
}

static void flush_kind(lanes_t *self, bool is_pub)
{
    for (size_t i = 0; i < self->count; i++) {
        lane_t *lane = self->lanes[i];
        if ((lane->topics != NULL) == is_pub && !lane->stream.is_waiting && !lane->is_lost)
            flush(lane);
    }
}

/* What people wait for first: a bridge that has it does not need the acknowledgement to go on. */
void lanes_flush(lanes_t *self)
{
    assert(self);
    flush_kind(self, true);
    flush_kind(self, false);
}
