import type { GraphQLResolveInfo, GraphQLScalarType, GraphQLScalarTypeConfig } from 'graphql';
import type { Context } from '../context.ts';
export type Maybe<T> = T | null | undefined;
export type InputMaybe<T> = T | null | undefined;
export type RequireFields<T, K extends keyof T> = Omit<T, K> & { [P in K]-?: NonNullable<T[P]> };
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** RFC 3339, UTC, milliseconds. */
  DateTime: { input: string; output: string; }
  _FieldSet: { input: string; output: string; }
};

export type Acknowledgement = {
  __typename?: 'Acknowledgement';
  cursor: Scalars['String']['output'];
  deviceId: Scalars['ID']['output'];
};

/** Replay is over: everything up to seq has been sent. */
export type CaughtUp = {
  __typename?: 'CaughtUp';
  cursor: Scalars['String']['output'];
  seq: Scalars['Int']['output'];
};

export type Conversation = {
  __typename?: 'Conversation';
  id: Scalars['ID']['output'];
  members: Array<User>;
};

export type ConversationConnection = {
  __typename?: 'ConversationConnection';
  edges: Array<ConversationEdge>;
  pageInfo: PageInfo;
};

export type ConversationEdge = {
  __typename?: 'ConversationEdge';
  cursor: Scalars['String']['output'];
  node: Conversation;
};

/**
 * The cursor given cannot be continued from; frames go on after the one given here, the last acknowledged. reason: INVALID
 * (forged or no cursor), FOREIGN (of another device), EPOCH_CHANGED (of a history that is over), PAST_HEAD or EXPIRED.
 */
export type CursorReset = {
  __typename?: 'CursorReset';
  cursor: Scalars['String']['output'];
  reason: Scalars['String']['output'];
};

export type Device = {
  __typename?: 'Device';
  id: Scalars['ID']['output'];
};

export type HeaderInput = {
  deviceId: Scalars['ID']['input'];
  /** What this device needs to open the body, canonical base64url without padding, 1 to 4096 bytes decoded; opaque here. */
  header: Scalars['String']['input'];
};

export type InboxFrame = CaughtUp | CursorReset | Lagged | MessageFrame | ReceiptFrame | SendFailedFrame;

/** The reader fell behind its credit; the stream ends, and goes on after this cursor. */
export type Lagged = {
  __typename?: 'Lagged';
  resumeAfter: Scalars['String']['output'];
};

export type Message = {
  __typename?: 'Message';
  acceptedAt: Scalars['DateTime']['output'];
  body: Scalars['String']['output'];
  conversationId: Scalars['ID']['output'];
  id: Scalars['ID']['output'];
  sender: User;
  senderDevice: Device;
  suite: Scalars['String']['output'];
};

/** Kept: Kafka acknowledged it with acks=all. */
export type MessageAccepted = {
  __typename?: 'MessageAccepted';
  /** SHA-256 of the canonical input (RFC 8785), base64url. */
  contentHash: Scalars['String']['output'];
  id: Scalars['ID']['output'];
};

export type MessageFrame = SequencedFrame & {
  __typename?: 'MessageFrame';
  cursor: Scalars['String']['output'];
  /** This device's own header. */
  header: Scalars['String']['output'];
  message: Message;
  seq: Scalars['Int']['output'];
};

export type Mutation = {
  __typename?: 'Mutation';
  /** Cumulative and idempotent: everything up to the cursor has been stored by the device. */
  acknowledge: Acknowledgement;
  /**
   * The same two people always get the same one; with oneself it has one member. The other user must have, or have had, a
   * device. A user may open 10000 conversations.
   */
  directConversation: Conversation;
  /**
   * Answers the ids that are now marked, those marked before included: messages that others sent to the caller. Other ids
   * are left out. 1 to 500 ids.
   */
  markRead: Array<Scalars['ID']['output']>;
  /** Accepted means kept: the answer comes after Kafka's. The same input again is answered the same, for 31 days. */
  sendMessage: SendMessageResult;
};


export type MutationAcknowledgeArgs = {
  cursor: Scalars['String']['input'];
  deviceId: Scalars['ID']['input'];
};


export type MutationDirectConversationArgs = {
  withUserId: Scalars['ID']['input'];
};


