<?php

declare(strict_types=1);

namespace Qisma\Tests\Unit;

use PHPUnit\Framework\TestCase;
use Qisma\Client;
use Qisma\CreatedPayment;
use Qisma\Destination;
use Qisma\HistoryRow;
use Qisma\PaymentStatus;
use Qisma\PosTransaction;
use Qisma\QrTransaction;
use Qisma\StartedPosTransaction;
use Qisma\UnexpectedAnswerException;
use Qisma\Webhook;

/** Every call sends what the contract asks for and reads what it promises. */
final class CallsTest extends TestCase
{
    private const ID = 'FoPKKHqfQIKfBqhEj8M47A';
    private const PAYMENT = [
        'amount' => 10_000,
        'successLink' => 'https://shop.example/thanks',
        'failLink' => 'https://shop.example/sorry',
    ];
    private const SENT_PAYMENT = [
        'amount' => 10_000,
        'success_link' => 'https://shop.example/thanks',
        'fail_link' => 'https://shop.example/sorry',
    ];

    public function test_a_payment_is_asked_for_with_its_split(): void
    {
        $stub = new Stub(['generate_payment']);
        $split = [new Destination('1234', 8_000)];
        $created = $stub->client->generatePayment(...self::PAYMENT, destination: $split, acceptCard: true);
        $link = 'https://pay.example/pay/' . self::ID;
        self::assertEquals(new CreatedPayment(self::ID, $link, 'order-42'), $created);
        [$asked] = $stub->asked();
        self::assertSame(['POST', '/api/v2/generate_payment'], [$asked['method'], $asked['path']]);
        $sentSplit = [['amount' => 8_000, 'destination' => '1234']];
        $sent = ['accept_card' => true, 'destination' => $sentSplit];
        self::assertSame(self::SENT_PAYMENT + $sent, $asked['body']);
        self::assertSame('Bearer public:private', $asked['headers']['authorization']);
    }

    public function test_a_hold_and_a_saved_card_are_asked_for_by_their_fields(): void
    {
        $stub = new Stub(['generate_payment']);
        $stub->client->generatePayment(
            ...self::PAYMENT,
            preAuthorization: true,
            clientId: 'amira@example.com',
            bindingId: 'b',
            cvc: '748',
        );
        self::assertSame(self::SENT_PAYMENT + [
            'pre_authorization' => true,
            'client_id' => 'amira@example.com',
            'binding_id' => 'b',
            'cvc' => '748',
        ], $stub->asked()[0]['body']);
    }

    public function test_a_saved_card_that_was_charged_says_so(): void
    {
        $stub = new Stub(['generate_payment_with_binding']);
        $card = ['clientId' => 'amira@example.com', 'bindingId' => 'b', 'cvc' => '748'];
        $created = $stub->client->generatePayment(...self::PAYMENT + $card);
        self::assertSame(PaymentStatus::Success, $created->status);
    }

    public function test_an_empty_tracking_id_is_sent(): void
    {
        $stub = new Stub(['generate_payment']);
        $stub->client->generatePayment(...self::PAYMENT, developerTrackingId: '');
        self::assertSame('', $stub->asked()[0]['body']['developer_tracking_id']);
    }

    public function test_a_payment_is_read(): void
    {
        $stub = new Stub(['verify_payment']);
        $payment = $stub->client->verifyPayment(self::ID);
        self::assertSame([self::ID, 1_250], [$payment->paymentId, $payment->amount]);
        self::assertSame(PaymentStatus::Success, $payment->status);
        self::assertSame('PROCESSING', $payment->settlementStatus);
        $legs = [['amount' => 1_000, 'destination' => '1234']];
        self::assertSame($legs, $payment->details['destinations']);
        self::assertSame('/api/v2/verify_payment/' . self::ID, $stub->asked()[0]['path']);
    }

    public function test_an_id_cannot_lead_to_another_path(): void
    {
        $stub = new Stub(['verify_payment']);
        foreach (['..', 'a/../b?c', "a\n", ''] as $id) {
            try {
                $stub->client->verifyPayment($id);
                self::fail("took $id");
            } catch (\ValueError $error) {
                self::assertSame('that is no payment id', $error->getMessage());
            }
        }
        self::assertSame([], $stub->asked());
    }

