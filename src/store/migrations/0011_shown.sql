-- A number that changes with whatever is shown of a ticket although its version stays: names of people
-- and organisations, the words and authors of messages.  Nodes keep ready JSON while it stays the same
-- (web/ticket_cache.h); triggers see to it, so that no statement can forget it.

-- +up
-- +both
INSERT INTO counters (name, value) VALUES ('shown', 1);
-- +sqlite
CREATE TRIGGER shown_user AFTER UPDATE OF name ON users WHEN OLD.name <> NEW.name
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_organization AFTER UPDATE OF name ON organizations WHEN OLD.name <> NEW.name
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_ticket AFTER UPDATE ON tickets WHEN OLD.version = NEW.version
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_message AFTER UPDATE ON messages
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_message_gone AFTER DELETE ON messages
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_file AFTER UPDATE ON attachments WHEN OLD.message_id IS NOT NULL
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
CREATE TRIGGER shown_file_gone AFTER DELETE ON attachments WHEN OLD.message_id IS NOT NULL
BEGIN UPDATE counters SET value = value + 1 WHERE name = 'shown'; END;
-- +postgres
-- Random, not counted on: a standby that takes over may not know the last numbers.
CREATE FUNCTION shown_changed() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN UPDATE counters SET value = floor(random() * 9007199254740992) WHERE name = 'shown'; RETURN NULL; END $$;
CREATE TRIGGER shown_user AFTER UPDATE OF name ON users
FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_organization AFTER UPDATE OF name ON organizations
FOR EACH ROW WHEN (OLD.name <> NEW.name) EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_ticket AFTER UPDATE ON tickets
FOR EACH ROW WHEN (OLD.version = NEW.version) EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_message AFTER UPDATE ON messages FOR EACH STATEMENT EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_message_gone AFTER DELETE ON messages FOR EACH STATEMENT EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_file AFTER UPDATE ON attachments
FOR EACH ROW WHEN (OLD.message_id IS NOT NULL) EXECUTE FUNCTION shown_changed();
CREATE TRIGGER shown_file_gone AFTER DELETE ON attachments
FOR EACH ROW WHEN (OLD.message_id IS NOT NULL) EXECUTE FUNCTION shown_changed();

-- +down
-- +sqlite
DROP TRIGGER shown_file_gone;
DROP TRIGGER shown_file;
DROP TRIGGER shown_message_gone;
DROP TRIGGER shown_message;
DROP TRIGGER shown_ticket;
DROP TRIGGER shown_organization;
DROP TRIGGER shown_user;
-- +postgres
DROP TRIGGER shown_file_gone ON attachments;
DROP TRIGGER shown_file ON attachments;
DROP TRIGGER shown_message_gone ON messages;
DROP TRIGGER shown_message ON messages;
DROP TRIGGER shown_ticket ON tickets;
DROP TRIGGER shown_organization ON organizations;
DROP TRIGGER shown_user ON users;
DROP FUNCTION shown_changed();
-- +both
DELETE FROM counters WHERE name = 'shown';
