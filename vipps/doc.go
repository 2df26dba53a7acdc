// Package vipps is a client of the Vipps MobilePay ePayment API and of what a taxi
// needs of the APIs beside it, made for a machine that loses its network in tunnels
// and its power at the kerb.
//
// # Bodies before calls
//
// A request about money is written down before it is sent, and every repetition
// sends the same bytes under the same Idempotency-Key. So the two steps are apart:
// [CreatePayment], [Modification] and [Cancellation] are encoded, checked against
// every published limit, and the bytes are kept by the caller; [Client.Create],
// [Client.Capture], [Client.Cancel] and [Client.Refund] send what was kept.
//
//	body, err := vipps.CreatePayment{
//		Amount:    money.Of(28650, money.NOK),
//		Reference: "T122-20261012-0042-1",
//		Flow:      vipps.QR{},
//	}.Encode()
//	// commit body and key to the database, then:
//	res := client.Create(ctx, key, body)
//
// # Four outcomes
//
// Every call ends in one of four kinds, see [Kind], and callers switch over all of
// them. The line that matters runs between [Retry] and [Unknown]: Retry promises
// that nothing happened at the other end, Unknown promises nothing. A caller that
// cannot bear a second effect repeats an Unknown only with the same key and the
// same bytes, or reads the payment first.
//
// Reads ([Client.Get], [Client.Events] and the like) have no effect, so they are
// never Unknown.
//
// # The other APIs
//
// What the customer shares comes with the payment ([Payment.Person]) or, in older
// versions of the API, from [Client.Userinfo]. A receipt goes into the create or, when
// the amount is final only later, is posted by [Client.PostReceipt]; a payment has one
// and keeps it. Codes on paper are made, led elsewhere and destroyed by
// [Client.CreateCode], [Client.RetargetCode] and [Client.DestroyCode], and their
// pictures come by [Client.DownloadCode], from another host, without credentials, and
// checked to be pictures.
//
// Where the API tells of events is for [Client.RegisterWebhook], [Client.Webhooks] and
// [Client.DeleteWebhook]; who receives them is no concern of this package.
//
// None of these moves money and none has an Idempotency-Key. Each asks for a state
// (there is a receipt, the code leads there) and may be repeated as it is.
//
// # How many requests go out
//
// One call is one HTTP request, with two exceptions: when the API answers 401, the
// access token is fetched anew and the same request is sent once more; and
// [Client.Userinfo] tries with and without the subscription key.
//
// The standard library would add repetitions of its own. Its transport replays a
// request on a new connection when a kept-alive one breaks, if it believes the
// request idempotent, and an Idempotency-Key header makes it believe that of a
// POST. Two things keep the count in our hands: request bodies are given to the
// transport in a form that cannot be rewound, so that a POST is never replayed, and
// redirects are not followed. A GET, which has no body, may be replayed by the
// transport once; that costs a poll and changes nothing.
//
// Calls over the API's published limits (five writes a minute for each operation
// and reference, 120 reads) are not sent: they come back at once as Retry with the
// time to wait.
//
// # Time
//
// Nothing here compares anything with the wall clock, which is wrong in a car more
// often than one likes: token lifetime, limits and timeouts run on the monotonic
// clock. TLS does need a sane clock; [ClassClock] tells when that fails.
//
// # What is never shown
//
// Merchant secrets are of type [Secret], which prints as a placeholder whatever the
// verb. Log lines carry the operation, reference, idempotency key, status, code and
// trace id, and no phone number, token or code text. A [Person], a [Payment] and a
// [Code] print nothing of people, links and targets. The raw body kept in an
// [Error] is bounded and scrubbed of all of these.
//
// The wire format follows the ePayment API specification, the access token API
// guide, the Order Management, QR and Userinfo specifications, as published on
// developer.vippsmobilepay.com.
package vipps