    public function test_a_refund_sends_its_amount_and_reversals_and_reads_digits_as_a_number(): void
    {
        $stub = new Stub(['refund_payment']);
        $refund = $stub->client->refundPayment(self::ID, 10_000, [new Destination('1234', 6_000)]);
        self::assertSame(['ref_1', 10_000], [$refund->refundId, $refund->amount]);
        [$asked] = $stub->asked();
        self::assertSame('/api/v2/refund_payment', $asked['path']);
        self::assertSame([
            'payment_id' => self::ID,
            'amount' => 10_000,
            'reversals' => [['amount' => 6_000, 'destination' => '1234']],
        ], $asked['body']);
    }

    public function test_a_refund_of_everything_sends_the_payment_alone(): void
    {
        $stub = new Stub(['refund_payment']);
        $stub->client->refundPayment(self::ID);
        self::assertSame(['payment_id' => self::ID], $stub->asked()[0]['body']);
    }

    public function test_a_refund_that_only_the_acquirer_knows_is_pending_with_its_shares(): void
    {
        $stub = new Stub(['refund_payment_pending']);
        $refund = $stub->client->refundPayment(self::ID);
        self::assertSame(['pending', null], [$refund->status, $refund->refundedAt]);
        $shares = [new Destination('1234', 6_000), new Destination('1000', 4_000)];
        self::assertEquals($shares, $refund->reversals);
    }

    public function test_a_hold_is_confirmed_whole_by_the_payment_alone(): void
    {
        $stub = new Stub(['confirm_payment']);
        $stub->client->confirmPayment(self::ID);
        self::assertSame(['payment_id' => self::ID], $stub->asked()[0]['body']);
    }

    public function test_a_capture_that_only_the_acquirer_knows_is_pending(): void
    {
        $stub = new Stub(['confirm_payment_pending']);
        $confirmed = $stub->client->confirmPayment(self::ID);
        self::assertSame(['pending', null], [$confirmed->status, $confirmed->confirmedAt]);
    }

    public function test_a_hold_is_confirmed_in_part(): void
    {
        $stub = new Stub(['confirm_payment']);
        $confirmed = $stub->client->confirmPayment(self::ID, 8_500);
        self::assertSame(['confirmed', 8_500], [$confirmed->status, $confirmed->amount]);
        [$asked] = $stub->asked();
        self::assertSame('/api/v2/confirm_payment', $asked['path']);
        self::assertSame(['payment_id' => self::ID, 'amount' => 8_500], $asked['body']);
    }

    public function test_a_hold_is_released(): void
    {
        $stub = new Stub(['cancel_payment']);
        $canceled = $stub->client->cancelPayment(self::ID);
        self::assertSame(['cancelled', '2025-01-15T10:30:00Z'], [$canceled->status, $canceled->cancelledAt]);
        self::assertSame('/api/v2/cancel_payment', $stub->asked()[0]['path']);
        self::assertSame(['payment_id' => self::ID], $stub->asked()[0]['body']);
    }

    public function test_bindings_are_listed(): void
    {
        $stub = new Stub(['bindings_list']);
        [$binding] = $stub->client->listBindings('amira@example.com');
        self::assertSame('4012', $binding->cardLastFour);
        [$asked] = $stub->asked();
        self::assertSame('/api/v2/bindings/list', $asked['path']);
        self::assertSame(['client_id' => 'amira@example.com'], $asked['query']);
    }

    public function test_a_binding_whose_time_nobody_knows_is_listed(): void
    {
        $stub = new Stub(['bindings_list_without_a_time']);
        [$binding] = $stub->client->listBindings('amira@example.com');
        self::assertNull($binding->createdAt);
    }

    public function test_a_binding_is_given_up(): void
    {
        $stub = new Stub(['bindings_revoke']);
        self::assertSame('revoked', $stub->client->revokeBinding('amira@example.com', 'b')->status);
        [$asked] = $stub->asked();
        self::assertSame(['POST', '/api/v2/bindings/revoke'], [$asked['method'], $asked['path']]);
        self::assertSame(['client_id' => 'amira@example.com', 'binding_id' => 'b'], $asked['body']);
    }

