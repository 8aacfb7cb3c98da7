/** Bounds on one operation, beside those that are configured. */

/** Largest operation, in tokens of GraphQL's grammar: parsing and validation take time for each. */
export const maxDocumentTokens = 10_000;
