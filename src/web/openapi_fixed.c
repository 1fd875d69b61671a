/* The parts of the OpenAPI document that no table holds: problems, pages, ways to log in. */
#include "web/openapi_priv.h"

#define TEXT(lit) { lit, sizeof(lit) - 1 }

const struct str openapi_fixed_schemas = TEXT(
    "\"Page\":{\"type\":\"object\",\"required\":[\"next\",\"prev\",\"has_more\"],\"properties\":{"
    "\"next\":{\"type\":[\"string\",\"null\"],\"description\":\"Cursor of the next page, for after=.\"},"
    "\"prev\":{\"type\":[\"string\",\"null\"],\"description\":\"Cursor of the page before.\"},"
    "\"has_more\":{\"type\":\"boolean\"},\"count\":{\"type\":\"integer\",\"minimum\":0}}},"
    "\"Problem\":{\"type\":\"object\",\"description\":\"RFC 9457.\",\"required\":[\"type\",\"title\",\"status\",\"detail\","
    "\"instance\",\"code\",\"request_id\",\"errors\"],\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
    "\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},\"detail\":{\"type\":\"string\"},"
    "\"instance\":{\"type\":\"string\"},\"code\":{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"},"
    "\"errors\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/ProblemField\"}},"
    "\"current\":{\"type\":\"object\",\"description\":\"412: the object as it is now.\"}},"
    "\"example\":{\"type\":\"/api/docs#problem-invalid\",\"title\":\"Values not allowed\",\"status\":422,"
    "\"detail\":\"Some values are not allowed; see errors.\",\"instance\":\"/api/v1/tickets\",\"code\":\"invalid\","
    "\"request_id\":\"f3JxQ0mV9cT1a2b4\",\"errors\":[{\"pointer\":\"/title\",\"code\":\"required\",\"detail\":\"is missing\"}]}},"
    "\"ProblemField\":{\"type\":\"object\",\"required\":[\"pointer\",\"code\",\"detail\"],\"properties\":{"
    "\"pointer\":{\"type\":\"string\",\"description\":\"JSON pointer of a body field, or the name of a parameter or header.\"},"
    "\"code\":{\"type\":\"string\"},\"detail\":{\"type\":\"string\"},\"allowed\":{\"type\":\"string\"}}}");

const struct str openapi_fixed_components = TEXT(
    "\"securitySchemes\":{"
    "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\",\"description\":\"An access token of login or refresh, or an API token.\"},"
    "\"session\":{\"type\":\"apiKey\",\"in\":\"cookie\",\"name\":\"session_id\",\"description\":\"The cookie of login; __Host-session_id under HTTPS.\"},"
    "\"csrf\":{\"type\":\"apiKey\",\"in\":\"header\",\"name\":\"X-CSRF-Token\",\"description\":\"With the cookie, on every unsafe method.\"}},"
    "\"parameters\":{"
    "\"RequestId\":{\"name\":\"X-Request-Id\",\"in\":\"header\",\"description\":\"Taken over into answer and logs.\",\"schema\":{\"type\":\"string\",\"maxLength\":64,\"pattern\":\"^[A-Za-z0-9._-]+$\"}},"
    "\"ApiVersion\":{\"name\":\"API-Version\",\"in\":\"header\",\"schema\":{\"type\":\"string\",\"enum\":[\"v1\",\"1\"]}},"
    "\"IdempotencyKey\":{\"name\":\"Idempotency-Key\",\"in\":\"header\",\"description\":\"The same key and body within 24 hours get the stored answer.\",\"schema\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":255}},"
    "\"IfMatch\":{\"name\":\"If-Match\",\"in\":\"header\",\"description\":\"The ETag the change is based on.\",\"schema\":{\"type\":\"string\"}},"
    "\"IfNoneMatch\":{\"name\":\"If-None-Match\",\"in\":\"header\",\"schema\":{\"type\":\"string\"}}},"
    "\"headers\":{"
    "\"X-Request-Id\":{\"schema\":{\"type\":\"string\"}},"
    "\"RateLimit\":{\"description\":\"What is left of the bucket, and seconds until it is full.\",\"schema\":{\"type\":\"string\"}},"
    "\"RateLimit-Policy\":{\"schema\":{\"type\":\"string\"}},"
    "\"Server-Timing\":{\"schema\":{\"type\":\"string\"}},"
    "\"Location\":{\"description\":\"Where the new object is.\",\"schema\":{\"type\":\"string\"}},"
    "\"Retry-After\":{\"description\":\"Seconds.\",\"schema\":{\"type\":\"integer\"}}}");
