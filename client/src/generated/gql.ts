/* eslint-disable */
import * as types from './graphql.ts';



/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  query Me {\n    me {\n      ...UserWithDevices\n    }\n  }\n": typeof types.MeDocument,
    "\n  query LookUpUser($username: String!) {\n    user(username: $username) {\n      ...UserWithDevices\n    }\n  }\n": typeof types.LookUpUserDocument,
    "\n  query LookUpConversation($id: ID!) {\n    conversation(id: $id) {\n      id\n      members {\n        ...UserWithDevices\n      }\n    }\n  }\n": typeof types.LookUpConversationDocument,
    "\n  fragment UserWithDevices on User {\n    id\n    username\n    displayName\n    devicesVersion\n    devices {\n      id\n      name\n      encryptionKey\n      signingKey\n      revokedAt\n    }\n  }\n": typeof types.UserWithDevicesFragmentDoc,
    "\n  mutation RegisterDevice($input: RegisterDeviceInput!) {\n    registerDevice(input: $input) {\n      id\n      user {\n        id\n        devicesVersion\n      }\n    }\n  }\n": typeof types.RegisterDeviceDocument,
    "\n  mutation RevokeDevice($id: ID!) {\n    revokeDevice(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": typeof types.RevokeDeviceDocument,
    "\n  mutation DirectConversation($withUserId: ID!) {\n    directConversation(withUserId: $withUserId) {\n      id\n    }\n  }\n": typeof types.DirectConversationDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      type: __typename\n      ... on MessageAccepted {\n        id\n        contentHash\n      }\n      ... on StaleDevices {\n        users {\n          userId\n          devicesVersion\n        }\n      }\n    }\n  }\n": typeof types.SendMessageDocument,
    "\n  mutation Acknowledge($deviceId: ID!, $cursor: String!) {\n    acknowledge(deviceId: $deviceId, cursor: $cursor) {\n      cursor\n    }\n  }\n": typeof types.AcknowledgeDocument,
    "\n  mutation MarkRead($deviceId: ID!, $messageIds: [ID!]!) {\n    markRead(deviceId: $deviceId, messageIds: $messageIds)\n  }\n": typeof types.MarkReadDocument,
    "\n  subscription Inbox($deviceId: ID!, $after: String, $devicesVersion: Int, $session: ID) {\n    inbox(deviceId: $deviceId, after: $after, devicesVersion: $devicesVersion, session: $session) {\n      type: __typename\n      ... on MessageFrame {\n        cursor\n        seq\n        header\n        message {\n          id\n          conversationId\n          suite\n          body\n          acceptedAt\n          sender {\n            id\n          }\n          senderDevice {\n            id\n          }\n        }\n      }\n      ... on ReceiptFrame {\n        cursor\n        seq\n        kind\n        conversationId\n        messageIds\n        at\n        byUser {\n          id\n        }\n      }\n      ... on SendFailedFrame {\n        cursor\n        seq\n        messageId\n        contentHash\n        code\n      }\n      ... on CaughtUp {\n        cursor\n        seq\n      }\n      ... on CursorReset {\n        cursor\n        reason\n      }\n      ... on Lagged {\n        resumeAfter\n      }\n    }\n  }\n": typeof types.InboxDocument,
};
const documents: Documents = {
    "\n  query Me {\n    me {\n      ...UserWithDevices\n    }\n  }\n": types.MeDocument,
    "\n  query LookUpUser($username: String!) {\n    user(username: $username) {\n      ...UserWithDevices\n    }\n  }\n": types.LookUpUserDocument,
    "\n  query LookUpConversation($id: ID!) {\n    conversation(id: $id) {\n      id\n      members {\n        ...UserWithDevices\n      }\n    }\n  }\n": types.LookUpConversationDocument,
    "\n  fragment UserWithDevices on User {\n    id\n    username\n    displayName\n    devicesVersion\n    devices {\n      id\n      name\n      encryptionKey\n      signingKey\n      revokedAt\n    }\n  }\n": types.UserWithDevicesFragmentDoc,
    "\n  mutation RegisterDevice($input: RegisterDeviceInput!) {\n    registerDevice(input: $input) {\n      id\n      user {\n        id\n        devicesVersion\n      }\n    }\n  }\n": types.RegisterDeviceDocument,
    "\n  mutation RevokeDevice($id: ID!) {\n    revokeDevice(id: $id) {\n      id\n      revokedAt\n    }\n  }\n": types.RevokeDeviceDocument,
    "\n  mutation DirectConversation($withUserId: ID!) {\n    directConversation(withUserId: $withUserId) {\n      id\n    }\n  }\n": types.DirectConversationDocument,
    "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      type: __typename\n      ... on MessageAccepted {\n        id\n        contentHash\n      }\n      ... on StaleDevices {\n        users {\n          userId\n          devicesVersion\n        }\n      }\n    }\n  }\n": types.SendMessageDocument,
    "\n  mutation Acknowledge($deviceId: ID!, $cursor: String!) {\n    acknowledge(deviceId: $deviceId, cursor: $cursor) {\n      cursor\n    }\n  }\n": types.AcknowledgeDocument,
    "\n  mutation MarkRead($deviceId: ID!, $messageIds: [ID!]!) {\n    markRead(deviceId: $deviceId, messageIds: $messageIds)\n  }\n": types.MarkReadDocument,
    "\n  subscription Inbox($deviceId: ID!, $after: String, $devicesVersion: Int, $session: ID) {\n    inbox(deviceId: $deviceId, after: $after, devicesVersion: $devicesVersion, session: $session) {\n      type: __typename\n      ... on MessageFrame {\n        cursor\n        seq\n        header\n        message {\n          id\n          conversationId\n          suite\n          body\n          acceptedAt\n          sender {\n            id\n          }\n          senderDevice {\n            id\n          }\n        }\n      }\n      ... on ReceiptFrame {\n        cursor\n        seq\n        kind\n        conversationId\n        messageIds\n        at\n        byUser {\n          id\n        }\n      }\n      ... on SendFailedFrame {\n        cursor\n        seq\n        messageId\n        contentHash\n        code\n      }\n      ... on CaughtUp {\n        cursor\n        seq\n      }\n      ... on CursorReset {\n        cursor\n        reason\n      }\n      ... on Lagged {\n        resumeAfter\n      }\n    }\n  }\n": types.InboxDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Me {\n    me {\n      ...UserWithDevices\n    }\n  }\n"): typeof import('./graphql.ts').MeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LookUpUser($username: String!) {\n    user(username: $username) {\n      ...UserWithDevices\n    }\n  }\n"): typeof import('./graphql.ts').LookUpUserDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query LookUpConversation($id: ID!) {\n    conversation(id: $id) {\n      id\n      members {\n        ...UserWithDevices\n      }\n    }\n  }\n"): typeof import('./graphql.ts').LookUpConversationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment UserWithDevices on User {\n    id\n    username\n    displayName\n    devicesVersion\n    devices {\n      id\n      name\n      encryptionKey\n      signingKey\n      revokedAt\n    }\n  }\n"): typeof import('./graphql.ts').UserWithDevicesFragmentDoc;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RegisterDevice($input: RegisterDeviceInput!) {\n    registerDevice(input: $input) {\n      id\n      user {\n        id\n        devicesVersion\n      }\n    }\n  }\n"): typeof import('./graphql.ts').RegisterDeviceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation RevokeDevice($id: ID!) {\n    revokeDevice(id: $id) {\n      id\n      revokedAt\n    }\n  }\n"): typeof import('./graphql.ts').RevokeDeviceDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DirectConversation($withUserId: ID!) {\n    directConversation(withUserId: $withUserId) {\n      id\n    }\n  }\n"): typeof import('./graphql.ts').DirectConversationDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SendMessage($input: SendMessageInput!) {\n    sendMessage(input: $input) {\n      type: __typename\n      ... on MessageAccepted {\n        id\n        contentHash\n      }\n      ... on StaleDevices {\n        users {\n          userId\n          devicesVersion\n        }\n      }\n    }\n  }\n"): typeof import('./graphql.ts').SendMessageDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Acknowledge($deviceId: ID!, $cursor: String!) {\n    acknowledge(deviceId: $deviceId, cursor: $cursor) {\n      cursor\n    }\n  }\n"): typeof import('./graphql.ts').AcknowledgeDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation MarkRead($deviceId: ID!, $messageIds: [ID!]!) {\n    markRead(deviceId: $deviceId, messageIds: $messageIds)\n  }\n"): typeof import('./graphql.ts').MarkReadDocument;
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Inbox($deviceId: ID!, $after: String, $devicesVersion: Int, $session: ID) {\n    inbox(deviceId: $deviceId, after: $after, devicesVersion: $devicesVersion, session: $session) {\n      type: __typename\n      ... on MessageFrame {\n        cursor\n        seq\n        header\n        message {\n          id\n          conversationId\n          suite\n          body\n          acceptedAt\n          sender {\n            id\n          }\n          senderDevice {\n            id\n          }\n        }\n      }\n      ... on ReceiptFrame {\n        cursor\n        seq\n        kind\n        conversationId\n        messageIds\n        at\n        byUser {\n          id\n        }\n      }\n      ... on SendFailedFrame {\n        cursor\n        seq\n        messageId\n        contentHash\n        code\n      }\n      ... on CaughtUp {\n        cursor\n        seq\n      }\n      ... on CursorReset {\n        cursor\n        reason\n      }\n      ... on Lagged {\n        resumeAfter\n      }\n    }\n  }\n"): typeof import('./graphql.ts').InboxDocument;


export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}
