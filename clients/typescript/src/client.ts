// The calls of the API, one method each.
import { UnexpectedAnswerError } from './errors.js';
import { checkMillimes, list, millimes, object, optionalText, text } from './read.js';
import type { Json } from './read.js';
import { Transport } from './transport.js';
import type { TransportOptions } from './transport.js';
import type {
  Binding,
  Cancellation,
  Confirmation,
  CreatedPayment,
  Destination,
  HistoryFilter,
  HistoryRow,
  NewPayment,
  NewPosTransaction,
  NewQrCode,
  NewRefund,
  Payment,
  PaymentStatus,
  PosQuery,
  PosTransaction,
  QrCode,
  Refund,
} from './types.js';

export interface ClientOptions extends TransportOptions {
  /** The gateway's address, such as `https://pay.example`. */
  readonly baseUrl: string;
  /** The pair of keys that `qisma app create` printed. */
  readonly publicKey: string;
  readonly privateKey: string;
  /** The key of the QR calls; only they need it. */
  readonly apiKey?: string;
}

/** How to send a request that changes something. */
export interface SendOptions {
  /** Makes the same request again harmless; a fresh UUID when absent. */
  readonly idempotencyKey?: string;
}

const STATUSES: readonly string[] = [
  'SUCCESS',
  'PENDING',
  'EXPIRED',
  'FAILURE',
  'PREAUTH_SUCCESS',
  'SYSTEM_FAILURE',
] satisfies PaymentStatus[];

/** A client of one app of a merchant. It holds no state and may be shared. */
export class QismaClient {
  readonly #transport: Transport;
  readonly #authorization: string;
  readonly #apiKey: string | undefined;

  constructor(options: ClientOptions) {
    this.#transport = new Transport(options.baseUrl, options);
    const pair = [credential('publicKey', options.publicKey), credential('privateKey', options.privateKey)];
    this.#authorization = `Bearer ${pair.join(':')}`;
    this.#apiKey = options.apiKey && credential('apiKey', options.apiKey);
  }

  /** Asks for a payment. Send the payer to its `link`. */
  async generatePayment(payment: NewPayment, options?: SendOptions): Promise<CreatedPayment> {
    checkMillimes('amount', payment.amount);
    checkShares('destination', payment.destination);
    const answer = await this.#post('/api/v2/generate_payment', payment, options);
    const result = object(answer, 'result');
    return {
      payment_id: text(result, 'payment_id'),
      link: optionalText(result, 'link'),
      developer_tracking_id: optionalText(result, 'developer_tracking_id'),
    };
  }

  /** Asks how a payment stands. Wait for the webhook instead of asking again and again. */
  async verifyPayment(paymentId: string): Promise<Payment> {
    const answer = await this.#get(`/api/v2/verify_payment/${encodeURIComponent(paymentId)}`);
    const result = object(answer, 'result');
    const status = text(result, 'status');
    if (!STATUSES.includes(status)) throw new UnexpectedAnswerError('the status is none of the six words');
    return {
      payment_id: paymentId,
      type: text(result, 'type'),
      amount: millimes(result, 'amount'),
      status: status as PaymentStatus,
      settlement_status: text(result, 'settlement_status') as Payment['settlement_status'],
      developer_tracking_id: optionalText(result, 'developer_tracking_id') ?? null,
      details: object(result, 'details') as Payment['details'],
    };
  }

