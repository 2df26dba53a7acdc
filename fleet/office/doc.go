// Package office is what an administrator and the gateway say to each other: JSON over
// HTTP, on a Unix socket that only the gateway's user can open, or from elsewhere over
// HTTPS with a token ("Authorization: Bearer taxiadmin_...").
//
//	GET    /v1/cars                          []Car
//	POST   /v1/cars                          AddCar -> Car
//	GET    /v1/cars/{car}                    Car
//	POST   /v1/cars/{car}/code               a new page code -> Car
//	POST   /v1/cars/{car}/merchant           MoveCar -> Car
//	POST   /v1/cars/{car}/qr                 SetQR -> Car
//	POST   /v1/cars/{car}/token              TokenRequest -> Token
//	DELETE /v1/cars/{car}/token              the unused ones become worthless
//	GET    /v1/terminals?all=1               []Terminal
//	GET    /v1/terminals/{terminal}          Terminal; a car stands for the one in it
//	POST   /v1/terminals/{terminal}/revoke   Reason -> Revoked
//	GET    /v1/merchants                     []Merchant
//	GET    /v1/webhooks?merchant=            []Webhooks
//	POST   /v1/webhooks/check?merchant=      register what is missing -> []Webhooks
//	DELETE /v1/webhooks/{merchant}/{id}
//	GET    /v1/trips?car=&from=&to=&open=1&n=100&format=csv    []journal.Trip
//	GET    /v1/trips/{reference}             Trip
//	POST   /v1/trips/{reference}/refund      RefundRequest -> Refund
//	GET    /v1/report?car=&from=&to=&format=csv                Report
//	POST   /v1/qr/sync?dry_run=1             Sync
//	GET    /v1/stickers.pdf?car=&size=A6&marks=1&language=nb   PDF
//	GET    /v1/admins                        []Admin
//	POST   /v1/admins                        AddAdmin -> NewAdmin
//	DELETE /v1/admins/{name}
//	GET    /v1/audit?n=100                   []registry.Entry, the newest first
//	GET    /healthz, /readyz                 Ready; without a token
//	GET    /metrics                          Prometheus, on the socket only
//
// GET needs the role read, all others need operate. Errors are an Error with 400, 401,
// 403, 404, 409, 502, 503 or 504. Times are RFC 3339, UTC; amounts are minor units.
// from and to are days, "2026-10-12", both included, or times.
package office
