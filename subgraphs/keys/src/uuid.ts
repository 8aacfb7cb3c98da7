const form = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether Postgres would take the text for a uuid in the canonical form (RFC 9562 §4); anything else names nothing. */
export function isUuid(text: string): boolean {
  return form.test(text);
}