export type MutationMarkReadArgs = {
  deviceId: Scalars['ID']['input'];
  messageIds: Array<Scalars['ID']['input']>;
};


export type MutationSendMessageArgs = {
  input: SendMessageInput;
};

export type PageInfo = {
  __typename?: 'PageInfo';
  endCursor?: Maybe<Scalars['String']['output']>;
  hasNextPage: Scalars['Boolean']['output'];
};

export type Query = {
  __typename?: 'Query';
  /** Null when there is none, or when the caller is not a member. */
  conversation?: Maybe<Conversation>;
  /** The caller's conversations in order of their ids. first: 1 to 100, 50 when absent. */
  conversations: ConversationConnection;
};


export type QueryConversationArgs = {
  id: Scalars['ID']['input'];
};


export type QueryConversationsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
};

export type ReceiptFrame = SequencedFrame & {
  __typename?: 'ReceiptFrame';
  at: Scalars['DateTime']['output'];
  byUser: User;
  conversationId: Scalars['ID']['output'];
  cursor: Scalars['String']['output'];
  kind: ReceiptKind;
  messageIds: Array<Scalars['ID']['output']>;
  seq: Scalars['Int']['output'];
};

export type ReceiptKind =
  | 'DELIVERED'
  | 'READ'
  | 'STORED';

export type RecipientInput = {
  /** The version of the user's device list that the headers were made for. */
  devicesVersion: Scalars['Int']['input'];
  /** Every active device of the user but the sending one; 50 at most. */
  headers: Array<HeaderInput>;
  userId: Scalars['ID']['input'];
};

/** An accepted message that was not stored, and why. */
export type SendFailedFrame = SequencedFrame & {
  __typename?: 'SendFailedFrame';
  code: Scalars['String']['output'];
  contentHash: Scalars['String']['output'];
  cursor: Scalars['String']['output'];
  messageId: Scalars['ID']['output'];
  seq: Scalars['Int']['output'];
};

export type SendMessageInput = {
  /** Ciphertext, canonical base64url without padding, 1 to 98304 bytes decoded; opaque here. */
  body: Scalars['String']['input'];
  conversationId: Scalars['ID']['input'];
  /** The sending device. */
  deviceId: Scalars['ID']['input'];
  /** The sender's own UUIDv7, unique in the whole system; at most 30 days old and 5 minutes ahead. All ids in lower case. */
  id: Scalars['ID']['input'];
  /** One entry per member, the sender included: 1 or 2. */
  recipients: Array<RecipientInput>;
  /** Such as e2ee/1; opaque here. Lower case, digits and ._- on either side of one slash, 32 at most each. */
  suite: Scalars['String']['input'];
};

export type SendMessageResult = MessageAccepted | StaleDevices;

/** A frame that has a place in the mailbox: seq counts 1, 2, 3 … without a gap. */
export type SequencedFrame = {
  cursor: Scalars['String']['output'];
  seq: Scalars['Int']['output'];
};

/** Not accepted: look these users' devices up again and encrypt anew. */
export type StaleDevices = {
  __typename?: 'StaleDevices';
  users: Array<StaleUser>;
};

export type StaleUser = {
  __typename?: 'StaleUser';
  /** The version the server knows. */
  devicesVersion: Scalars['Int']['output'];
  userId: Scalars['ID']['output'];
};

export type Subscription = {
  __typename?: 'Subscription';
  /**
   * The mailbox of one of the caller's devices: replay of what follows `after` (or the last acknowledged frame), CaughtUp,
   * then live frames. 256 frames (8 MiB) may be in flight, sent and not acknowledged; a reader without credit is waited for
   * 30 s, then the stream ends with Lagged. `devicesVersion` is the newest version of the caller's own device list that the client knows;
   * `session` names the connection attempt.
   */
  inbox: InboxFrame;
};


export type SubscriptionInboxArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  deviceId: Scalars['ID']['input'];
  devicesVersion?: InputMaybe<Scalars['Int']['input']>;
  session?: InputMaybe<Scalars['ID']['input']>;
};

export type User = {
  __typename?: 'User';
  id: Scalars['ID']['output'];
};



export type ResolverTypeWrapper<T> = Promise<T> | T;

