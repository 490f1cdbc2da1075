# English. Every key here exists in fr.ftl and ar.ftl with the same arguments; a test compares them.

## On every page

language-switch = Language
test-mode = Test mode: no real money moves.
secured-by = Secure payment by Qisma
pay-to = Payment to
time-left = Time left
last-minute = One minute left to pay.
or = or

## Quantities

dinars = { $count ->
    [one] { $count } dinar
   *[other] { $count } dinars
}
millimes = { $count ->
    [one] { $count } millime
   *[other] { $count } millimes
}
amount-in-words = { $dinars } { $millimes }
hours = { $count ->
    [one] { $count } hour
   *[other] { $count } hours
}
minutes = { $count ->
    [one] { $count } minute
   *[other] { $count } minutes
}
seconds = { $count ->
    [one] { $count } second
   *[other] { $count } seconds
}
hours-and-minutes = { $hours } { $minutes }
under-a-minute = less than a minute
tries-left = { $count ->
    [one] One try left.
   *[other] { $count } tries left.
}

## Choosing how to pay

choose-heading = Choose how to pay
choose-heading-single = Complete your payment
wallet-heading = Mobile wallet
wallet-explained = We text you a code to confirm.
phone-label = Mobile number
phone-hint = 8 digits, for example { $example }
wallet-submit = Text me the code
card-heading = Bank card
card-explained = You pay on the bank’s secure page.
card-submit = Pay by card
card-remembered = The bank will remember this card for your next payments to { $payee }. Neither the shop nor we ever see its number.
card-remembered-nameless = The bank will remember this card for your next payments to this shop. Neither the shop nor we ever see its number.
scan-heading = Scan to pay by wallet
scan-explained = Scan this code with your wallet app, on this or another phone: it leads to this payment.
scan-described = QR code to pay { $amount } to { $payee }
cancel-submit = Cancel and return to the shop
cancel-here = Cancel the payment

## Entering the code

code-heading = Enter your code
code-sent = If the number ending in { $ending } has a wallet, a six-digit code is on its way to it by text message.
code-label = Six-digit code
code-lifetime = The code works for { $minutes }.
code-secret = Never give it to anyone, not even to the shop or to us.
code-submit = Pay { $amount }
resend-heading = No message yet?
resend-wait = You can ask for another code in { $wait }.
resend-submit = Send another code
change-submit = Choose another way to pay

## In the text message

code-message = { $code } is your code to pay { $amount } to { $payee }. Never give it to anyone.
code-message-nameless = { $code } is your code to pay { $amount }. Never give it to anyone.

## An open card payment

card-open-heading = Your card payment is open at the bank
card-open-explained = Continue on the bank’s page to finish. If you have just paid there, check again in a moment rather than paying twice.
card-open-link = Continue to the bank
card-open-check = I have paid: check again
issuer-heading = Confirm that it is you
issuer-explained = Your card’s bank wants to be sure that it is you who pays. Continue to its page.
leaving-heading = Taking you to the bank
leaving-explained = The bank’s secure page opens now. If nothing happens, use the button.

## Outcomes

waiting-heading = We are checking with the bank
waiting-explained = Please do not pay again. This page updates by itself every few seconds.
waiting-close = You may also close it: the shop is told as soon as the bank answers.
paid-heading = Payment complete
paid-explained = Your payment to { $payee } went through. We are taking you back to the shop.
paid-here = Your payment to { $payee } went through. You can close this page.
authorized-heading = Payment authorised
authorized-explained = Your amount is reserved for { $payee }, who may take it later. We are taking you back to the shop.
failed-heading = The payment did not go through
failed-next = Nothing was taken. Go back to the shop to start a new payment.
failed-here = Nothing was taken. Ask the merchant for a new code.
expired-heading = The time to pay is over
expired-next = Go back to the shop to start a new payment. If your bank still shows a debit, it will be returned automatically.
expired-here = Ask the merchant for a new code. If your bank still shows a debit, it will be returned automatically.
canceled-heading = Payment cancelled
canceled-next = You cancelled this payment. We are taking you back to the shop.
canceled-here = You cancelled this payment. You can close this page.
back-to-shop = Return to the shop

## Why a bank or a wallet said no

decline-funds = Payment declined: there is not enough money available.
decline-limit = Payment declined: it is above the limit set for this card or wallet.
decline-card = Payment declined: the card details are wrong, or the card has expired.
decline-authentication = Payment declined: your bank could not confirm that it was you.
decline-other = Payment declined.
decline-next = Nothing was taken. Try again, or pay another way.

## Notices

error-title = Error: { $title }
notice-card-unavailable = Card unavailable. Try again in a moment, or pay another way.
notice-too-many-cards = Too many card attempts. This payment takes no further card for now: pay another way, or go back to the shop and start again.
notice-wallet-unavailable = The wallet is unavailable. Try again in a moment, or pay another way.
notice-phone-invalid = Check this number: we need the 8 digits of a Tunisian mobile.
notice-too-many-codes = Too many codes were requested. Try again later, or pay another way.
notice-attempt-abandoned = You left the previous way of paying. Choose how to continue.
notice-open-elsewhere = This payment is already under way in another window. Finish it there, or continue here.
notice-bank-undecided = The bank has not answered yet, so this payment cannot be changed or cancelled right now. Try again in a moment.
notice-code-malformed = Enter the six digits of the code you received.
notice-code-wrong = This is not the right code.
notice-code-expired = This code has expired. Ask for another one.
notice-code-tries-used = Too many wrong codes: this code no longer works. Start again, or pay another way.
notice-code-resent = Another code is on its way. The earlier one no longer works.
notice-resend-early = Please wait { $wait } before asking for another code.
notice-form-refused = For your security this form had expired, and nothing was done. Please try again.

## When the page cannot be shown

not-found-heading = This payment does not exist
not-found-next = Check that the link is complete, or ask the shop for a new one.
form-refused-heading = This form could not be accepted
form-refused-next = It had expired, or came from another site. Nothing was done: go back to the payment and try again.
bad-request-heading = We could not read this request
bad-request-next = Nothing was done. Go back to the payment and try again.
method-heading = This page cannot be opened this way
method-next = Go back to the payment and continue from there.
too-many-heading = Too many attempts
too-many-next = Nothing was done. Wait a minute, then try again.
unavailable-heading = The service is busy
unavailable-next = We may have recorded your request: go back to the payment to see where it stands before you try again.
internal-heading = Something went wrong on our side
internal-next = Go back to the payment to see where it stands before you try again.
problem-back = Return to the payment
