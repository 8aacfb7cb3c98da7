/** Every operation that the client sends. `sender { id }` and `byUser { id }` need no join, so a frame costs the graph one fetch. */
import { graphql } from "../generated/gql.ts";

export const Me = graphql(`
  query Me {
    me {
      ...UserWithDevices
    }
  }
`);

export const LookUpUser = graphql(`
  query LookUpUser($username: String!) {
    user(username: $username) {
      ...UserWithDevices
    }
  }
`);

export const LookUpConversation = graphql(`
  query LookUpConversation($id: ID!) {
    conversation(id: $id) {
      id
      members {
        ...UserWithDevices
      }
    }
  }
`);

// The other documents name the fragment; generating finds it here.
graphql(`
  fragment UserWithDevices on User {
    id
    username
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
`);

export const RegisterDevice = graphql(`
  mutation RegisterDevice($input: RegisterDeviceInput!) {
    registerDevice(input: $input) {
      id
      user {
        id
        devicesVersion
      }
    }
  }
`);

export const RevokeDevice = graphql(`
  mutation RevokeDevice($id: ID!) {
    revokeDevice(id: $id) {
      id
      revokedAt
    }
  }
`);

export const DirectConversation = graphql(`
  mutation DirectConversation($withUserId: ID!) {
    directConversation(withUserId: $withUserId) {
      id
    }
  }
`);

export const SendMessage = graphql(`
  mutation SendMessage($input: SendMessageInput!) {
    sendMessage(input: $input) {
      type: __typename
      ... on MessageAccepted {
        id
        contentHash
      }
      ... on StaleDevices {
        users {
          userId
          devicesVersion
        }
      }
    }
  }
`);

export const Acknowledge = graphql(`
  mutation Acknowledge($deviceId: ID!, $cursor: String!) {
    acknowledge(deviceId: $deviceId, cursor: $cursor) {
      cursor
    }
  }
`);

export const MarkRead = graphql(`
  mutation MarkRead($deviceId: ID!, $messageIds: [ID!]!) {
    markRead(deviceId: $deviceId, messageIds: $messageIds)
  }
`);

export const Inbox = graphql(`
  subscription Inbox($deviceId: ID!, $after: String, $devicesVersion: Int, $session: ID) {
    inbox(deviceId: $deviceId, after: $after, devicesVersion: $devicesVersion, session: $session) {
      type: __typename
      ... on MessageFrame {
        cursor
        seq
        header
        message {
          id
          conversationId
          suite
          body
          acceptedAt
          sender {
            id
          }
          senderDevice {
            id
          }
        }
      }
      ... on ReceiptFrame {
        cursor
        seq
        kind
        conversationId
        messageIds
        at
        byUser {
          id
        }
      }
      ... on SendFailedFrame {
        cursor
        seq
        messageId
        contentHash
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
`);