  /** Gives a payment back: all of it, a part (as often as there is something left), or chosen shares. */
  async refundPayment(paymentId: string, refund: NewRefund = {}, options?: SendOptions): Promise<Refund> {
    checkMillimes('amount', refund.amount);
    checkShares('reversals', refund.reversals);
    const body = { payment_id: paymentId, ...refund };
    const result = object(await this.#post('/api/v2/refund_payment', body, options), 'result');
    return {
      refund_id: text(result, 'refund_id'),
      payment_id: text(result, 'payment_id'),
      amount: millimes(result, 'amount'),
      status: text(result, 'status'),
      refunded_at: optionalText(result, 'refunded_at'),
    };
  }

  /** Captures money that is held, all of it or a part; the rest is released. */
  async confirmPayment(
    paymentId: string,
    confirm: { readonly amount?: number } = {},
    options?: SendOptions,
  ): Promise<Confirmation> {
    checkMillimes('amount', confirm.amount);
    const body = { payment_id: paymentId, ...confirm };
    const result = object(await this.#post('/api/v2/confirm_payment', body, options), 'result');
    return {
      payment_id: text(result, 'payment_id'),
      status: text(result, 'status'),
      amount: millimes(result, 'amount'),
      confirmed_at: optionalText(result, 'confirmed_at'),
    };
  }

  /** Releases money that is held. */
  async cancelPayment(paymentId: string, options?: SendOptions): Promise<Cancellation> {
    const body = { payment_id: paymentId };
    const result = object(await this.#post('/api/v2/cancel_payment', body, options), 'result');
    return {
      payment_id: text(result, 'payment_id'),
      status: text(result, 'status'),
      cancelled_at: optionalText(result, 'cancelled_at'),
    };
  }

  /** The saved cards of a payer. */
  async listBindings(clientId: string): Promise<readonly Binding[]> {
    const answer = await this.#get('/api/v2/bindings/list', { client_id: clientId });
    return list(object(answer, 'result'), 'bindings') as unknown as readonly Binding[];
  }

  /** Every payment of the filter, page by page as they are needed. */
  async *history(filter: HistoryFilter): AsyncGenerator<HistoryRow, void, undefined> {
    let query: Query | undefined = { ...filter };
    while (query !== undefined) {
      const page: Json = await this.#get('/api/developers/history', query);
      for (const row of list(page, 'results')) {
        millimes(row, 'amount');
        yield row as HistoryRow;
      }
      query = queryOf(optionalText(page, 'next'));
    }
  }

  /** Sends an amount to a terminal, and gives the terminal's id. */
  async initPosTransaction(transaction: NewPosTransaction, options?: SendOptions): Promise<string> {
    checkMillimes('amount_in_millimes', transaction.amount_in_millimes);
    const answer = await this.#post('/api/transactions/init_pos_transaction', transaction, options);
    return text(answer, 'terminal_id');
  }

  /** The transactions of a terminal that have this id. */
  async posTransactions(query: PosQuery): Promise<readonly PosTransaction[]> {
    const answer = await this.#get('/api/transactions/get_pos_transaction_status', { ...query });
    return list(answer, 'transactions') as unknown as readonly PosTransaction[];
  }

  /** Draws a QR code to pay an amount by wallet. */
  async generateQrCode(code: NewQrCode): Promise<QrCode> {
    checkMillimes('amount_in_millimes', code.amount_in_millimes);
    // The operation is named here, so that asking again after a lost answer makes no second one.
    const query = { operation_uuid: crypto.randomUUID(), ...code };
    const answer = await this.#getByApiKey('/api/business/generate_custom_qr_code', query);
    return { qr_code: text(answer, 'qr_code'), operation_uuid: text(answer, 'operation_uuid') };
  }

  /** How the operation of a QR code stands: the answer as it came. */
  async qrTransactionStatus(operationUuid: string): Promise<Json> {
    const path = '/api/business/custom_transaction/status';
    return this.#getByApiKey(path, { operation_uuid: operationUuid });
  }

  #post(path: string, body: object, options: SendOptions | undefined): Promise<Json> {
    const idempotencyKey = options?.idempotencyKey ?? crypto.randomUUID();
    const authorization = this.#authorization;
    return this.#transport.call({ method: 'POST', target: path, authorization, body, idempotencyKey });
  }

  #get(path: string, query: Query = {}, authorization = this.#authorization): Promise<Json> {
    const words = Object.entries(query).filter(([, value]) => value !== undefined);
    const text = new URLSearchParams(words.map(([name, value]) => [name, String(value)])).toString();
    const target = text === '' ? path : `${path}?${text}`;
    return this.#transport.call({ method: 'GET', target, authorization });
  }

  #getByApiKey(path: string, query: Query): Promise<Json> {
    if (!this.#apiKey) throw new TypeError('the QR calls need the option apiKey');
    return this.#get(path, query, `Api-Key ${this.#apiKey}`);
  }
}

type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** Also keeps line breaks out of the header. */
function credential(name: string, value: string): string {
  if (!/^[!-9;-~]+$/.test(value)) throw new TypeError(`${name} is not a key`);
  return value;
}

function checkShares(name: string, shares: readonly Destination[] | undefined): void {
  shares?.forEach((share, index) => checkMillimes(`${name}[${index}].amount`, share.amount));
}

/** Of a link to the next page only the query is taken: keys go to the configured address alone. */
function queryOf(link: string | undefined): Query | undefined {
  if (link === undefined || link === '') return undefined;
  return Object.fromEntries(new URL(link, 'http://gateway.invalid').searchParams);
}