    public function test_the_history_goes_on_from_page_to_page_and_never_to_another_host(): void
    {
        $stub = new Stub(['history_first_page', 'history_last_page']);
        $rows = iterator_to_array($stub->client->history('online', operationStatus: 'S', limit: 2));
        self::assertSame([1_250, 700, 300], array_map(static fn (HistoryRow $row) => $row->amount, $rows));
        [$first, $second] = $stub->asked();
        self::assertSame('/api/developers/history', $first['path']);
        self::assertSame(['type' => 'online', 'operation_status' => 'S', 'limit' => '2'], $first['query']);
        self::assertSame(['type' => 'online', 'cursor' => 'a+b='], $second['query']);
    }

    public function test_an_empty_page_that_leads_on_is_not_the_end_of_the_history(): void
    {
        $stub = new Stub(['history_empty_page', 'history_last_page']);
        $rows = iterator_to_array($stub->client->history('online'));
        self::assertSame([300], array_map(static fn (HistoryRow $row) => $row->amount, $rows));
        self::assertSame(['type' => 'online', 'cursor' => 'c'], $stub->asked()[1]['query']);
    }

    public function test_a_next_page_without_a_query_is_not_taken_for_the_history_that_was_asked_for(): void
    {
        $stub = new Stub(['history_next_without_query']);
        $this->expectException(UnexpectedAnswerException::class);
        iterator_to_array($stub->client->history('online'));
    }

    public function test_a_page_that_nobody_needs_is_not_asked_for(): void
    {
        $stub = new Stub(['history_first_page']);
        self::assertSame(self::ID, $stub->client->history('online')->current()->paymentId);
        self::assertCount(1, $stub->asked());
    }

    public function test_a_terminal_is_sent_an_amount(): void
    {
        $stub = new Stub(['init_pos_transaction']);
        $started = $stub->client->initPosTransaction('testing1234', 's', 1_000, 'CARD', 'order-42');
        self::assertEquals(new StartedPosTransaction('testing1234', null), $started);
        [$asked] = $stub->asked();
        self::assertSame('/api/transactions/init_pos_transaction', $asked['path']);
        self::assertSame([
            'id_terminal' => 'testing1234',
            'serial_number' => 's',
            'amount_in_millimes' => 1_000,
            'payment_method' => 'CARD',
            'developer_tracking_id' => 'order-42',
        ], $asked['body']);
    }

    public function test_a_terminals_transaction_has_an_id_without_a_name_of_the_callers(): void
    {
        $stub = new Stub(['init_pos_transaction_with_its_id', 'get_pos_transaction_status_without_a_name']);
        $started = $stub->client->initPosTransaction('testing1234', 's', 1_000, 'NFC');
        [$found] = $stub->client->posTransactions(flouciTransactionId: $started->transactionId);
        self::assertEquals(new PosTransaction(null, 'P', (string) $started->transactionId), $found);
    }

    public function test_transactions_of_a_terminal_are_found_by_either_id(): void
    {
        $stub = new Stub(['get_pos_transaction_status', 'get_pos_transaction_status']);
        [$found] = $stub->client->posTransactions(developerTrackingId: 'order-42');
        $stub->client->posTransactions(flouciTransactionId: 'uuid');
        self::assertSame('PS', $found->paymentStatus);
        [$first, $second] = $stub->asked();
        self::assertSame('/api/transactions/get_pos_transaction_status', $first['path']);
        self::assertSame(['developer_tracking_id' => 'order-42'], $first['query']);
        self::assertSame(['flouci_transaction_id' => 'uuid'], $second['query']);
    }

    public function test_a_qr_code_is_drawn_with_the_api_key_for_an_operation_that_the_client_names(): void
    {
        $stub = new Stub(['generate_custom_qr_code']);
        self::assertSame('iVBORw0KGgo=', $stub->client->generateQrCode(1_000, '1234')->png);
        [$asked] = $stub->asked();
        self::assertSame('/api/business/generate_custom_qr_code', $asked['path']);
        self::assertSame('Api-Key api-key', $asked['headers']['authorization']);
        self::assertSame('1000', $asked['query']['amount_in_millimes']);
        $uuid = '/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/';
        self::assertMatchesRegularExpression($uuid, $asked['query']['operation_uuid']);
    }