export type ReferenceResolver<TResult, TReference, TContext> = (
      reference: TReference,
      context: TContext,
      info: GraphQLResolveInfo
    ) => Promise<TResult> | TResult;

      type ScalarCheck<T, S> = S extends true ? T : NullableCheck<T, S>;
      type NullableCheck<T, S> = Maybe<T> extends T ? Maybe<ListCheck<NonNullable<T>, S>> : ListCheck<T, S>;
      type ListCheck<T, S> = T extends (infer U)[] ? NullableCheck<U, S>[] : GraphQLRecursivePick<T, S>;
      export type GraphQLRecursivePick<T, S> = { [K in keyof T & keyof S]: ScalarCheck<T[K], S[K]> };
    

export type ResolverWithResolve<TResult, TParent, TContext, TArgs> = {
  resolve: ResolverFn<TResult, TParent, TContext, TArgs>;
};
export type Resolver<TResult, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = ResolverFn<TResult, TParent, TContext, TArgs> | ResolverWithResolve<TResult, TParent, TContext, TArgs>;

export type ResolverFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => Promise<TResult> | TResult;

export type SubscriptionSubscribeFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => AsyncIterable<TResult> | Promise<AsyncIterable<TResult>>;

export type SubscriptionResolveFn<TResult, TParent, TContext, TArgs> = (
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

export interface SubscriptionSubscriberObject<TResult, TKey extends string, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<{ [key in TKey]: TResult }, TParent, TContext, TArgs>;
  resolve?: SubscriptionResolveFn<TResult, { [key in TKey]: TResult }, TContext, TArgs>;
}

export interface SubscriptionResolverObject<TResult, TParent, TContext, TArgs> {
  subscribe: SubscriptionSubscribeFn<any, TParent, TContext, TArgs>;
  resolve: SubscriptionResolveFn<TResult, any, TContext, TArgs>;
}

export type SubscriptionObject<TResult, TKey extends string, TParent, TContext, TArgs> =
  | SubscriptionSubscriberObject<TResult, TKey, TParent, TContext, TArgs>
  | SubscriptionResolverObject<TResult, TParent, TContext, TArgs>;

export type SubscriptionResolver<TResult, TKey extends string, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> =
  | ((...args: any[]) => SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>)
  | SubscriptionObject<TResult, TKey, TParent, TContext, TArgs>;

export type TypeResolveFn<TTypes, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (
  parent: TParent,
  context: TContext,
  info: GraphQLResolveInfo
) => Maybe<TTypes> | Promise<Maybe<TTypes>>;

export type IsTypeOfResolverFn<T = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>> = (obj: T, context: TContext, info: GraphQLResolveInfo) => boolean | Promise<boolean>;

export type NextResolverFn<T> = () => Promise<T>;

export type DirectiveResolverFn<TResult = Record<PropertyKey, never>, TParent = Record<PropertyKey, never>, TContext = Record<PropertyKey, never>, TArgs = Record<PropertyKey, never>> = (
  next: NextResolverFn<TResult>,
  parent: TParent,
  args: TArgs,
  context: TContext,
  info: GraphQLResolveInfo
) => TResult | Promise<TResult>;

/** Mapping of federation types */
export type FederationTypes = {
  Conversation: Conversation;
  Message: Message;
};

/** Mapping of federation reference types */
export type FederationReferenceTypes = {
  Conversation:
    ( { __typename: 'Conversation' }
    & GraphQLRecursivePick<FederationTypes['Conversation'], {"id":true}> );
  Message:
    ( { __typename: 'Message' }
    & GraphQLRecursivePick<FederationTypes['Message'], {"id":true}> );
};

/** Mapping of union types */
export type ResolversUnionTypes<_RefType extends Record<string, unknown>> = {
  InboxFrame:
    | ( CaughtUp )
    | ( CursorReset )
    | ( Lagged )
    | ( MessageFrame )
    | ( ReceiptFrame )
    | ( SendFailedFrame )
  ;
  SendMessageResult:
    | ( MessageAccepted )
    | ( StaleDevices )
  ;
};

/** Mapping of interface types */
export type ResolversInterfaceTypes<_RefType extends Record<string, unknown>> = {
  SequencedFrame:
    | ( MessageFrame )
    | ( ReceiptFrame )
    | ( SendFailedFrame )
  ;
};

