<?php

declare(strict_types=1);

namespace Qisma\Tests\Unit;

use PHPUnit\Framework\TestCase;
use Qisma\ApiException;
use Qisma\CallException;
use Qisma\Client;
use Qisma\ConnectionException;
use Qisma\CreatedPayment;
use Qisma\FieldMistake;
use Qisma\UnexpectedAnswerException;

/** What goes wrong: errors, repetitions, time limits. */
final class TroublesTest extends TestCase
{
    public function test_an_error_carries_what_the_body_says(): void
    {
        $error = $this->errorOfVerify(new Stub(['payment_not_found']));
        self::assertSame('Payment not found', $error->getMessage());
        self::assertSame([404, 'payment_not_found', 1], [$error->status, $error->errorCode, $error->flouciCode]);
        self::assertSame('req-1', $error->requestId);
    }

    public function test_an_invalid_request_lists_its_mistakes(): void
    {
        $stub = new Stub(['request_invalid']);
        $error = $this->apiError(fn () => $this->pay($stub));
        $mistake = new FieldMistake('amount', 'the amount must be at least 1 millime');
        self::assertEquals([$mistake], $error->mistakes);
    }

    public function test_a_refused_refund_carries_both_codes(): void
    {
        $stub = new Stub(['refund_not_allowed']);
        $error = $this->apiError(fn () => $stub->client->refundPayment('x'));
        self::assertSame('refund_not_allowed', $error->errorCode);
        self::assertSame('REFUND_NOT_ALLOWED', $error->flouciCode);
    }

    public function test_the_short_refusal_of_flouci_is_understood(): void
    {
        $stub = new Stub(['refund_not_allowed_without_result']);
        $error = $this->apiError(fn () => $stub->client->refundPayment('x'));
        self::assertSame('REFUND_NOT_ALLOWED', $error->errorCode);
        self::assertSame('Payment cannot be refunded', $error->getMessage());
    }

    public function test_a_saved_card_that_is_declined_is_told_apart(): void
    {
        $stub = new Stub(['charge_declined']);
        $error = $this->apiError(fn () => $this->pay($stub, clientId: 'a', bindingId: 'b', cvc: '748'));
        self::assertSame([412, 'charge_declined'], [$error->status, $error->errorCode]);
        self::assertSame('was declined: insufficient_funds', $error->mistakes[0]->message);
    }

    public function test_no_error_holds_a_cvc(): void
    {
        // As where nobody wrote settings for PHP: a trace has the arguments.
        ini_set('zend.exception_ignore_args', '0');
        foreach (['charge_declined', 'hang-up', 'not_json', 'request_invalid'] as $answer) {
            $stub = new Stub([$answer], ['retriesMax' => 0]);
            $error = $this->callError(fn () => $stub->client->generatePayment(
                10_000,
                'https://a.example',
                'https://a.example',
                clientId: 'a',
                bindingId: 'b',
                cvc: '748-as-typed',
            ));
            ob_start();
            var_dump($error);
            self::assertStringNotContainsString('748-as-typed', $error . ob_get_clean(), $answer);
        }
    }

    public function test_a_key_under_which_nothing_was_done_is_told_apart(): void
    {
        $stub = new Stub(['idempotency_key_not_found']);
        $error = $this->apiError(static fn () => $stub->client->lostAnswer('order-42'));
        self::assertSame(['idempotency_key_not_found', false], [$error->errorCode, $error->outcomeUnknown]);
    }

    public function test_a_payment_that_was_called_off_at_its_terminal_is_not_asked_for_under_the_same_key(): void
    {
        $stub = new Stub(['outcome_unknown', 'terminal_unavailable']);
        $send = static fn () => $stub->client->initPosTransaction('testing1234', 's', 1_000, 'CARD');
        $error = $this->apiError($send);
        self::assertSame(['terminal_unavailable', false], [$error->errorCode, $error->outcomeUnknown]);
        self::assertCount(2, $stub->asked());
    }

    public function test_an_error_page_of_a_proxy_is_no_answer_and_is_asked_again_with_the_same_key(): void
    {
        $stub = new Stub(['page_of_a_proxy', 'page_of_a_proxy_with_a_time', 'refund_payment']);
        $stub->client->refundPayment('x');
        self::assertCount(1, array_unique($stub->keys()));
        self::assertSame(3.0, $stub->waited()[1]);
    }

