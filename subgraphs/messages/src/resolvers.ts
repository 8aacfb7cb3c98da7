/** The schema's fields, each an operation of its own; the caller is verified before any of them runs. */
import type { GraphQLScalarType } from "graphql";
import type { InboxFrame, Resolvers } from "./generated/schema.ts";
import { presentMessage } from "./inbox/frame.ts";
import { createAcknowledge } from "./operations/acknowledge.ts";
import { createConversation } from "./operations/conversation.ts";
import { createConversations } from "./operations/conversations.ts";
import { createDirectConversation } from "./operations/direct-conversation.ts";
import { createInbox } from "./operations/inbox.ts";
import { createMarkRead } from "./operations/mark-read.ts";
import { createSendMessage } from "./operations/send-message.ts";
import type { Services } from "./services.ts";
import { findMessage } from "./store/messages.ts";
import { requireUuid } from "./uuid.ts";

type WithoutTypeResolution = Omit<Resolvers, "InboxFrame" | "SendMessageResult" | "SequencedFrame" | "DateTime"> & {
  DateTime?: GraphQLScalarType;
};

/** Unions need no resolver of types: every value carries its __typename. */
export function createResolvers(services: Services): WithoutTypeResolution {
  const sendMessage = createSendMessage(services);
  const acknowledge = createAcknowledge(services);
  const markRead = createMarkRead(services);
  const directConversation = createDirectConversation(services);
  const conversation = createConversation(services);
  const conversations = createConversations(services);
  const inbox = createInbox(services);
  return {
    Query: {
      conversation: async (_, { id }, { caller }) => conversation((await caller()).userId, id),
      conversations: async (_, args, { caller }) => conversations((await caller()).userId, args),
    },
    Mutation: {
      sendMessage: async (_, { input }, { caller }) => sendMessage((await caller()).userId, input),
      acknowledge: async (_, args, { caller }) => acknowledge((await caller()).userId, args),
      markRead: async (_, args, { caller }) => markRead((await caller()).userId, args),
      directConversation: async (_, { withUserId }, { caller }) =>
        directConversation((await caller()).userId, withUserId),
    },
    Subscription: {
      inbox: {
        subscribe: async (_, args, { caller }) => inbox(await caller(), args),
        resolve: (frame: InboxFrame) => frame,
      },
    },
    Conversation: {
      __resolveReference: async ({ id }, { caller }) => conversation((await caller()).userId, id),
    },
    Message: {
      __resolveReference: async ({ id }, { caller }) => {
        requireUuid("id", id);
        const message = await findMessage(services.store, services.opener, id, (await caller()).userId);
        return message === null ? null : presentMessage(message);
      },
    },
  };
}
