// A typed client of the Qisma gateway.
export { QismaClient } from './client.js';
export type { ClientOptions, SendOptions } from './client.js';
export {
  ApiError,
  CallError,
  ConnectionError,
  QismaError,
  UnexpectedAnswerError,
  WebhookVerificationError,
} from './errors.js';
export type { FieldMistake } from './errors.js';
export type * from './types.js';
export { Webhook } from './webhook.js';
export type { VerifiedWebhook, WebhookEvent, WebhookHeaders } from './webhook.js';
