/* broker/core/rights.h - who may do what operators may. */
#ifndef BROKER_CORE_RIGHTS_H
#define BROKER_CORE_RIGHTS_H

#include "broker/core/request.h"

/* True if who asks is an operator: by the link (its endpoint, or the key it came under), or by the
 * account that the session is in under. Nothing that the message says changes it. */
bool is_operators(const core_t *core, const request_t *request);

#endif
