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
PATH=$PWD/node_modules/.bin:$PATH # Node 24, which runs TypeScript
GATEWAY=${GATEWAY:?the address that npm start printed, such as http://127.0.0.1:4000}
ALICE=${ALICE:-$(npm run -s token -- alice)}
BOB=${BOB:-$(npm run -s token -- bob)}

# Prints one value of the answer on standard input; an answer with errors is shown and ends the script.
json() {
  node -e "const answer = JSON.parse(require('fs').readFileSync(0, 'utf8'));
    if (answer.errors) { console.error(JSON.stringify(answer.errors)); process.exit(1); }
    console.log(answer$1);"
}
ask() { # ask TOKEN QUERY [VARIABLES]
  node -pe 'JSON.stringify({ query: process.argv[1], variables: JSON.parse(process.argv[2] || "{}") })' "$2" "${3:-}" |
    curl -sS "$GATEWAY/graphql" -H 'content-type: application/json' -H "authorization: Bearer $1" -d @-
  echo
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo '1. Who am I?'
ask "$ALICE" '{ me { id username } }' > "$work/alice.json"
ask "$BOB" '{ me { id username } }' > "$work/bob.json"
cat "$work/alice.json"
ALICE_ID=$(json .data.me.id < "$work/alice.json")
BOB_ID=$(json .data.me.id < "$work/bob.json")

echo '2. Register a device for each: two public keys and the proof that we hold both'
REGISTER='mutation($input: RegisterDeviceInput!) { registerDevice(input: $input) { id createdAt } }'
ALICE_KEYS=$(node client/examples/device-keys.ts "$ALICE_ID" curl)
BOB_KEYS=$(node client/examples/device-keys.ts "$BOB_ID" curl)
ask "$ALICE" "$REGISTER" "{\"input\": $ALICE_KEYS}" > "$work/device.json"
ask "$BOB" "$REGISTER" "{\"input\": $BOB_KEYS}" > /dev/null
cat "$work/device.json"
DEVICE=$(json .data.registerDevice.id < "$work/device.json")

echo '3. Look up the keys of both: the public half is what Alice encrypts to'
LOOKUP='query($name: String!) { user(username: $name) { id devicesVersion devices { id revokedAt encryptionKey } } }'
ask "$ALICE" "$LOOKUP" '{"name": "bob"}' > "$work/bob.json"
ask "$ALICE" "$LOOKUP" '{"name": "alice"}' > "$work/alice.json"
cat "$work/bob.json"

echo '4. Their conversation, and a message in it'
CONVERSATION=$(ask "$ALICE" 'mutation($with: ID!) { directConversation(withUserId: $with) { id } }' \
  "{\"with\": \"$BOB_ID\"}" | json .data.directConversation.id)
INPUT=$(node client/examples/opaque-message.ts "$CONVERSATION" "$DEVICE" "$work/alice.json" "$work/bob.json")
ask "$ALICE" 'mutation($input: SendMessageInput!) { sendMessage(input: $input) { __typename
  ... on MessageAccepted { id contentHash } ... on StaleDevices { users { userId devicesVersion } } } }' \
  "{\"input\": $INPUT}"
