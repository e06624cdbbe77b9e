-- What a lifecycle hook was given to notify its topic or queue with, kept and shown.
ALTER TABLE scaling_hooks ADD COLUMN role TEXT NOT NULL DEFAULT '';
