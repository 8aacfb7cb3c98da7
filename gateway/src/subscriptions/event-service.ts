/** The service of an event's plan that answers with the event itself. Clients never see the name. */
export const EVENT_SERVICE = "<subscription event>";
