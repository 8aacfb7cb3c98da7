CREATE SCHEMA IF NOT EXISTS "messages";

CREATE TABLE "messages"."conversations" (
    "id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "conversations_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "messages"."conversation_members" (
    "conversation_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    CONSTRAINT "conversation_members_pkey" PRIMARY KEY ("conversation_id", "user_id"),
    CONSTRAINT "conversation_members_conversation_id_fkey" FOREIGN KEY ("conversation_id") REFERENCES "messages"."conversations"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE INDEX "conversation_members_user_id_conversation_id_idx" ON "messages"."conversation_members"("user_id", "conversation_id");

CREATE TABLE "messages"."accepted_messages" (
    "id" UUID NOT NULL,
    "content_hash" BYTEA NOT NULL,
    "sender_device" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "accepted_messages_pkey" PRIMARY KEY ("id")
);
CREATE INDEX "accepted_messages_created_at_idx" ON "messages"."accepted_messages"("created_at");

CREATE TABLE "messages"."data_keys" (
    "id" UUID NOT NULL,
    "master_key_id" TEXT NOT NULL,
    "wrapped_key" BYTEA NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "data_keys_pkey" PRIMARY KEY ("id")
);

CREATE TABLE "messages"."messages" (
    "id" UUID NOT NULL,
    "conversation_id" UUID NOT NULL,
    "sender_user" UUID NOT NULL,
    "sender_device" UUID NOT NULL,
    "suite" TEXT NOT NULL,
    "sealed_body" BYTEA NOT NULL,
    "data_key_id" UUID NOT NULL,
    "accepted_at" TIMESTAMPTZ(3) NOT NULL,
    "stored_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "messages_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "messages_data_key_id_fkey" FOREIGN KEY ("data_key_id") REFERENCES "messages"."data_keys"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE "messages"."mailboxes" (
    "device_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "epoch" INTEGER NOT NULL DEFAULT 1,
    "head" BIGINT NOT NULL DEFAULT 0,
    "acknowledged" BIGINT NOT NULL DEFAULT 0,
    "purged" BIGINT NOT NULL DEFAULT 0,
    "acknowledged_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "mailboxes_pkey" PRIMARY KEY ("device_id")
);
CREATE INDEX "mailboxes_user_id_idx" ON "messages"."mailboxes"("user_id");

CREATE TABLE "messages"."frames" (
    "device_id" UUID NOT NULL,
    "seq" BIGINT NOT NULL,
    "kind" TEXT NOT NULL,
    "message_id" UUID,
    "sealed_header" BYTEA,
    "data_key_id" UUID,
    "detail" JSONB,
    CONSTRAINT "frames_pkey" PRIMARY KEY ("device_id", "seq")
);
CREATE INDEX "frames_message_id_idx" ON "messages"."frames"("message_id");

CREATE TABLE "messages"."message_marks" (
    "message_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),
    "read_at" TIMESTAMPTZ(3),
    CONSTRAINT "message_marks_pkey" PRIMARY KEY ("message_id", "user_id")
);

CREATE TABLE "messages"."partition_offsets" (
    "topic" TEXT NOT NULL,
    "partition" INTEGER NOT NULL,
    "next_offset" BIGINT NOT NULL,
    CONSTRAINT "partition_offsets_pkey" PRIMARY KEY ("topic", "partition")
);
