-- As whom of the host an instance's QEMU runs, from its first start on: an id is one instance's until its row is gone. One
-- without a row here runs, if it does, as the user that all guests shared.
CREATE TABLE guest_users (
  instance_id TEXT NOT NULL UNIQUE,
  user_id     INTEGER NOT NULL UNIQUE CHECK (user_id > 0)
) STRICT;
CREATE TRIGGER guest_users_of_instance AFTER DELETE ON instances
  BEGIN DELETE FROM guest_users WHERE instance_id = OLD.id; END;