/** Mapping between all available schema types and the resolvers types */
export type ResolversTypes = {
  Acknowledgement: ResolverTypeWrapper<Acknowledgement>;
  ID: ResolverTypeWrapper<Scalars['ID']['output']>;
  CaughtUp: ResolverTypeWrapper<CaughtUp>;
  Int: ResolverTypeWrapper<Scalars['Int']['output']>;
  Conversation: ResolverTypeWrapper<Conversation>;
  ConversationConnection: ResolverTypeWrapper<ConversationConnection>;
  ConversationEdge: ResolverTypeWrapper<ConversationEdge>;
  CursorReset: ResolverTypeWrapper<CursorReset>;
  DateTime: ResolverTypeWrapper<Scalars['DateTime']['output']>;
  Device: ResolverTypeWrapper<Device>;
  HeaderInput: HeaderInput;
  InboxFrame: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['InboxFrame']>;
  Lagged: ResolverTypeWrapper<Lagged>;
  Message: ResolverTypeWrapper<Message>;
  MessageAccepted: ResolverTypeWrapper<MessageAccepted>;
  MessageFrame: ResolverTypeWrapper<MessageFrame>;
  Mutation: ResolverTypeWrapper<Record<PropertyKey, never>>;
  PageInfo: ResolverTypeWrapper<PageInfo>;
  Boolean: ResolverTypeWrapper<Scalars['Boolean']['output']>;
  Query: ResolverTypeWrapper<Record<PropertyKey, never>>;
  ReceiptFrame: ResolverTypeWrapper<ReceiptFrame>;
  ReceiptKind: ReceiptKind;
  RecipientInput: RecipientInput;
  SendFailedFrame: ResolverTypeWrapper<SendFailedFrame>;
  SendMessageInput: SendMessageInput;
  SendMessageResult: ResolverTypeWrapper<ResolversUnionTypes<ResolversTypes>['SendMessageResult']>;
  SequencedFrame: ResolverTypeWrapper<ResolversInterfaceTypes<ResolversTypes>['SequencedFrame']>;
  StaleDevices: ResolverTypeWrapper<StaleDevices>;
  StaleUser: ResolverTypeWrapper<StaleUser>;
  Subscription: ResolverTypeWrapper<Record<PropertyKey, never>>;
  User: ResolverTypeWrapper<User>;
  String: ResolverTypeWrapper<Scalars['String']['output']>;
};

/** Mapping between all available schema types and the resolvers parents */
export type ResolversParentTypes = {
  Acknowledgement: Acknowledgement;
  ID: Scalars['ID']['output'];
  CaughtUp: CaughtUp;
  Int: Scalars['Int']['output'];
  Conversation: Conversation | FederationReferenceTypes['Conversation'];
  ConversationConnection: ConversationConnection;
  ConversationEdge: ConversationEdge;
  CursorReset: CursorReset;
  DateTime: Scalars['DateTime']['output'];
  Device: Device;
  HeaderInput: HeaderInput;
  InboxFrame: ResolversUnionTypes<ResolversParentTypes>['InboxFrame'];
  Lagged: Lagged;
  Message: Message | FederationReferenceTypes['Message'];
  MessageAccepted: MessageAccepted;
  MessageFrame: MessageFrame;
  Mutation: Record<PropertyKey, never>;
  PageInfo: PageInfo;
  Boolean: Scalars['Boolean']['output'];
  Query: Record<PropertyKey, never>;
  ReceiptFrame: ReceiptFrame;
  RecipientInput: RecipientInput;
  SendFailedFrame: SendFailedFrame;
  SendMessageInput: SendMessageInput;
  SendMessageResult: ResolversUnionTypes<ResolversParentTypes>['SendMessageResult'];
  SequencedFrame: ResolversInterfaceTypes<ResolversParentTypes>['SequencedFrame'];
  StaleDevices: StaleDevices;
  StaleUser: StaleUser;
  Subscription: Record<PropertyKey, never>;
  User: User;
  String: Scalars['String']['output'];
};

export type ResumableDirectiveArgs = {
  argument: Scalars['String']['input'];
  cursorPath: Scalars['String']['input'];
  finalCodes?: Array<Scalars['String']['input']>;
};

