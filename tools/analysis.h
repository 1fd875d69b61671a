/* Told to clang-tidy and gcc -fanalyzer only (tools/check), before every file: these functions live in another file,
 * so an analyzer would think that a refusal may return RC_OK, and follow paths that cannot be. */
#if __has_include("base/err.h")
#include "base/err.h"
#define err_set(e, rc_, ...) (((err_set)(e, rc_, __VA_ARGS__)), (rc_) == RC_OK ? RC_FAIL : (rc_))
#define err_fail(e, ...) (((err_fail)(e, __VA_ARGS__)), RC_FAIL)
#define err_field(e, ...) (((err_field)(e, __VA_ARGS__)), (e)->rc == RC_OK ? RC_INVALID : (e)->rc)
#endif
