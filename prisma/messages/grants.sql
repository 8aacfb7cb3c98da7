-- Rights of the services on schema "messages"; ARCHITECTURE.md has the table. Idempotent, applied after each migration.
GRANT USAGE ON SCHEMA "messages" TO messages_service, processor, maintenance;
GRANT SELECT ON ALL TABLES IN SCHEMA "messages" TO messages_service, processor, maintenance;
GRANT INSERT, UPDATE ON ALL TABLES IN SCHEMA "messages" TO processor;
GRANT UPDATE, DELETE ON "messages"."messages", "messages"."frames", "messages"."mailboxes", "messages"."data_keys",
  "messages"."accepted_messages", "messages"."message_marks" TO maintenance;
REVOKE ALL ON "messages"."_prisma_migrations" FROM messages_service, processor, maintenance;
