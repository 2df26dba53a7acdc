package hub_test

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/require"

	"taxiterminal/fleet/hub"
	"taxiterminal/fleet/hub/hubtest"
)

const storeKey = "one key that is long enough for it, and more"

func withKey(key string) func(*hub.Config) {
	return func(c *hub.Config) { c.StoreKey = key }
}

func put(t *testing.T, h *hub.Hub, bucket, key, value string) {
	t.Helper()
	kv, err := h.JetStream().KeyValue(t.Context(), bucket)
	require.NoError(t, err)
	_, err = kv.PutString(t.Context(), key, value)
	require.NoError(t, err)
}

func get(t *testing.T, h *hub.Hub, bucket, key string) string {
	t.Helper()
	kv, err := h.JetStream().KeyValue(t.Context(), bucket)
	require.NoError(t, err)
	entry, err := kv.Get(t.Context(), key)
	require.NoError(t, err)
	return string(entry.Value())
}

func TestARestartKeepsEverything(t *testing.T) {
	dir := t.TempDir()
	h := hubtest.Open(t, dir)
	require.NoError(t, h.Healthy(t.Context()))
	put(t, h, hub.Vehicles, "T122", "a car")
	for range 3 {
		_, err := h.JetStream().Publish(t.Context(), "car.UA.journal", []byte("row"))
		require.NoError(t, err)
	}
	hubtest.Stop(t, h)
	require.Error(t, h.Healthy(t.Context()))

	h = hubtest.Open(t, dir)
	require.Equal(t, "a car", get(t, h, hub.Vehicles, "T122"))
	stream, err := h.JetStream().Stream(t.Context(), hub.Journals)
	require.NoError(t, err)
	require.EqualValues(t, 3, stream.CachedInfo().State.Msgs)
}

func TestAFolderHasOneGateway(t *testing.T) {
	dir := t.TempDir()
	hubtest.Open(t, dir)
	_, err := hub.Start(t.Context(), hub.Config{Dir: dir, Listen: "127.0.0.1:0", Log: hubtest.Quiet})
	require.ErrorIs(t, err, hub.ErrInUse)
}

func TestTheFolderIsEncrypted(t *testing.T) {
	const secret = "somebody-rode-somewhere"
	plain, sealed := t.TempDir(), t.TempDir()
	for dir, key := range map[string]string{plain: "", sealed: storeKey} {
		h := hubtest.Open(t, dir, withKey(key))
		put(t, h, hub.Vehicles, secret, secret)
		_, err := h.JetStream().Publish(t.Context(), "car."+secret+".journal", []byte(secret))
		require.NoError(t, err)
		hubtest.Stop(t, h)
	}
	require.True(t, found(t, plain, secret), "the search finds what is there")
	require.False(t, found(t, sealed, secret))
	require.False(t, found(t, sealed, storeKey))

	h := hubtest.Open(t, sealed, withKey(storeKey))
	require.Equal(t, secret, get(t, h, hub.Vehicles, secret))
}

func TestAnotherStoreKeyIsRefused(t *testing.T) {
	dir := t.TempDir()
	hubtest.Stop(t, hubtest.Open(t, dir, withKey(storeKey)))
	for _, key := range []string{"", "quite another key, which is long enough too"} {
		_, err := hub.Start(t.Context(), hub.Config{Dir: dir, Listen: "127.0.0.1:0", StoreKey: key, Log: hubtest.Quiet})
		require.ErrorIs(t, err, hub.ErrStoreKey)
	}
	hubtest.Open(t, dir, withKey(storeKey))
}

func TestAStoreIsEncryptedLater(t *testing.T) {
	const secret = "somebody-rode-somewhere"
	dir := t.TempDir()
	h := hubtest.Open(t, dir)
	put(t, h, hub.Vehicles, "T122", secret)
	hubtest.Stop(t, h)

	h = hubtest.Open(t, dir, withKey(storeKey))
	require.Equal(t, secret, get(t, h, hub.Vehicles, "T122"))
	hubtest.Stop(t, h)
	require.False(t, found(t, dir, secret))
}

// found looks for bytes in every file below a folder, and in their names.
func found(t *testing.T, dir, text string) bool {
	t.Helper()
	hit := false
	require.NoError(t, filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		hit = hit || contains(content, text) || contains([]byte(path), text)
		return err
	}))
	return hit
}

func contains(b []byte, text string) bool {
	for i := range len(b) - len(text) + 1 {
		if string(b[i:i+len(text)]) == text {
			return true
		}
	}
	return false
}

