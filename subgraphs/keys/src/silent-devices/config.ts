import { common } from "@sealgraph/platform/common.ts";
import { variable, type Values } from "@sealgraph/platform/config.ts";

export const variables = {
  LOG_LEVEL: common.LOG_LEVEL,
  DATABASE_URL: variable.url({
    description: "PostgreSQL, as the role keys_service, which revokes.",
    secret: true,
  }),
  MAINTENANCE_DATABASE_URL: variable.url({
    description: "PostgreSQL, as the role maintenance, which reads the mailboxes.",
    secret: true,
  }),
  SILENT_DEVICE_DAYS: variable.integer({
    description: "A device whose oldest unacknowledged frame has waited longer is revoked.",
    unit: "days",
    min: 1,
    max: 3_650,
    default: 90,
  }),
  MAX_REVOCATIONS_PER_RUN: variable.integer({
    description: "Devices that one run revokes; the next run goes on.",
    unit: "devices",
    min: 1,
    max: 1_000_000,
    default: 10_000,
  }),
};

export interface Config {
  readonly logLevel: string;
  /** Role keys_service. */
  readonly databaseUrl: string;
  /** Role maintenance. */
  readonly maintenanceDatabaseUrl: string;
  readonly silentDeviceDays: number;
  readonly maxRevocations: number;
}

export function configOf(values: Values<typeof variables>): Config {
  return {
    logLevel: values.LOG_LEVEL,
    databaseUrl: values.DATABASE_URL,
    maintenanceDatabaseUrl: values.MAINTENANCE_DATABASE_URL,
    silentDeviceDays: values.SILENT_DEVICE_DAYS,
    maxRevocations: values.MAX_REVOCATIONS_PER_RUN,
  };
}
