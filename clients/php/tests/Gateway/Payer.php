<?php

declare(strict_types=1);

namespace Qisma\Tests\Gateway;

use GuzzleHttp\Client as Browser;
use GuzzleHttp\Psr7\Uri;
use GuzzleHttp\Psr7\UriResolver;

/** A payer without a browser, who pays by wallet or at a terminal. */
final readonly class Payer
{
    public function __construct(private string $sandbox, private Browser $browser = new Browser())
    {
    }

    /** Opens the link, types the phone's number and then the code that it receives. */
    public function payByWallet(string $link, string $phone): void
    {
        $choose = $this->page($link);
        $codePage = $this->submit($link, $choose, 'wallet', ['phone' => $phone]);
        if (!preg_match('/\b[0-9]{6}\b/', $this->page("{$this->sandbox}/phone/$phone"), $code)) {
            throw new \RuntimeException('the phone has received no code');
        }
        $this->submit($link, $codePage, 'code', ['code' => $code[0]]);
    }

    /** Pays or declines the one payment that waits at a terminal of the sandbox. */
    public function pressAtTerminal(string $merchant, string $terminal, string $button): void
    {
        $url = "{$this->sandbox}/terminal/$merchant/$terminal";
        $this->submit($url, $this->page($url), $button, []);
    }

    private function page(string $url): string
    {
        return (string) $this->browser->get($url)->getBody();
    }

    /** @param array<string, string> $typed */
    private function submit(string $link, string $html, string $end, array $typed): string
    {
        if (!preg_match("#<form[^>]* action=\"([^\"]*/$end)\".*?</form>#s", $html, $form)) {
            throw new \RuntimeException("the page has no form for $end: $html");
        }
        preg_match_all('/type="hidden" name="([^"]*)" value="([^"]*)"/', $form[0], $hidden);
        $fields = $typed + array_combine($hidden[1], $hidden[2]);
        $url = UriResolver::resolve(new Uri($link), new Uri($form[1]));
        return (string) $this->browser->post($url, ['form_params' => $fields])->getBody();
    }
}
