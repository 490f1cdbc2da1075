// The running gateway that tests speak to, as `cargo xtask ci --only clients` describes it.
import { QismaClient } from '../../src/index.js';

export interface App {
  readonly public_key: string;
  readonly private_key: string;
  readonly webhook_secret: string;
}

export interface Demo {
  readonly gateway: string;
  readonly sandbox: string;
  /** Apps whose webhooks come as GET and as POST. */
  readonly get: App;
  readonly post: App;
  /** Of the merchant whose apps these are. */
  readonly api_key: string;
  /** Phones with a wallet, each good for one code now. */
  readonly phones: readonly string[];
}

const described = process.env['QISMA_DEMO'];
if (described === undefined) throw new Error('run these with: cargo xtask ci --only clients');
export const demo = JSON.parse(described) as Demo;

export function clientOf(app: App): QismaClient {
  return new QismaClient({
    baseUrl: demo.gateway,
    publicKey: app.public_key,
    privateKey: app.private_key,
    apiKey: demo.api_key,
  });
}
