package main

import "os"

// bare is the floor: the bytes of the product's rows, appended to a plain file and
// flushed, once for enqueue and once for done. Nothing could be found in it again.
type bare struct {
	file *os.File
}

const rowOverhead = 60 // sequence, stream, time, kind, hash

func newBare(path string) (*bare, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	return &bare{file: f}, err
}

func (b *bare) Name() string { return "two bare appends" }
func (b *bare) Start() error { return nil }
func (b *bare) Stop() error  { return nil }
func (b *bare) Close() error { return b.file.Close() }

func (b *bare) Deliver(int) error {
	for _, size := range []int{eventSize + commandSize + 2*rowOverhead, commandSize + 2*rowOverhead} {
		if _, err := b.file.Write(make([]byte, size)); err != nil {
			return err
		}
		if err := fdatasync(b.file.Fd()); err != nil {
			return err
		}
	}
	return nil
}
