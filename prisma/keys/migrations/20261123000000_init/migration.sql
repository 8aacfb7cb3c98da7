CREATE SCHEMA IF NOT EXISTS "keys";

CREATE TABLE "keys"."users" (
    "id" UUID NOT NULL,
    "issuer" TEXT NOT NULL,
    "subject" TEXT NOT NULL,
    "username" TEXT NOT NULL,
    "display_name" TEXT NOT NULL,
    "devices_version" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "users_username_key" ON "keys"."users"("username");
CREATE UNIQUE INDEX "users_issuer_subject_key" ON "keys"."users"("issuer", "subject");

CREATE TABLE "keys"."devices" (
    "id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "encryption_key" TEXT NOT NULL,
    "signing_key" TEXT NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "revoked_at" TIMESTAMPTZ(3),
    CONSTRAINT "devices_pkey" PRIMARY KEY ("id"),
    CONSTRAINT "devices_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "keys"."users"("id") ON DELETE RESTRICT ON UPDATE CASCADE
);
CREATE UNIQUE INDEX "devices_signing_key_key" ON "keys"."devices"("signing_key");
CREATE INDEX "devices_user_id_created_at_idx" ON "keys"."devices"("user_id", "created_at");

CREATE TABLE "keys"."directory_outbox" (
    "id" BIGSERIAL NOT NULL,
    "user_id" UUID NOT NULL,
    "payload" JSONB NOT NULL,
    CONSTRAINT "directory_outbox_pkey" PRIMARY KEY ("id")
);
