<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use GuzzleHttp\Client as Browser;
use GuzzleHttp\Psr7\Uri;
use GuzzleHttp\Psr7\UriResolver;
use GuzzleHttp\TransferStats;
use Psr\Http\Message\UriInterface;

/** A payer without a browser, who pays by wallet, by card or at a terminal. */
final readonly class Payer
{
    public function __construct(private string $sandbox, private Browser $browser = new Browser())
    {
    }

    /** Opens the link, types the phone's number and then the code that it receives. */
    public function payByWallet(string $link, string $phone): void
    {
        $codePage = $this->submit($this->open($link), 'wallet', ['phone' => $phone]);
        $this->submit($codePage, 'code', ['code' => $this->receivedCode($phone)]);
    }

    /** Goes to the bank's page, types the card and the code that the bank asks for, and returns. */
    public function payByCard(string $link, string $number, string $expiry, string $cvc): void
    {
        $bank = $this->ledOn($this->submit($this->open($link), 'card', []));
        $card = ['number' => $number, 'exp' => $expiry, 'csc' => $cvc, 'name' => 'Amira'];
        $done = $this->submit($this->submit($bank, 'card', $card), '3ds', ['otp' => '123456']);
        $this->ledOn($done);
    }

    /** Pays or declines the one payment that waits at a terminal of the sandbox. */
    public function pressAtTerminal(string $merchant, string $terminal, string $button): void
    {
        $this->submit($this->open("{$this->sandbox}/terminal/$merchant/$terminal"), $button, []);
    }

    /** The message may come a moment after the page that takes its code. */
    private function receivedCode(string $phone): string
    {
        $givenUpAt = hrtime(true) + 10_000_000_000;
        while (hrtime(true) < $givenUpAt) {
            if (preg_match('/\b[0-9]{6}\b/', $this->open("{$this->sandbox}/phone/$phone")->html, $code)) {
                return $code[0];
            }
        }
        throw new \RuntimeException('the phone has received no code');
    }

    private function open(string $url): Page
    {
        return $this->ask('GET', new Uri($url), []);
    }

    /** @param array<string, string> $typed */
    private function submit(Page $page, string $end, array $typed): Page
    {
        if (!preg_match("#<form[^>]* action=\"([^\"]*/$end(?:\?[^\"]*)?)\".*?</form>#s", $page->html, $form)) {
            throw new \RuntimeException("the page has no form for $end: {$page->html}");
        }
        preg_match_all('/type="hidden" name="([^"]*)" value="([^"]*)"/', $form[0], $hidden);
        $fields = $typed + array_combine($hidden[1], $hidden[2]);
        return $this->ask('POST', UriResolver::resolve($page->url, new Uri($form[1])), ['form_params' => $fields]);
    }

    /** Where a page leads by itself. */
    private function ledOn(Page $page): Page
    {
        if (!preg_match('/<meta http-equiv="refresh" content="0;url=([^"]*)">/', $page->html, $way)) {
            throw new \RuntimeException("the page leads nowhere: {$page->html}");
        }
        return $this->ask('GET', UriResolver::resolve($page->url, new Uri($way[1])), []);
    }

    /** @param array<string, mixed> $options */
    private function ask(string $method, UriInterface $url, array $options): Page
    {
        $seen = static function (TransferStats $stats) use (&$url): void {
            $url = $stats->getEffectiveUri();
        };
        $response = $this->browser->request($method, $url, $options + ['on_stats' => $seen]);
        return new Page($url, (string) $response->getBody());
    }
}
