#include "broker/core/rights.h"

#include "broker/core/accounts.h"

#include <assert.h>

bool is_operators(const core_t *core, const request_t *request)
{
    assert(core && request);
    return request->is_operator ||
           (request->session && session_role(core, request->session) == ROLE_OPERATOR);
}
