/* eslint-disable */
/** Internal type. DO NOT USE DIRECTLY. */
type Exact<T extends { [key: string]: unknown }> = { [K in keyof T]: T[K] };
/** Internal type. DO NOT USE DIRECTLY. */
export type Incremental<T> = T | { [P in keyof T]?: P extends ' $fragmentName' | '__typename' ? T[P] : never };
import type { DocumentTypeDecoration } from '@graphql-typed-document-node/core';
export type HeaderInput = {
  deviceId: string | number;
  /** What this device needs to open the body, canonical base64url without padding, 1 to 4096 bytes decoded; opaque here. */
  header: string;
};

export type ReceiptKind =
  | 'DELIVERED'
  | 'READ'
  | 'STORED';

export type RecipientInput = {
  /** The version of the user's device list that the headers were made for. */
  devicesVersion: number;
  /** Every active device of the user but the sending one; 50 at most. */
  headers: Array<HeaderInput>;
  userId: string | number;
};

export type RegisterDeviceInput = {
  /** RSA-OAEP-256 public key (rsaEncryption) of 2048 to 4096 bits with exponent 65537, SPKI PEM. */
  encryptionKey: string;
  /** Proof of possession of both keys: a general JWS (RFC 7515 §7.2.1) signed by each; PROTOCOL.md says over what. */
  encryptionKeySignature: string;
  /** 1 to 64 characters after trimming, no control characters. */
  name: string;
  /** Ed25519 public key, SPKI PEM. */
  signingKey: string;
};

export type SendMessageInput = {
  /** Ciphertext, canonical base64url without padding, 1 to 98304 bytes decoded; opaque here. */
  body: string;
  conversationId: string | number;
  /** The sending device. */
  deviceId: string | number;
  /** The sender's own UUIDv7, unique in the whole system; at most 30 days old and 5 minutes ahead. All ids in lower case. */
  id: string | number;
  /** One entry per member, the sender included: 1 or 2. */
  recipients: Array<RecipientInput>;
  /** Such as e2ee/1; opaque here. Lower case, digits and ._- on either side of one slash, 32 at most each. */
  suite: string;
};

export type MeQueryVariables = Exact<{ [key: string]: never; }>;


export type MeQuery = { me: { id: string, username: string, displayName: string, devicesVersion: number, devices: Array<{ id: string, name: string, encryptionKey: string, signingKey: string, revokedAt: string | null }> } };

export type LookUpUserQueryVariables = Exact<{
  username: string;
}>;


export type LookUpUserQuery = { user: { id: string, username: string, displayName: string, devicesVersion: number, devices: Array<{ id: string, name: string, encryptionKey: string, signingKey: string, revokedAt: string | null }> } | null };

export type LookUpConversationQueryVariables = Exact<{
  id: string | number;
}>;


export type LookUpConversationQuery = { conversation: { id: string, members: Array<{ id: string, username: string, displayName: string, devicesVersion: number, devices: Array<{ id: string, name: string, encryptionKey: string, signingKey: string, revokedAt: string | null }> }> } | null };

export type UserWithDevicesFragment = { id: string, username: string, displayName: string, devicesVersion: number, devices: Array<{ id: string, name: string, encryptionKey: string, signingKey: string, revokedAt: string | null }> };

export type RegisterDeviceMutationVariables = Exact<{
  input: RegisterDeviceInput;
}>;


export type RegisterDeviceMutation = { registerDevice: { id: string, user: { id: string, devicesVersion: number } } };

export type RevokeDeviceMutationVariables = Exact<{
  id: string | number;
}>;


export type RevokeDeviceMutation = { revokeDevice: { id: string, revokedAt: string | null } };

export type DirectConversationMutationVariables = Exact<{
  withUserId: string | number;
}>;


export type DirectConversationMutation = { directConversation: { id: string } };

export type SendMessageMutationVariables = Exact<{
  input: SendMessageInput;
}>;


export type SendMessageMutation = { sendMessage:
    | { id: string, contentHash: string, type: 'MessageAccepted' }
    | { type: 'StaleDevices', users: Array<{ userId: string, devicesVersion: number }> }
   };

export type AcknowledgeMutationVariables = Exact<{
  deviceId: string | number;
  cursor: string;
}>;


export type AcknowledgeMutation = { acknowledge: { cursor: string } };

export type MarkReadMutationVariables = Exact<{
  deviceId: string | number;
  messageIds: Array<string | number> | string | number;
}>;


export type MarkReadMutation = { markRead: Array<string> };

export type InboxSubscriptionVariables = Exact<{
  deviceId: string | number;
  after?: string | null | undefined;
  devicesVersion?: number | null | undefined;
  session?: string | number | null | undefined;
}>;