    public function test_a_proxy_that_goes_on_with_error_pages_leaves_the_outcome_unknown(): void
    {
        $stub = new Stub(array_fill(0, 3, 'page_of_a_proxy'));
        $error = $this->callError(fn () => $stub->client->refundPayment('x'));
        self::assertInstanceOf(ConnectionException::class, $error);
        self::assertStringContainsString('502', $error->getMessage());
        self::assertTrue($error->outcomeUnknown);
        self::assertSame($stub->keys()[2], $error->idempotencyKey);
    }

    /** @return list<array{list<string>, bool}> the answers of a refund, and whether its outcome is unknown then */
    public static function endings(): array
    {
        return [
            [['outcome_unknown', 'outcome_unknown', 'outcome_unknown'], true],
            [['hang-up', 'rate_limited', 'rate_limited'], true],
            [['outcome_unknown', 'unavailable_without_a_time'], true],
            [['hang-up', 'refund_not_allowed'], false],
            [['rate_limited', 'rate_limited', 'rate_limited'], false],
            [['unavailable_without_a_time'], false],
        ];
    }

    /**
     * @param list<string> $answers
     * @dataProvider endings
     */
    public function test_a_refund_says_whether_its_outcome_is_known(array $answers, bool $outcomeUnknown): void
    {
        $stub = new Stub($answers);
        $error = $this->apiError(fn () => $stub->client->refundPayment('x'));
        self::assertSame($outcomeUnknown, $error->outcomeUnknown);
    }

    public function test_a_call_that_only_reads_leaves_nothing_unknown(): void
    {
        $stub = new Stub(['hang-up'], ['retriesMax' => 0]);
        $error = $this->callError(fn () => $stub->client->verifyPayment('x'));
        self::assertFalse($error->outcomeUnknown);
    }

    public function test_a_refund_whose_answer_cannot_be_read_can_be_asked_for_again(): void
    {
        foreach (['not_json', 'verify_payment', 'bindings_list'] as $answer) {
            $stub = new Stub([$answer]);
            $error = $this->callError(fn () => $stub->client->refundPayment('x'));
            self::assertInstanceOf(UnexpectedAnswerException::class, $error);
            self::assertTrue($error->outcomeUnknown);
            self::assertSame($stub->keys()[0], $error->idempotencyKey);
        }
    }

    public function test_a_qr_code_that_did_not_come_can_be_asked_for_again_by_its_operation(): void
    {
        foreach (['hang-up' => true, 'not_json' => true, 'rate_limited' => false] as $answer => $isUnknown) {
            $stub = new Stub([$answer], ['retriesMax' => 0]);
            $error = $this->callError(fn () => $stub->client->generateQrCode(1_000, '1234'));
            self::assertSame($stub->asked()[0]['query']['operation_uuid'], $error->operationUuid);
            self::assertSame($isUnknown, $error->outcomeUnknown);
        }
    }

    public function test_a_wrong_key_is_the_callers_mistake_and_not_a_lost_answer(): void
    {
        $stub = new Stub([]);
        foreach (['طلب', 'a b', "a\r\nX: y", "a\n", '', str_repeat('a', 256)] as $key) {
            try {
                $stub->client->refundPayment('x', idempotencyKey: $key);
                self::fail("took $key");
            } catch (\ValueError $error) {
                self::assertStringContainsString('idempotency key', $error->getMessage());
            }
        }
        self::assertSame([[], []], [$stub->asked(), $stub->waited()]);
    }

    public function test_a_text_that_is_not_utf_8_is_the_callers_mistake_and_not_a_lost_answer(): void
    {
        $stub = new Stub([]);
        try {
            $this->pay($stub, developerTrackingId: "\xff");
            self::fail('it succeeded');
        } catch (\ValueError $error) {
            self::assertStringContainsString('UTF-8', $error->getMessage());
        }
        self::assertSame([[], []], [$stub->asked(), $stub->waited()]);
    }

    public function test_a_time_limit_that_is_no_number_is_refused(): void
    {
        $this->expectExceptionMessage('timeoutSecs');
        new Client('https://pay.example', 'public', 'private', timeoutSecs: NAN);
    }

    public function test_an_error_does_not_show_what_was_asked_for(): void
    {
        $stub = new Stub(['hang-up'], ['retriesMax' => 0]);
        $error = $this->callError(fn () => $stub->client->listBindings('amira@example.com'));
        self::assertStringContainsString('no answer came', $error->getMessage());
        self::assertStringNotContainsString('amira', $error . print_r((array) $error, true));
    }

    public function test_a_stub_ends_with_its_test(): void
    {
        $stub = new Stub([]);
        $held = \WeakReference::create($stub);
        unset($stub);
        self::assertNull($held->get());
    }

