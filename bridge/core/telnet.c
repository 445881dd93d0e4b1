#include "bridge/core/telnet.h"

#include <assert.h>
#include <string.h>

typedef enum {
    STATE_DATA,
    STATE_COMMAND, /* after IAC */
    STATE_WILL,    /* the next byte is the option */
    STATE_DO,
    STATE_WONT_OR_DONT,
    STATE_SKIP,        /* in a subnegotiation */
    STATE_SKIP_COMMAND /* after an IAC in one */
} state_t;

enum {
    IAC = 0xff,
    DONT = 0xfe,
    DO = 0xfd,
    WONT = 0xfc,
    WILL = 0xfb,
    SB = 0xfa,
    AYT = 0xf6,
    SE = 0xf0,
    ECHO = 1 /* an option */
};

/* Looked at in one step. Not all there is: input of nothing but IACs would be looked through once for each. */
enum { STEP_BYTES = 256 };

static void answer(telnet_t *self, telnet_answers_t *answers, uint8_t verb, uint8_t option)
{
    if (answers->size + 3 > sizeof answers->bytes || self->answered == TELNET_ANSWERS)
        return;
    self->answered++;
    char *place = answers->bytes + answers->size;
    place[0] = (char)IAC;
    place[1] = (char)verb;
    place[2] = (char)option;
    answers->size += 3;
}

/* The byte after IAC. True: it stands for itself and is text. */
static bool command(telnet_t *self, uint8_t byte, telnet_answers_t *answers)
{
    self->state = STATE_DATA;
    switch (byte) {
    case IAC:
        return true;
    case WILL:
        self->state = STATE_WILL;
        break;
    case DO:
        self->state = STATE_DO;
        break;
    case WONT:
    case DONT:
        self->state = STATE_WONT_OR_DONT;
        break;
    case SB:
        self->state = STATE_SKIP;
        self->skipped = 0;
        break;
    case AYT:
        answers->was_asked = true;
        break;
    default:
        break;
    }
    return false;
}

static void skip(telnet_t *self, uint8_t byte)
{
    bool is_end = self->state == STATE_SKIP_COMMAND && byte == SE;
    if (is_end || ++self->skipped >= TELNET_SKIP_BYTES)
        self->state = STATE_DATA;
    else if (self->state == STATE_SKIP && byte == IAC)
        self->state = STATE_SKIP_COMMAND;
    else
        self->state = STATE_SKIP;
}

/* True: the byte is text. */
static bool protocol(telnet_t *self, uint8_t byte, telnet_answers_t *answers)
{
    switch ((state_t)self->state) {
    case STATE_DATA:
        if (byte != IAC)
            return true;
        self->state = STATE_COMMAND;
        return false;
    case STATE_COMMAND:
        return command(self, byte, answers);
    case STATE_WILL:
        answer(self, answers, DONT, byte);
        break;
    case STATE_DO:
        if (byte != ECHO || !self->has_echo)
            answer(self, answers, WONT, byte);
        break;
    case STATE_WONT_OR_DONT: /* what we refused; a refusal is not answered */
        break;
    case STATE_SKIP:
    case STATE_SKIP_COMMAND:
        skip(self, byte);
        return false;
    }
    self->state = STATE_DATA;
    return false;
}

/* How many bytes at the beginning are text as they are, at most STEP_BYTES: up to an IAC or a CR, or none where
 * what came before them counts. */
static size_t plain_bytes(const telnet_t *self, const char *bytes, size_t size)
{
    if (self->state != STATE_DATA || self->is_after_return)
        return 0;
    if (size > STEP_BYTES)
        size = STEP_BYTES;
    const char *end = memchr(bytes, '\r', size);
    if (end)
        size = (size_t)(end - bytes);
    end = memchr(bytes, IAC, size);
    return end ? (size_t)(end - bytes) : size;
}

size_t telnet_filter(telnet_t *self, char *bytes, size_t size, telnet_answers_t *answers)
{
    assert(self && answers && (bytes || size == 0));
    assert(self->state <= STATE_SKIP_COMMAND && self->answered <= TELNET_ANSWERS);
    size_t kept = 0, i = 0;
    while (i < size) {
        size_t plain = plain_bytes(self, bytes + i, size - i);
        if (plain > 0) {
            memmove(bytes + kept, bytes + i, plain);
            kept += plain;
            i += plain;
            continue;
        }
        uint8_t byte = (uint8_t)bytes[i++];
        if (!protocol(self, byte, answers))
            continue;
        bool ends = byte == '\n' || (byte == '\0' && self->is_after_return);
        self->is_after_return = byte == '\r';
        if (byte != '\r')
            bytes[kept++] = ends ? '\n' : (char)byte;
    }
    assert(kept <= size);
    return kept;
}
