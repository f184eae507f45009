// Preloaded into the program by a test: makes calls of the operating system fail as the test says in a shared file. Files
// are concerned if they are in one folder, sockets if they are of the internet.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { WRITE = 1, SYNC = 2, RENAME = 4, OPEN = 8, CONNECT = 16, SEND = 32 };

// In place of a number of errno: the call never returns.
enum { HANG = 9999 };

// All fields are little-endian numbers of four bytes, as `Plan` in faults.rs writes them.
struct plan {
    _Atomic uint32_t calls;  // which of the calls above fail
    _Atomic uint32_t number; // with which errno
    _Atomic uint32_t skip;   // how many of them succeed first
    _Atomic uint32_t left;   // how many of them fail then
    _Atomic uint32_t hits;   // how many have failed
};

static struct plan *plan;
static char folder[512];

__attribute__((constructor)) static void begin(void) {
    const char *file = getenv("FAULTS_PLAN"), *in = getenv("FAULTS_FOLDER");
    if (!file || !in) return;
    snprintf(folder, sizeof folder, "%s/", in);
    int fd = (int)syscall(SYS_openat, AT_FDCWD, file, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *shared = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (shared != MAP_FAILED) plan = shared;
}

// Takes one from a counter; 0 if nothing is left in it.
static int take(_Atomic uint32_t *counter) {
    uint32_t left = atomic_load(counter);
    while (left > 0)
        if (atomic_compare_exchange_weak(counter, &left, left - 1)) return 1;
    return 0;
}

static int is_planned(uint32_t call) {
    return plan && (atomic_load(&plan->calls) & call);
}

static int fails(void) {
    if (take(&plan->skip) || !take(&plan->left)) return 0;
    atomic_fetch_add(&plan->hits, 1);
    if (atomic_load(&plan->number) == HANG)
        for (;;) pause();
    errno = (int)atomic_load(&plan->number);
    return 1;
}

// The file that tells people of faults is written in place, which a full disk allows.
static int is_concerned(const char *path) {
    size_t length = strlen(path);
    const char *told = "cetak.faults";
    if (length >= strlen(told) && !strcmp(path + length - strlen(told), told)) return 0;
    return !strncmp(path, folder, strlen(folder));
}

static int file_fails(uint32_t call, int fd) {
    if (!is_planned(call)) return 0;
    char link[64], path[1024];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return is_concerned(path) && fails();
}

static int path_fails(uint32_t call, const char *path) {
    return is_planned(call) && path && is_concerned(path) && fails();
}

static int socket_fails(uint32_t call, int fd) {
    if (!is_planned(call)) return 0;
    int domain = 0;
    socklen_t size = sizeof domain;
    if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size)) return 0;
    return (domain == AF_INET || domain == AF_INET6) && fails();
}

#define NEXT(name) \
    static __typeof__(&name) next; \
    if (!next) next = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

ssize_t write(int fd, const void *bytes, size_t count) {
    NEXT(write);
    return file_fails(WRITE, fd) ? -1 : next(fd, bytes, count);
}

ssize_t pwrite(int fd, const void *bytes, size_t count, off_t at) {
    NEXT(pwrite);
    return file_fails(WRITE, fd) ? -1 : next(fd, bytes, count, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t at) {
    NEXT(pwrite64);
    return file_fails(WRITE, fd) ? -1 : next(fd, bytes, count, at);
}

int ftruncate(int fd, off_t length) {
    NEXT(ftruncate);
    return file_fails(WRITE, fd) ? -1 : next(fd, length);
}

int ftruncate64(int fd, off64_t length) {
    NEXT(ftruncate64);
    return file_fails(WRITE, fd) ? -1 : next(fd, length);
}

int fsync(int fd) {
    NEXT(fsync);
    return file_fails(SYNC, fd) ? -1 : next(fd);
}

int fdatasync(int fd) {
    NEXT(fdatasync);
    return file_fails(SYNC, fd) ? -1 : next(fd);
}

int rename(const char *from, const char *to) {
    NEXT(rename);
    return path_fails(RENAME, to) ? -1 : next(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    NEXT(renameat);
    return path_fails(RENAME, to) ? -1 : next(from_folder, from, to_folder, to);
}

// The mode is an argument of calls that create a file.
#define MODE(flags) \
    mode_t mode = 0; \
    if ((flags) & (O_CREAT | __O_TMPFILE)) { \
        va_list rest; \
        va_start(rest, flags); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

int open(const char *path, int flags, ...) {
    MODE(flags);
    NEXT(open);
    return path_fails(OPEN, path) ? -1 : next(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags);
    NEXT(open64);
    return path_fails(OPEN, path) ? -1 : next(path, flags, mode);
}

int openat(int at, const char *path, int flags, ...) {
    MODE(flags);
    NEXT(openat);
    return path_fails(OPEN, path) ? -1 : next(at, path, flags, mode);
}

int openat64(int at, const char *path, int flags, ...) {
    MODE(flags);
    NEXT(openat64);
    return path_fails(OPEN, path) ? -1 : next(at, path, flags, mode);
}

int connect(int fd, const struct sockaddr *to, socklen_t length) {
    NEXT(connect);
    return socket_fails(CONNECT, fd) ? -1 : next(fd, to, length);
}

ssize_t send(int fd, const void *bytes, size_t count, int flags) {
    NEXT(send);
    return socket_fails(SEND, fd) ? -1 : next(fd, bytes, count, flags);
}
