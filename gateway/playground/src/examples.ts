import type { GraphiQLProps } from "graphiql";

type Tabs = NonNullable<GraphiQLProps["defaultTabs"]>;

/** The tabs of a first visit. */
export function examples(device: string | undefined): Tabs {
  const variables = (values: Record<string, unknown>) => JSON.stringify(values, null, 2);
  return [
    {
      query: `# Who the token names, and their devices.
query Me {
  me {
    id
    username
    displayName
    devicesVersion
    devices {
      id
      name
      createdAt
      revokedAt
    }
  }
}
`,
    },
    {
      query: `# What a sender needs: somebody's public keys.
query DevicesOf($username: String!) {
  user(username: $username) {
    id
    displayName
    devicesVersion
    devices {
      id
      name
      encryptionKey
      signingKey
      revokedAt
    }
  }
}
`,
      variables: variables({ username: "bob" }),
    },
    {
      query: `# A device's mailbox: replay, CaughtUp, then live.
# seq counts 1, 2, 3 ...: a gap would be seen.
# The sender comes from another subgraph.
subscription Inbox($deviceId: ID!, $after: String) {
  inbox(deviceId: $deviceId, after: $after) {
    __typename
    ... on SequencedFrame {
      cursor
      seq
    }
    ... on MessageFrame {
      message {
        id
        sender {
          username
          displayName
        }
        senderDevice {
          name
        }
        suite
        body
        acceptedAt
      }
    }
    ... on ReceiptFrame {
      kind
      messageIds
      byUser {
        username
      }
    }
    ... on SendFailedFrame {
      messageId
      code
    }
    ... on CaughtUp {
      cursor
      seq
    }
    ... on CursorReset {
      cursor
      reason
    }
    ... on Lagged {
      resumeAfter
    }
  }
}
`,
      variables: variables({ deviceId: device ?? "a device's id, from Me", after: null }),
    },
  ];
}