    public function test_a_page_where_json_should_be_is_not_taken_for_success(): void
    {
        $this->expectException(UnexpectedAnswerException::class);
        $stub = new Stub(['not_json']);
        $stub->client->verifyPayment('x');
    }

    public function test_a_redirect_is_not_followed(): void
    {
        $stub = new Stub(['redirect']);
        self::assertSame(302, $this->errorOfVerify($stub)->status);
        self::assertCount(1, $stub->asked());
    }

    public function test_an_answer_without_the_promised_fields_is_not_taken_for_success(): void
    {
        $this->expectException(UnexpectedAnswerException::class);
        $this->pay(new Stub(['verify_payment']));
    }

    public function test_every_change_carries_a_key_of_its_own(): void
    {
        $stub = new Stub(['generate_payment', 'generate_payment']);
        $this->pay($stub);
        $this->pay($stub);
        [$one, $other] = $stub->keys();
        self::assertMatchesRegularExpression('/^[0-9a-f-]{36}$/', $one);
        self::assertNotSame($one, $other);
    }

    public function test_a_key_that_the_caller_chose_is_sent(): void
    {
        $stub = new Stub(['refund_payment']);
        $stub->client->refundPayment('x', idempotencyKey: 'refund-1');
        self::assertSame(['refund-1'], $stub->keys());
    }

    public function test_a_busy_gateway_is_asked_again_after_its_time_with_the_same_key_and_body(): void
    {
        $stub = new Stub(['rate_limited', 'outcome_unknown', 'generate_payment']);
        $this->pay($stub);
        self::assertSame([7.0, 5.0], $stub->waited());
        self::assertCount(1, array_unique($stub->keys()));
        self::assertSame($stub->asked()[0]['body'], $stub->asked()[2]['body']);
    }

    public function test_a_broken_connection_is_tried_again_with_the_same_key(): void
    {
        $stub = new Stub(['hang-up', 'generate_payment']);
        $this->pay($stub);
        [$one, $other] = $stub->keys();
        self::assertSame($one, $other);
    }

    public function test_a_connection_that_stays_broken_is_an_error_with_the_key(): void
    {
        $stub = new Stub(['hang-up', 'hang-up', 'hang-up']);
        try {
            $this->pay($stub, cvc: '748');
            self::fail('it succeeded');
        } catch (ConnectionException $error) {
            self::assertCount(3, $stub->asked());
            self::assertSame($stub->keys()[0], $error->idempotencyKey);
            self::assertNull($error->getPrevious());
        }
    }

    public function test_a_gateway_that_does_not_answer_in_time_is_given_up(): void
    {
        $stub = new Stub(['hang'], ['timeoutSecs' => 0.1, 'retriesMax' => 0]);
        $this->expectException(ConnectionException::class);
        $stub->client->verifyPayment('x');
    }

    public function test_a_refusal_that_is_final_is_not_tried_again(): void
    {
        $stub = new Stub(['request_invalid']);
        $this->apiError(fn () => $this->pay($stub));
        self::assertCount(1, $stub->asked());
    }

    public function test_a_gateway_that_names_no_time_is_not_asked_again(): void
    {
        $stub = new Stub(['unavailable_without_a_time']);
        $this->errorOfVerify($stub);
        self::assertCount(1, $stub->asked());
    }

    public function test_a_long_wait_is_reported_rather_than_waited_for(): void
    {
        $stub = new Stub(['rate_limited_for_an_hour']);
        self::assertSame(3_600, $this->errorOfVerify($stub)->retryAfterSecs);
        self::assertSame([], $stub->waited());
    }

    public function test_after_the_last_try_the_error_is_reported(): void
    {
        $stub = new Stub(['rate_limited', 'rate_limited'], ['retriesMax' => 1]);
        self::assertSame(429, $this->errorOfVerify($stub)->status);
        self::assertCount(2, $stub->asked());
    }

    private function pay(Stub $stub, mixed ...$more): CreatedPayment
    {
        return $stub->client->generatePayment(10_000, 'https://a.example', 'https://a.example', ...$more);
    }

    private function errorOfVerify(Stub $stub): ApiException
    {
        return $this->apiError(static fn () => $stub->client->verifyPayment('x'));
    }

    private function apiError(callable $work): ApiException
    {
        $error = $this->callError($work);
        self::assertInstanceOf(ApiException::class, $error);
        return $error;
    }

    private function callError(callable $work): CallException
    {
        try {
            $work();
        } catch (CallException $error) {
            return $error;
        }
        self::fail('it succeeded');
    }
}
