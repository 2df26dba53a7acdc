package main

/*
#define _GNU_SOURCE
#include <unistd.h>
#include <sys/syscall.h>

static long flushes;

// These stand in front of the C library's in this program, so that every flush SQLite
// asks for is counted, whoever uses it.
int fsync(int fd)     { __atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED); return syscall(SYS_fsync, fd); }
int fdatasync(int fd) { __atomic_add_fetch(&flushes, 1, __ATOMIC_RELAXED); return syscall(SYS_fdatasync, fd); }

static long flushed(void) { return __atomic_load_n(&flushes, __ATOMIC_RELAXED); }
*/
import "C"

// flushes is how often this process has waited for the disk.
func flushes() int64 { return int64(C.flushed()) }

// fdatasync is the call that SQLite makes, counted with the others.
func fdatasync(fd uintptr) error {
	_, err := C.fdatasync(C.int(fd))
	return err
}