export type ResumableDirectiveResolver<Result, Parent, ContextType = Context, Args = ResumableDirectiveArgs> = DirectiveResolverFn<Result, Parent, ContextType, Args>;

export type AcknowledgementResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Acknowledgement'] = ResolversParentTypes['Acknowledgement']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  deviceId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type CaughtUpResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CaughtUp'] = ResolversParentTypes['CaughtUp']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type ConversationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Conversation'] = ResolversParentTypes['Conversation'], FederationReferenceType extends FederationReferenceTypes['Conversation'] = FederationReferenceTypes['Conversation']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Conversation']> | FederationReferenceType, FederationReferenceType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  members?: Resolver<Array<ResolversTypes['User']>, ParentType, ContextType>;
};

export type ConversationConnectionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConversationConnection'] = ResolversParentTypes['ConversationConnection']> = {
  edges?: Resolver<Array<ResolversTypes['ConversationEdge']>, ParentType, ContextType>;
  pageInfo?: Resolver<ResolversTypes['PageInfo'], ParentType, ContextType>;
};

export type ConversationEdgeResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ConversationEdge'] = ResolversParentTypes['ConversationEdge']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  node?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType>;
};

export type CursorResetResolvers<ContextType = Context, ParentType extends ResolversParentTypes['CursorReset'] = ResolversParentTypes['CursorReset']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  reason?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export interface DateTimeScalarConfig extends GraphQLScalarTypeConfig<ResolversTypes['DateTime'], any> {
  name: 'DateTime';
}

export type DeviceResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Device'] = ResolversParentTypes['Device']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type InboxFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['InboxFrame'] = ResolversParentTypes['InboxFrame']> = {
  __resolveType: TypeResolveFn<'CaughtUp' | 'CursorReset' | 'Lagged' | 'MessageFrame' | 'ReceiptFrame' | 'SendFailedFrame', ParentType, ContextType>;
};

export type LaggedResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Lagged'] = ResolversParentTypes['Lagged']> = {
  resumeAfter?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Message'] = ResolversParentTypes['Message'], FederationReferenceType extends FederationReferenceTypes['Message'] = FederationReferenceTypes['Message']> = {
  __resolveReference?: ReferenceResolver<Maybe<ResolversTypes['Message']> | FederationReferenceType, FederationReferenceType, ContextType>;
  acceptedAt?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  body?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  sender?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  senderDevice?: Resolver<ResolversTypes['Device'], ParentType, ContextType>;
  suite?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
};

export type MessageAcceptedResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageAccepted'] = ResolversParentTypes['MessageAccepted']> = {
  contentHash?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MessageFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['MessageFrame'] = ResolversParentTypes['MessageFrame']> = {
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  header?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  message?: Resolver<ResolversTypes['Message'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type MutationResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Mutation'] = ResolversParentTypes['Mutation']> = {
  acknowledge?: Resolver<ResolversTypes['Acknowledgement'], ParentType, ContextType, RequireFields<MutationAcknowledgeArgs, 'cursor' | 'deviceId'>>;
  directConversation?: Resolver<ResolversTypes['Conversation'], ParentType, ContextType, RequireFields<MutationDirectConversationArgs, 'withUserId'>>;
  markRead?: Resolver<Array<ResolversTypes['ID']>, ParentType, ContextType, RequireFields<MutationMarkReadArgs, 'deviceId' | 'messageIds'>>;
  sendMessage?: Resolver<ResolversTypes['SendMessageResult'], ParentType, ContextType, RequireFields<MutationSendMessageArgs, 'input'>>;
};

export type PageInfoResolvers<ContextType = Context, ParentType extends ResolversParentTypes['PageInfo'] = ResolversParentTypes['PageInfo']> = {
  endCursor?: Resolver<Maybe<ResolversTypes['String']>, ParentType, ContextType>;
  hasNextPage?: Resolver<ResolversTypes['Boolean'], ParentType, ContextType>;
};

export type QueryResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Query'] = ResolversParentTypes['Query']> = {
  conversation?: Resolver<Maybe<ResolversTypes['Conversation']>, ParentType, ContextType, RequireFields<QueryConversationArgs, 'id'>>;
  conversations?: Resolver<ResolversTypes['ConversationConnection'], ParentType, ContextType, Partial<QueryConversationsArgs>>;
};

