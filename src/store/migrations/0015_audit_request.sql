-- What one request did is found by its id.

-- +up
-- +both
CREATE INDEX audit_request ON audit (request_id, n);

-- +down
-- +both
DROP INDEX audit_request;
