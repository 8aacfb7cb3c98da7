/** Bounds beside those that are configured. */

/** Largest operation, in tokens of GraphQL's grammar: parsing and validation take time for each. */
export const maxDocumentTokens = 10_000;

/** How long a socket without a caller may be idle, where there is authentication: only questions about the schema run on it. */
export const anonymousIdleMs = 60_000;
