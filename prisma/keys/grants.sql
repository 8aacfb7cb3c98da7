-- Rights of the services on schema "keys"; ARCHITECTURE.md has the table. Idempotent, applied after each migration.
GRANT USAGE ON SCHEMA "keys" TO keys_service;
GRANT SELECT, INSERT, UPDATE ON "keys"."users", "keys"."devices" TO keys_service;
GRANT SELECT, INSERT, DELETE ON "keys"."directory_outbox" TO keys_service;
GRANT USAGE ON SEQUENCE "keys"."directory_outbox_id_seq" TO keys_service;