export type InboxSubscription = { inbox:
    | { cursor: string, seq: number, type: 'CaughtUp' }
    | { cursor: string, reason: string, type: 'CursorReset' }
    | { resumeAfter: string, type: 'Lagged' }
    | { cursor: string, seq: number, header: string, type: 'MessageFrame', message: { id: string, conversationId: string, suite: string, body: string, acceptedAt: string, sender: { id: string }, senderDevice: { id: string } } }
    | { cursor: string, seq: number, kind: ReceiptKind, conversationId: string, messageIds: Array<string>, at: string, type: 'ReceiptFrame', byUser: { id: string } }
    | { cursor: string, seq: number, messageId: string, contentHash: string, code: string, type: 'SendFailedFrame' }
   };

export class TypedDocumentString<TResult, TVariables>
  extends String
  implements DocumentTypeDecoration<TResult, TVariables>
{
  __apiType?: NonNullable<DocumentTypeDecoration<TResult, TVariables>['__apiType']>;
  private value: string;
  public __meta__?: Record<string, any> | undefined;

  constructor(value: string, __meta__?: Record<string, any> | undefined) {
    super(value);
    this.value = value;
    this.__meta__ = __meta__;
  }

  override toString(): string & DocumentTypeDecoration<TResult, TVariables> {
    return this.value;
  }
}
export const UserWithDevicesFragmentDoc = new TypedDocumentString(`
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
    `, {"fragmentName":"UserWithDevices"}) as unknown as TypedDocumentString<UserWithDevicesFragment, unknown>;
export const MeDocument = new TypedDocumentString(`
    query Me {
  me {
    ...UserWithDevices
  }
}
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
}`) as unknown as TypedDocumentString<MeQuery, MeQueryVariables>;
export const LookUpUserDocument = new TypedDocumentString(`
    query LookUpUser($username: String!) {
  user(username: $username) {
    ...UserWithDevices
  }
}
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
}`) as unknown as TypedDocumentString<LookUpUserQuery, LookUpUserQueryVariables>;
export const LookUpConversationDocument = new TypedDocumentString(`
    query LookUpConversation($id: ID!) {
  conversation(id: $id) {
    id
    members {
      ...UserWithDevices
    }
  }
}
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
}`) as unknown as TypedDocumentString<LookUpConversationQuery, LookUpConversationQueryVariables>;
export const RegisterDeviceDocument = new TypedDocumentString(`
    mutation RegisterDevice($input: RegisterDeviceInput!) {
  registerDevice(input: $input) {
    id
    user {
      id
      devicesVersion
    }
  }
}
    `) as unknown as TypedDocumentString<RegisterDeviceMutation, RegisterDeviceMutationVariables>;
export const RevokeDeviceDocument = new TypedDocumentString(`
    mutation RevokeDevice($id: ID!) {
  revokeDevice(id: $id) {
    id
    revokedAt
  }
}
    `) as unknown as TypedDocumentString<RevokeDeviceMutation, RevokeDeviceMutationVariables>;
export const DirectConversationDocument = new TypedDocumentString(`
    mutation DirectConversation($withUserId: ID!) {
  directConversation(withUserId: $withUserId) {
    id
  }
}
    `) as unknown as TypedDocumentString<DirectConversationMutation, DirectConversationMutationVariables>;
export const SendMessageDocument = new TypedDocumentString(`
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
    `) as unknown as TypedDocumentString<SendMessageMutation, SendMessageMutationVariables>;
export const AcknowledgeDocument = new TypedDocumentString(`
    mutation Acknowledge($deviceId: ID!, $cursor: String!) {
  acknowledge(deviceId: $deviceId, cursor: $cursor) {
    cursor
  }
}
    `) as unknown as TypedDocumentString<AcknowledgeMutation, AcknowledgeMutationVariables>;
export const MarkReadDocument = new TypedDocumentString(`
    mutation MarkRead($deviceId: ID!, $messageIds: [ID!]!) {
  markRead(deviceId: $deviceId, messageIds: $messageIds)
}
    `) as unknown as TypedDocumentString<MarkReadMutation, MarkReadMutationVariables>;
export const InboxDocument = new TypedDocumentString(`
    subscription Inbox($deviceId: ID!, $after: String, $devicesVersion: Int, $session: ID) {
  inbox(
    deviceId: $deviceId
    after: $after
    devicesVersion: $devicesVersion
    session: $session
  ) {
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
    `) as unknown as TypedDocumentString<InboxSubscription, InboxSubscriptionVariables>;