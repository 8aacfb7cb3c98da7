#!/bin/sh
# Alice sends Bob a message with nothing but curl (and node for JSON and keys). The body is opaque to the server, so a few
# bytes do here; a real client makes it as PROTOCOL.md says.
#
#   npm start                                   # in another terminal
#   GATEWAY=http://127.0.0.1:4000 sh docs/by-curl.sh
#
# ALICE and BOB are their tokens; asked of the running system when not given.
set -eu
cd "$(dirname "$0")/.."
GATEWAY=${GATEWAY:?the address that npm start printed, such as http://127.0.0.1:4000}
ALICE=${ALICE:-$(npm run -s token -- alice)}
BOB=${BOB:-$(npm run -s token -- bob)}

json() { node -pe "JSON.parse(require('fs').readFileSync(0, 'utf8'))$1"; }
ask() { # ask TOKEN QUERY [VARIABLES]
  node -pe 'JSON.stringify({ query: process.argv[1], variables: JSON.parse(process.argv[2] || "{}") })' "$2" "${3:-}" |
    curl -sS "$GATEWAY/graphql" -H 'content-type: application/json' -H "authorization: Bearer $1" -d @-
}

echo '1. Who am I?'
ALICE_ID=$(ask "$ALICE" '{ me { id username } }' | tee /dev/stderr | json .data.me.id)
BOB_ID=$(ask "$BOB" '{ me { id username } }' | json .data.me.id)

echo '2. Register a device for each: two public keys and the proof that we hold both'
REGISTER='mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { id createdAt } }'
DEVICE=$(ask "$ALICE" "$REGISTER" "{\"input\": $(node client/examples/device-keys.ts "$ALICE_ID" 'curl')}" |
  tee /dev/stderr | json .data.registerDevice.id)
ask "$BOB" "$REGISTER" "{\"input\": $(node client/examples/device-keys.ts "$BOB_ID" 'curl')}" > /dev/null

echo '3. Look up the keys of both: the public half is what Alice encrypts to'
LOOKUP='query($name: String!) { user(username: $name) { id devicesVersion devices { id revokedAt encryptionKey } } }'
ask "$ALICE" "$LOOKUP" '{"name": "bob"}' | tee /dev/stderr > "${TMPDIR:-/tmp}/sealgraph-bob.$$"
ask "$ALICE" "$LOOKUP" '{"name": "alice"}' > "${TMPDIR:-/tmp}/sealgraph-alice.$$"

echo '4. Their conversation, and a message in it'
CONVERSATION=$(ask "$ALICE" 'mutation($with: ID!) { directConversation(withUserId: $with) { id } }' \
  "{\"with\": \"$BOB_ID\"}" | json .data.directConversation.id)
INPUT=$(node client/examples/opaque-message.ts "$CONVERSATION" "$DEVICE" \
  "${TMPDIR:-/tmp}/sealgraph-alice.$$" "${TMPDIR:-/tmp}/sealgraph-bob.$$")
rm -f "${TMPDIR:-/tmp}/sealgraph-alice.$$" "${TMPDIR:-/tmp}/sealgraph-bob.$$"
ask "$ALICE" 'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on MessageAccepted { id contentHash } ... on StaleDevices { users { userId devicesVersion } } } }' \
  "{\"input\": $INPUT}"
echo