export type ReceiptFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['ReceiptFrame'] = ResolversParentTypes['ReceiptFrame']> = {
  at?: Resolver<ResolversTypes['DateTime'], ParentType, ContextType>;
  byUser?: Resolver<ResolversTypes['User'], ParentType, ContextType>;
  conversationId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  kind?: Resolver<ResolversTypes['ReceiptKind'], ParentType, ContextType>;
  messageIds?: Resolver<Array<ResolversTypes['ID']>, ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SendFailedFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SendFailedFrame'] = ResolversParentTypes['SendFailedFrame']> = {
  code?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  contentHash?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  cursor?: Resolver<ResolversTypes['String'], ParentType, ContextType>;
  messageId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
  seq?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type SendMessageResultResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SendMessageResult'] = ResolversParentTypes['SendMessageResult']> = {
  __resolveType: TypeResolveFn<'MessageAccepted' | 'StaleDevices', ParentType, ContextType>;
};

export type SequencedFrameResolvers<ContextType = Context, ParentType extends ResolversParentTypes['SequencedFrame'] = ResolversParentTypes['SequencedFrame']> = {
  __resolveType: TypeResolveFn<'MessageFrame' | 'ReceiptFrame' | 'SendFailedFrame', ParentType, ContextType>;
};

export type StaleDevicesResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StaleDevices'] = ResolversParentTypes['StaleDevices']> = {
  users?: Resolver<Array<ResolversTypes['StaleUser']>, ParentType, ContextType>;
  __isTypeOf?: IsTypeOfResolverFn<ParentType, ContextType>;
};

export type StaleUserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['StaleUser'] = ResolversParentTypes['StaleUser']> = {
  devicesVersion?: Resolver<ResolversTypes['Int'], ParentType, ContextType>;
  userId?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type SubscriptionResolvers<ContextType = Context, ParentType extends ResolversParentTypes['Subscription'] = ResolversParentTypes['Subscription']> = {
  inbox?: SubscriptionResolver<ResolversTypes['InboxFrame'], "inbox", ParentType, ContextType, RequireFields<SubscriptionInboxArgs, 'deviceId'>>;
};

export type UserResolvers<ContextType = Context, ParentType extends ResolversParentTypes['User'] = ResolversParentTypes['User']> = {
  id?: Resolver<ResolversTypes['ID'], ParentType, ContextType>;
};

export type Resolvers<ContextType = Context> = {
  Acknowledgement?: AcknowledgementResolvers<ContextType>;
  CaughtUp?: CaughtUpResolvers<ContextType>;
  Conversation?: ConversationResolvers<ContextType>;
  ConversationConnection?: ConversationConnectionResolvers<ContextType>;
  ConversationEdge?: ConversationEdgeResolvers<ContextType>;
  CursorReset?: CursorResetResolvers<ContextType>;
  DateTime?: GraphQLScalarType;
  Device?: DeviceResolvers<ContextType>;
  InboxFrame?: InboxFrameResolvers<ContextType>;
  Lagged?: LaggedResolvers<ContextType>;
  Message?: MessageResolvers<ContextType>;
  MessageAccepted?: MessageAcceptedResolvers<ContextType>;
  MessageFrame?: MessageFrameResolvers<ContextType>;
  Mutation?: MutationResolvers<ContextType>;
  PageInfo?: PageInfoResolvers<ContextType>;
  Query?: QueryResolvers<ContextType>;
  ReceiptFrame?: ReceiptFrameResolvers<ContextType>;
  SendFailedFrame?: SendFailedFrameResolvers<ContextType>;
  SendMessageResult?: SendMessageResultResolvers<ContextType>;
  SequencedFrame?: SequencedFrameResolvers<ContextType>;
  StaleDevices?: StaleDevicesResolvers<ContextType>;
  StaleUser?: StaleUserResolvers<ContextType>;
  Subscription?: SubscriptionResolvers<ContextType>;
  User?: UserResolvers<ContextType>;
};

export type DirectiveResolvers<ContextType = Context> = {
  resumable?: ResumableDirectiveResolver<any, any, ContextType>;
};