func TestLimitsDoNotShrinkByThemselves(t *testing.T) {
	dir := t.TempDir()
	hubtest.Stop(t, hubtest.Open(t, dir))
	limit := func(c *hub.Config) { c.MaxJournals = 1 << 20 }
	c := hub.Config{Dir: dir, Listen: "127.0.0.1:0", MaxJournals: 1 << 20, Log: hubtest.Quiet}
	_, err := hub.Start(t.Context(), c)
	require.ErrorIs(t, err, hub.ErrShrink)
	require.ErrorContains(t, err, "JOURNALS")

	hubtest.Stop(t, hubtest.Open(t, dir, limit, func(c *hub.Config) { c.Shrink = true }))
	hubtest.Stop(t, hubtest.Open(t, dir, limit))
	hubtest.Open(t, dir) // wider again
}

func TestFullJournalsRefuseNewRows(t *testing.T) {
	h := hubtest.Start(t, func(c *hub.Config) { c.MaxJournals = 64 << 10 })
	row := make([]byte, 30<<10)
	for range 2 {
		_, err := h.JetStream().Publish(t.Context(), "car.UA.journal", row)
		require.NoError(t, err)
	}
	_, err := h.JetStream().Publish(t.Context(), "car.UA.journal", row)
	require.Error(t, err)
	stream, err := h.JetStream().Stream(t.Context(), hub.Journals)
	require.NoError(t, err)
	require.EqualValues(t, 1, stream.CachedInfo().State.FirstSeq)
	require.Error(t, stream.Purge(t.Context()))
	require.Error(t, stream.DeleteMsg(t.Context(), 1))
}

func TestAConfigurationThatCannotBeMeant(t *testing.T) {
	keys, err := hub.NewKeys()
	require.NoError(t, err)
	mixed := keys
	mixed.Issuer = keys.Gateway
	for text, c := range map[string]hub.Config{
		"no folder":          {Listen: "127.0.0.1:0"},
		"is no address":      {Dir: "d", Listen: "4222"},
		"no address; want":   {Dir: "d", Listen: "127.0.0.1:70000"},
		"certificate":        {Dir: "d", Listen: "0.0.0.0:4222"},
		"on one server":      {Dir: "d", Listen: "127.0.0.1:0", Replicas: 3},
		"at least 32":        {Dir: "d", Listen: "127.0.0.1:0", StoreKey: "short"},
		"9 replicas":         {URLs: []string{"tls://a"}, Keys: keys, Replicas: 9},
		"read gateway key":   {URLs: []string{"tls://a"}},
		"begins with SA":     {URLs: []string{"tls://a"}, Keys: mixed},
		"are the servers th": {URLs: []string{"nats://127.0.0.1:1"}, Keys: keys},
	} {
		c.Log = hubtest.Quiet
		_, err := hub.Start(t.Context(), c)
		require.ErrorContains(t, err, text)
		require.NotContains(t, err.Error(), keys.Gateway)
	}
}

func TestStrangersAreNotLetIn(t *testing.T) {
	h := hubtest.Start(t)
	_, err := nats.Connect(h.URL(), nats.MaxReconnects(0), nats.Timeout(10*time.Second))
	require.Error(t, err)
}

func TestAClusterWorksOnWithoutOneServer(t *testing.T) {
	cluster := hubtest.NewCluster(t, 3)
	h := cluster.Hub(t, 3)
	put(t, h, hub.Vehicles, "T122", "before")
	eventually(t, 20*time.Second, func(ctx context.Context) bool { return h.Healthy(ctx) == nil })

	// The one that leads the bucket dies.
	stream, err := h.JetStream().Stream(t.Context(), "KV_"+hub.Vehicles)
	require.NoError(t, err)
	leader := stream.CachedInfo().Cluster.Leader
	for i := range cluster.URLs {
		if cluster.Name(i) == leader {
			cluster.Kill(i)
		}
	}
	eventually(t, 20*time.Second, func(ctx context.Context) bool {
		kv, err := h.JetStream().KeyValue(ctx, hub.Vehicles)
		if err == nil {
			_, err = kv.PutString(ctx, "T122", "after")
		}
		return err == nil
	})
	eventually(t, 20*time.Second, func(ctx context.Context) bool {
		kv, err := h.JetStream().KeyValue(ctx, hub.Vehicles)
		if err != nil {
			return false
		}
		entry, err := kv.Get(ctx, "T122")
		return err == nil && string(entry.Value()) == "after"
	})
	require.ErrorContains(t, h.Healthy(t.Context()), leader)
}

// eventually asks until it is so, for at most d, a second at a time: what is asked of
// a server that dies is never answered.
func eventually(t *testing.T, d time.Duration, so func(context.Context) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	try := func() bool {
		ctx, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		return so(ctx)
	}
	for !try() {
		select {
		case <-ctx.Done():
			require.FailNow(t, "did not become so in time")
		case <-tick.C:
		}
	}
}
