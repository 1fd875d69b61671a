/* What the API and the pages of the portal share about files. */
#ifndef WEB_API_ATTACHMENTS_H
#define WEB_API_ATTACHMENTS_H

#include "desk/attachment.h"
#include "web/ctx.h"

struct attachment_limits api_attachment_limits(const struct ctx *c);
enum rc api_attachment_content(struct ctx *c, struct err *e) MUST_USE; /* {id}: its bytes */

#endif