    public function test_the_status_of_a_qr_operation_is_read_with_the_api_key(): void
    {
        $stub = new Stub(['custom_transaction_status']);
        $transaction = $stub->client->qrTransactionStatus('uuid');
        self::assertSame([PaymentStatus::Success, self::ID], [$transaction->status, $transaction->paymentId]);
        [$asked] = $stub->asked();
        self::assertSame('/api/business/custom_transaction/status', $asked['path']);
        self::assertSame(['operation_uuid' => 'uuid'], $asked['query']);
        self::assertSame('Api-Key api-key', $asked['headers']['authorization']);
    }

    public function test_payments_by_qr_code_are_listed_from_page_to_page_with_the_api_key(): void
    {
        $stub = new Stub(['custom_transaction_history_first_page', 'custom_transaction_history_last_page']);
        $rows = iterator_to_array($stub->client->qrHistory(startDate: '2026-11-01', limit: 1));
        $amounts = array_map(static fn (QrTransaction $row) => $row->amountInMillimes, $rows);
        self::assertSame([1_000, 700], $amounts);
        [$first, $second] = $stub->asked();
        self::assertSame('/api/business/custom_transaction/history', $second['path']);
        self::assertSame(['start_date' => '2026-11-01', 'limit' => '1'], $first['query']);
        self::assertSame(['limit' => '1', 'before' => '1.AZPKKHqfQIKfBqhEj8M47B'], $second['query']);
        self::assertSame('Api-Key api-key', $second['headers']['authorization']);
    }

    public function test_a_lost_answer_is_asked_for_by_its_key_whatever_that_holds(): void
    {
        $stub = new Stub(['refund_payment']);
        $answer = $stub->client->lostAnswer('a/b?c%2F', self::ID);
        self::assertSame('success', $answer['status']);
        [$asked] = $stub->asked();
        self::assertSame(['GET', '/api/idempotency/a%2Fb%3Fc%252F'], [$asked['method'], $asked['path']]);
        self::assertSame(['payment_id' => self::ID], $asked['query']);
        self::assertArrayNotHasKey('idempotency-key', $asked['headers']);
    }

    public function test_a_key_that_leads_to_another_path_is_not_asked_for(): void
    {
        $stub = new Stub([]);
        foreach (['.', '..', 'a b', ''] as $key) {
            try {
                $stub->client->lostAnswer($key);
                self::fail("took $key");
            } catch (\ValueError $error) {
                self::assertStringContainsString('idempotency key', $error->getMessage());
            }
        }
        self::assertSame([], $stub->asked());
    }

    public function test_an_amount_that_is_no_integer_is_refused_also_from_a_caller_without_strict_types(): void
    {
        $stub = new Stub([]);
        $calls = require __DIR__ . '/coercing.php';
        foreach ([10.5, 10.0, true, '1000'] as $amount) {
            foreach ($calls as $name => $call) {
                try {
                    $call($stub->client, $amount);
                    self::fail("$name took " . var_export($amount, true));
                } catch (\TypeError $error) {
                    self::assertStringContainsString('whole number of millimes', $error->getMessage());
                }
            }
        }
        self::assertSame([], $stub->asked());
    }

    public function test_a_key_with_a_line_break_is_refused(): void
    {
        $this->expectExceptionMessage('privateKey is not a key');
        new Client('https://pay.example', 'public', "a\r\nX: y");
    }

    public function test_neither_client_nor_webhook_shows_a_key(): void
    {
        $client = new Client('https://pay.example', 'public-key', 'private-key', 'api-key');
        $webhook = new Webhook('whsec_' . base64_encode('webhook-key'));
        foreach ([$client, (array) $client, $webhook, (array) $webhook] as $shown) {
            ob_start();
            var_dump($shown);
            self::assertStringNotContainsString('-key', print_r($shown, true) . ob_get_clean());
        }
        self::assertStringNotContainsString('-key', var_export($webhook, true));
    }

    public function test_a_webhook_secret_is_not_written_down(): void
    {
        $this->expectExceptionMessage('not allowed');
        serialize(new Webhook('whsec_a2V5'));
    }
}
