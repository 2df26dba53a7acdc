package registry

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"slices"
)

// adminPrefix lets people and scanners recognise a token that lies around.
const adminPrefix = "taxiadmin_"

// AddAdmin lets somebody administer, and returns the token, which nobody sees again.
func (r *Registry) AddAdmin(ctx context.Context, by, name string, role Role) (token string, err error) {
	switch {
	case !validName(name):
		return "", refuse(Malformed, `want up to 32 small letters, digits and hyphens, such as "kari"`, "administrator %q", shorten(name))
	case role != Read && role != Operate:
		return "", refuse(Malformed, "want read or operate", "role %q", role)
	}
	all, err := r.Admins(ctx)
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(all, func(a Admin) bool { return a.Name == name }) {
		return "", refuse(Exists, "remove that one, or choose another name", "there is an administrator %s already", name)
	}
	secret := make([]byte, 32)
	_, _ = rand.Read(secret) // never fails
	token = adminPrefix + base64.RawURLEncoding.EncodeToString(secret)
	a := Admin{Hash: hashAdmin(token), Name: name, Role: role, Added: r.now().UTC()}
	e := Entry{By: by, What: AdminAdded, Subject: name, Detail: string(role)}
	if err := r.admins.add(ctx, r, e, a.Hash, a); err != nil {
		return "", err
	}
	return token, nil
}

func hashAdmin(token string) string {
	sum := sha256.Sum256([]byte("taxi terminal administrator\n" + token))
	return hex.EncodeToString(sum[:])
}

// Admin returns who a token belongs to.
func (r *Registry) Admin(ctx context.Context, token string) (Admin, error) {
	out := refuse(Revoked, "use a valid one", "administrator's token is not valid")
	a, _, err := r.admins.get(ctx, hashAdmin(token), "")
	switch refusal, ok := err.(*Refusal); {
	case ok && refusal.Code == NotFound:
		return Admin{}, out
	case err != nil:
		return Admin{}, err
	case !a.Removed.IsZero():
		return Admin{}, out
	}
	return a, nil
}

// Admins returns those who are not removed.
func (r *Registry) Admins(ctx context.Context) ([]Admin, error) {
	all, err := r.admins.list(ctx)
	return slices.DeleteFunc(all, func(a Admin) bool { return !a.Removed.IsZero() }), err
}

// RemoveAdmin makes an administrator's token worthless.
func (r *Registry) RemoveAdmin(ctx context.Context, by, name string) error {
	all, err := r.Admins(ctx)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(all, func(a Admin) bool { return a.Name == name })
	if i < 0 {
		return refuse(NotFound, "look at the list", "no administrator %q", shorten(name))
	}
	e := Entry{By: by, What: AdminRemoved, Subject: name}
	return r.admins.change(ctx, r, e, all[i].Hash, func(a *Admin) error {
		a.Removed = r.now().UTC()
		return nil
	})
}
