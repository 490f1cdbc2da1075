// What is sent and what comes back, spelled as on the wire, so that docs/api.md describes both.
// Amounts are whole numbers of millimes: 1 TND is 1000.

/** A share of a payment and the merchant that gets it. */
export interface Destination {
  readonly amount: number;
  /** The merchant's id: digits. */
  readonly destination: string;
}

/** A payment to ask for. */
export interface NewPayment {
  readonly amount: number;
  readonly success_link: string;
  readonly fail_link: string;
  readonly webhook?: string;
  /** Yours; echoed, never unique. */
  readonly developer_tracking_id?: string;
  /** Lets the payer choose a card. */
  readonly accept_card?: boolean;
  readonly image_url?: string;
  readonly session_timeout_secs?: number;
  /** The split; what is left of the amount goes to the calling merchant. */
  readonly destination?: readonly Destination[];
  /** Holds the money now, for confirmPayment or cancelPayment later. */
  readonly pre_authorization?: boolean;
  /** The payer's id at the merchant; a card payment with it makes a binding. */
  readonly client_id?: string;
  /** A saved way to pay, with the client_id it belongs to and the card's cvc. */
  readonly binding_id?: string;
  readonly cvc?: string;
}

/** A payment that was made. */
export interface CreatedPayment {
  readonly payment_id: string;
  /** Where the payer goes. Of a saved card: only while `status` is `PENDING`. */
  readonly link: string | undefined;
  readonly developer_tracking_id: string | undefined;
  /** How the charge of a saved card stands; absent of every other payment. */
  readonly status: PaymentStatus | undefined;
}

/** How a payment stands; one of these six words, for ever. */
export type PaymentStatus =
  | 'SUCCESS'
  | 'PENDING'
  | 'EXPIRED'
  | 'FAILURE'
  | 'PREAUTH_SUCCESS'
  | 'SYSTEM_FAILURE';

/** Where captured money is on its way to the merchant. */
export type SettlementStatus = 'PROCESSING' | 'AVAILABLE' | 'IN_PAYOUT' | 'PAID' | 'NOT_APPLICABLE';

/** What is known of how it was paid. A payment that nobody tried to pay yet has next to nothing here. */
export interface PaymentDetails {
  readonly order_number?: string;
  readonly name?: string;
  /** Masked. */
  readonly pan?: string;
  readonly payment_system?: string;
  readonly expiration?: string;
  readonly approval_code?: string;
  readonly currency?: string;
  readonly phone_number?: string;
  readonly email?: string;
  readonly binding_id?: string;
  readonly destinations?: readonly Destination[];
  readonly [other: string]: unknown;
}

/** A payment as it stands. */
export interface Payment {
  readonly payment_id: string;
  /** `card`, `wallet`, ...; `online` before anybody tried to pay. */
  readonly type: string;
  readonly amount: number;
  readonly status: PaymentStatus;
  readonly settlement_status: SettlementStatus;
  readonly developer_tracking_id: string | null;
  readonly details: PaymentDetails;
}

/** A part of a refund that is taken from one destination's share. */
export type Reversal = Destination;

/** What to give back: all of it, a part, or chosen parts of the shares. */
export interface NewRefund {
  readonly amount?: number;
  readonly reversals?: readonly Reversal[];
}

export interface Refund {
  readonly refund_id: string;
  readonly payment_id: string;
  readonly amount: number;
  /** `success`, or `pending` while only the acquirer knows: it goes on by itself. */
  readonly status: string;
  /** ISO 8601; absent while it is pending. */
  readonly refunded_at: string | undefined;
  /** Whose shares it is taken from. */
  readonly reversals: readonly Reversal[];
}

export interface Confirmation {
  readonly payment_id: string;
  /** `confirmed`, or `pending` while only the acquirer knows: it goes on by itself. */
  readonly status: string;
  /** What is captured; the rest of the hold is released. */
  readonly amount: number;
  /** Absent while it is pending. */
  readonly confirmed_at: string | undefined;
}

export interface Cancellation {
  readonly payment_id: string;
  readonly status: string;
  readonly cancelled_at: string | undefined;
}

/** A saved card. */
export interface Binding {
  readonly binding_id: string;
  readonly client_id: string;
  readonly card_last_four: string;
  readonly card_brand: string;
  readonly status: string;
  readonly created_at: string | undefined;
}

/** A saved card that cannot be charged any more. */
export interface RevokedBinding {
  readonly binding_id: string;
  readonly client_id: string;
  readonly status: string;
}

export interface HistoryFilter {
  readonly type: 'online' | 'pos';
  readonly merchant_id?: string;
  /** ISO 8601, inclusive. */
  readonly start_date?: string;
  readonly end_date?: string;
  /** `S` success, `AS` all successes, `PF` failure, `P` pending, ... */
  readonly operation_status?: string;
  readonly app_token?: string;
  /** 16 characters; only with the type `pos`. */
  readonly terminal_id?: string;
  /** How many a page has. */
  readonly limit?: number;
}

/** A payment in the history. More members than these may come. */
export interface HistoryRow {
  readonly payment_id: string;
  readonly type: string;
  readonly amount: number;
  readonly status: string;
  readonly settlement_status: SettlementStatus;
  readonly developer_tracking_id: string | null;
  readonly destinations?: readonly Destination[];
  readonly [other: string]: unknown;
}

export interface NewPosTransaction {
  readonly id_terminal: string;
  readonly serial_number: string;
  readonly amount_in_millimes: number;
  readonly payment_method: 'NFC' | 'CARD' | 'WALLET' | 'CHECK';
  readonly developer_tracking_id?: string;
  readonly webhook?: string;
}

/** An amount that waits at a terminal. */
export interface StartedPosTransaction {
  readonly terminal_id: string;
  /** Names it for posTransactions; Flouci leaves it out. */
  readonly transaction_id: string | undefined;
}

export interface PosTransaction {
  readonly developer_tracking_id: string | undefined;
  /** `P` waiting, `PS` paid, `PF` declined or called off, `PE` not paid in time. */
  readonly payment_status: string;
  readonly transaction_id: string;
}

export type PosQuery =
  | { readonly developer_tracking_id: string }
  | { readonly flouci_transaction_id: string };

export interface NewQrCode {
  readonly amount_in_millimes: number;
  readonly merchant_id: string;
  /** Names the operation; a fresh UUID when absent. The same one again gives the same code. */
  readonly operation_uuid?: string;
  readonly barcode?: boolean;
}

export interface QrCode {
  /** A PNG, in base64. */
  readonly qr_code: string;
  readonly operation_uuid: string;
}

/** A payment by QR code. */
export interface QrTransaction {
  readonly operation_uuid: string;
  readonly payment_id: string;
  /** The page to which the code leads. */
  readonly link: string;
  readonly amount_in_millimes: number;
  readonly status: PaymentStatus;
  readonly created_at: string;
  readonly updated_at: string;
}

export interface QrHistoryFilter {
  readonly merchant_id?: string;
  /** ISO 8601, inclusive. */
  readonly start_date?: string;
  readonly end_date?: string;
  /** How many a page has. */
  readonly limit?: number;
}
