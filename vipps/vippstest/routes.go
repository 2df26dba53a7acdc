package vippstest

import (
	"encoding/json"
	"net/http"
	"strings"
)

// The paths of the APIs other than ePayment.
const (
	userinfoPath = "/vipps-userinfo-api/userinfo/"
	receiptPath  = "/order-management/v2/ECOM/receipts/"
	codePath     = "/qr/v1/merchant-redirect"
	callbackPath = "/qr/v1/merchant-callback"
	webhookPath  = "/webhooks/v1/webhooks"
	picturePath  = "/qr-generator/v1/"
)

// elsewhere finds out whether the call is for an API other than ePayment, and for
// what. The order type ECOM is in capitals; any other case is a path that does not
// exist.
func (c *call) elsewhere() bool {
	method, path := c.request.Method, c.request.URL.Path
	if sub, ok := strings.CutPrefix(path, userinfoPath); ok && method == http.MethodGet {
		return c.is(OpUserinfo, sub)
	}
	if reference, ok := strings.CutPrefix(path, receiptPath); ok && method == http.MethodPost {
		return c.is(OpReceipt, reference)
	}
	if rest, ok := strings.CutPrefix(path, picturePath); ok && method == http.MethodGet && rest != "" {
		c.op = OpCodeDownload // whose, only the link knows
		return true
	}
	if path == webhookPath || strings.HasPrefix(path, webhookPath+"/") {
		return c.isOneOf(path, webhookPath, map[string]Op{
			http.MethodGet: OpWebhookList, http.MethodPost: OpWebhookRegister, "DELETE one": OpWebhookDelete,
		})
	}
	if path == callbackPath || strings.HasPrefix(path, callbackPath+"/") {
		return c.isOneOf(path, callbackPath, map[string]Op{
			http.MethodGet: OpCallbackList, "GET one": OpCallbackGet, "PUT one": OpCallbackPut, "DELETE one": OpCallbackDelete,
		})
	}
	return c.isCode(method, path)
}

// isOneOf finds the operation by the method, with " one" when the path names one of
// the things below base.
func (c *call) isOneOf(path, base string, ops map[string]Op) bool {
	id, one := strings.CutPrefix(path, base+"/")
	if !one {
		c.op = ops[c.request.Method]
		return c.op != ""
	}
	op := ops[c.request.Method+" one"]
	return op != "" && c.is(op, id)
}

func (c *call) is(op Op, reference string) bool {
	if reference == "" || strings.Contains(reference, "/") {
		return false
	}
	c.op, c.reference = op, reference
	return true
}

func (c *call) isCode(method, path string) bool {
	switch {
	case path == codePath && method == http.MethodGet:
		c.op = OpCodeList
		return true
	case path == codePath && method == http.MethodPost:
		var req struct{ ID string }
		_ = json.Unmarshal(c.body, &req) // judged later
		c.op, c.reference = OpCodeCreate, req.ID
		return true
	}
	id, ok := strings.CutPrefix(path, codePath+"/")
	op := map[string]Op{http.MethodGet: OpCodeGet, http.MethodPut: OpCodeRetarget, http.MethodDelete: OpCodeDestroy}[method]
	return ok && op != "" && c.is(op, id)
}
