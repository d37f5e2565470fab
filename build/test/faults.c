/* SPDX-License-Identifier: GPL-2.0-or-later */

/*
 * To be preloaded into lh-build: makes one of its calls fail.
 *
 *	FAULTS=N          the N-th of all calls that can fail for want of room, of descriptors or of
 *	                  a healthy disk, or one of the network; 0: none
 *	FAULTS=N@PATTERN  the N-th of those that match: fnmatch(3) of "CALL PATH", "fork "
 *	FAULTS=N+@PATTERN  that one and all that follow: what is broken stays so
 *	FAULTS=list       none; FAULTS_LOG gets "CALL PATH" of each
 *	FAULTS=malloc:N   the N-th request for memory
 *	FAULTS=cut:N      all is killed before the N-th call that gives a name or waits for the disk
 *	FAULTS=synced:N   all is killed behind the N-th that waits for the disk
 *	FAULTS_LOG=FILE   gets a line with the call that failed, and at the end how many there were;
 *	                  with those two: also what is on the disk for good, "synced INODE MTIME"
 *and "synced all TIME", with times in seconds
 *
 * Calls are counted in the process that it is loaded into and in those that this one forks, but
 * not in programs that they start.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* what each kind of call fails with: one after the other, so that all of them have their turn */
static const int opening[] = { EMFILE, EIO, ENFILE }, creating[] = { ENOSPC, EMFILE, EIO },
		 reading[] = { EIO }, writing[] = { ENOSPC, EIO }, naming[] = { EIO, ENOSPC },
		 syncing[] = { ENOSPC, EIO }, forking[] = { EAGAIN, ENOMEM },
		 piping[] = { EMFILE, ENFILE }, asking[] = { EIO, ESTALE },
		 changing[] = { EIO, EROFS, EPERM }, removing[] = { EIO, EROFS, EBUSY },
		 locking[] = { ENOLCK, EIO }, mapping[] = { ENOMEM };

static struct {
	_Atomic unsigned long n; /* of calls until now, in all our processes */
} * shared;
static unsigned long fault;
static const char *pattern;
static bool of_memory, cutting, behind, lasting, listing;
static int log_fd = -1;
static pid_t first;

#define COUNT(v) (sizeof(v) / sizeof *(v))
#define STRIKES(call, path, errnos) strikes(call, path, errnos, COUNT(errnos))
/* the function that we stand before */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void
say(const char *fmt, ...)
{
	char line[4400];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (log_fd >= 0 && n > 0 && NEXT(write)(log_fd, line, (size_t)n) < 0)
		_exit(99);
}

/* with us die those whom we started; nobody has the time to say goodbye */
static void
power_cut(const char *at)
{
	say("%s: cut\n", at);
	kill(first, SIGKILL);
	raise(SIGKILL);
}

/* is it this one's turn; errno is set */
static bool
strikes(const char *call, const char *path, const int *errnos, size_t n)
{
	char it[4400];
	unsigned long nth;

	if (!shared || of_memory)
		return false;
	snprintf(it, sizeof it, "%s %s", call, path);
	if (cutting) {
		if (!behind && (errnos == naming || errnos == syncing) && ++shared->n == fault)
			power_cut(it);
		return false;
	}
	if (pattern && fnmatch(pattern, it, 0) != 0)
		return false;
	if (listing)
		say("%s\n", it);
	nth = ++shared->n;
	if (nth != fault && !(lasting && nth > fault))
		return false;
	say("%s: %s\n", it, strerrorname_np(errnos[fault % n]));
	errno = errnos[fault % n];
	return true;
}

static const char *
fd_path(int fd)
{
	static char path[4096];
	char link[32];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = NEXT(readlink)(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	return path;
}

static void __attribute__((constructor)) begin(void);
static void __attribute__((destructor)) end(void);

static void
begin(void)
{
	const char *which = getenv("FAULTS"), *log = getenv("FAULTS_LOG"), *at;
	char *end;
	int fd = log ? NEXT(open)(log, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, 0666) : -1;
	void *p =
	    mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (!which || p == MAP_FAILED)
		_exit(99);
	if (fd >= 0) { /* out of the way, or numbers would differ */
		log_fd = fcntl(fd, F_DUPFD_CLOEXEC, 900);
		close(fd);
	}
	first = getpid();
	of_memory = !strncmp(which, "malloc:", 7);
	behind = !strncmp(which, "synced:", 7);
	cutting = behind || !strncmp(which, "cut:", 4);
	listing = !strcmp(which, "list");
	fault = strtoul(which + (of_memory || behind ? 7 : cutting ? 4 : 0), &end, 10);
	lasting = *end == '+';
	if ((at = strchr(which, '@')))
		pattern = strdup(at + 1);
	unsetenv("LD_PRELOAD");
	unsetenv("FAULTS");
	unsetenv("FAULTS_LOG");
	shared = p;
}

static void
end(void)
{
	if (shared && getpid() == first)
		say("total %lu\n", (unsigned long)shared->n);
}

/* ---- opening ---- */

#define OPEN(name)                                                                                 \
	int name(const char *path, int flags, ...)                                                 \
	{                                                                                          \
		va_list ap;                                                                        \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		va_start(ap, flags);                                                               \
		if (flags & O_CREAT)                                                               \
			mode = va_arg(ap, mode_t);                                                 \
		va_end(ap);                                                                        \
		if (flags & O_CREAT ? STRIKES(#name, path, creating)                               \
				    : STRIKES(#name, path, opening))                               \
			return -1;                                                                 \
		return NEXT(name)(path, flags, mode);                                              \
	}
#define OPENAT(name)                                                                               \
	int name(int at, const char *path, int flags, ...)                                         \
	{                                                                                          \
		va_list ap;                                                                        \
		mode_t mode = 0;                                                                   \
                                                                                                   \
		va_start(ap, flags);                                                               \
		if (flags & O_CREAT)                                                               \
			mode = va_arg(ap, mode_t);                                                 \
		va_end(ap);                                                                        \
		if (flags & O_CREAT ? STRIKES(#name, path, creating)                               \
				    : STRIKES(#name, path, opening))                               \
			return -1;                                                                 \
		return NEXT(name)(at, path, flags, mode);                                          \
	}
/* FAILS(TYPE, NAME, PARAMETERS, ARGUMENTS, WHAT, ERRNOS, FAILURE) */
#define FAILS(type, name, params, args, what, errnos, failure)                                     \
	type name params                                                                           \
	{                                                                                          \
		if (STRIKES(#name, what, errnos))                                                  \
			return failure;                                                            \
		return NEXT(name) args;                                                            \
	}
#define NAMED(name, params, args, what, errnos) FAILS(int, name, params, args, what, errnos, -1)

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)
NAMED(mkostemp, (char *path, int flags), (path, flags), path, creating)
NAMED(mkostemp64, (char *path, int flags), (path, flags), path, creating)
FAILS(char *, mkdtemp, (char *path), (path), path, naming, NULL)
FAILS(FILE *, fopen, (const char *path, const char *how), (path, how), path, opening, NULL)
FAILS(FILE *, fopen64, (const char *path, const char *how), (path, how), path, opening, NULL)
FAILS(DIR *, opendir, (const char *path), (path), path, opening, NULL)
FAILS(DIR *, fdopendir, (int fd), (fd), fd_path(fd), opening, NULL)
FAILS(FILE *, fdopen, (int fd, const char *how), (fd, how), fd_path(fd), opening, NULL)
NAMED(mkstemp, (char *path), (path), path, creating)
NAMED(mkstemp64, (char *path), (path), path, creating)
NAMED(memfd_create, (const char *name, unsigned flags), (name, flags), name, opening)
NAMED(pipe2, (int fds[2], int flags), (fds, flags), "", piping)
NAMED(flock, (int fd, int how), (fd, how), fd_path(fd), locking)
FAILS(void *, mmap, (void *at, size_t n, int access, int flags, int fd, off_t from),
    (at, n, access, flags, fd, from), fd < 0 ? "" : fd_path(fd), mapping, MAP_FAILED)
FAILS(void *, mmap64, (void *at, size_t n, int access, int flags, int fd, off64_t from),
    (at, n, access, flags, fd, from), fd < 0 ? "" : fd_path(fd), mapping, MAP_FAILED)

/* one more of the same; what else is asked has no reason to fail */
#define FCNTL(name)                                                                                \
	int name(int fd, int what, ...)                                                            \
	{                                                                                          \
		va_list ap;                                                                        \
		void *arg;                                                                         \
                                                                                                   \
		va_start(ap, what);                                                                \
		arg = va_arg(ap, void *);                                                          \
		va_end(ap);                                                                        \
		if ((what == F_DUPFD || what == F_DUPFD_CLOEXEC) &&                                \
		    STRIKES(#name, fd_path(fd), piping))                                           \
			return -1;                                                                 \
		return NEXT(name)(fd, what, arg);                                                  \
	}

FCNTL(fcntl)
FCNTL(fcntl64)

/* ---- what is there ---- */

typedef int order(const struct dirent **, const struct dirent **);
typedef int order64(const struct dirent64 **, const struct dirent64 **);
typedef int choice(const struct dirent *);
typedef int choice64(const struct dirent64 *);

NAMED(scandir, (const char *path, struct dirent ***v, choice *is, order *by), (path, v, is, by),
    path, opening)
NAMED(scandir64, (const char *path, struct dirent64 ***v, choice64 *is, order64 *by),
    (path, v, is, by), path, opening)
NAMED(scandirat, (int at, const char *path, struct dirent ***v, choice *is, order *by),
    (at, path, v, is, by), fd_path(at), opening)
NAMED(scandirat64, (int at, const char *path, struct dirent64 ***v, choice64 *is, order64 *by),
    (at, path, v, is, by), fd_path(at), opening)
FAILS(struct dirent *, readdir, (DIR * d), (d), fd_path(dirfd(d)), asking, NULL)
FAILS(struct dirent64 *, readdir64, (DIR * d), (d), fd_path(dirfd(d)), asking, NULL)
NAMED(stat, (const char *path, struct stat *st), (path, st), path, asking)
NAMED(stat64, (const char *path, struct stat64 *st), (path, st), path, asking)
NAMED(lstat, (const char *path, struct stat *st), (path, st), path, asking)
NAMED(lstat64, (const char *path, struct stat64 *st), (path, st), path, asking)
NAMED(fstat, (int fd, struct stat *st), (fd, st), fd_path(fd), asking)
NAMED(fstat64, (int fd, struct stat64 *st), (fd, st), fd_path(fd), asking)
NAMED(fstatat, (int at, const char *path, struct stat *st, int flags), (at, path, st, flags), path,
    asking)
NAMED(fstatat64, (int at, const char *path, struct stat64 *st, int flags), (at, path, st, flags),
    path, asking)
NAMED(access, (const char *path, int how), (path, how), path, asking)
NAMED(
    faccessat, (int at, const char *path, int how, int flags), (at, path, how, flags), path, asking)
FAILS(ssize_t, readlink, (const char *path, char *to, size_t n), (path, to, n), path, asking, -1)
FAILS(char *, realpath, (const char *path, char *to), (path, to), path, asking, NULL)

/* ---- bytes ---- */

FAILS(ssize_t, read, (int fd, void *p, size_t n), (fd, p, n), fd_path(fd), reading, -1)
FAILS(
    ssize_t, pread, (int fd, void *p, size_t n, off_t at), (fd, p, n, at), fd_path(fd), reading, -1)
FAILS(ssize_t, pread64, (int fd, void *p, size_t n, off64_t at), (fd, p, n, at), fd_path(fd),
    reading, -1)
FAILS(ssize_t, pwrite, (int fd, const void *p, size_t n, off_t at), (fd, p, n, at), fd_path(fd),
    writing, -1)
FAILS(ssize_t, pwrite64, (int fd, const void *p, size_t n, off64_t at), (fd, p, n, at), fd_path(fd),
    writing, -1)
FAILS(ssize_t, copy_file_range,
    (int in, off64_t *from, int out, off64_t *to, size_t n, unsigned flags),
    (in, from, out, to, n, flags), fd_path(out), writing, -1)
NAMED(ftruncate, (int fd, off_t n), (fd, n), fd_path(fd), writing)
NAMED(ftruncate64, (int fd, off64_t n), (fd, n), fd_path(fd), writing)

/* ---- what stays ---- */

/* what was there before the call is on the disk after it */
#define SYNC(name, all)                                                                            \
	int name(int fd)                                                                           \
	{                                                                                          \
		struct timespec now = { 0 };                                                       \
		struct stat st = { 0 };                                                            \
                                                                                                   \
		if (STRIKES(#name, fd_path(fd), syncing))                                          \
			return -1;                                                                 \
		if (cutting && (fstat(fd, &st) < 0 || clock_gettime(CLOCK_REALTIME_COARSE, &now))) \
			_exit(99);                                                                 \
		if (NEXT(name)(fd) < 0)                                                            \
			return -1;                                                                 \
		if (cutting && (all))                                                              \
			say("synced all %jd.%09ld\n", (intmax_t)now.tv_sec, now.tv_nsec);          \
		else if (cutting)                                                                  \
			say("synced %ju %jd.%09ld\n", (uintmax_t)st.st_ino,                        \
			    (intmax_t)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);                      \
		if (behind && ++shared->n == fault)                                                \
			power_cut(#name);                                                          \
		return 0;                                                                          \
	}

SYNC(fsync, false)
SYNC(fdatasync, false)
SYNC(syncfs, true)

/* not of what is said on the terminal: there would be nothing to judge */
ssize_t
write(int fd, const void *p, size_t n)
{
	if (fd > 2 && STRIKES("write", fd_path(fd), writing))
		return -1;
	return NEXT(write)(fd, p, n);
}

int
dprintf(int fd, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (fd > 2 && STRIKES("dprintf", fd_path(fd), writing))
		return -1;
	va_start(ap, fmt);
	n = vdprintf(fd, fmt, ap);
	va_end(ap);
	return n;
}

/* ---- names ---- */

NAMED(rename, (const char *from, const char *to), (from, to), to, naming)
NAMED(
    renameat, (int at, const char *from, int at2, const char *to), (at, from, at2, to), to, naming)
NAMED(renameat2, (int at, const char *from, int at2, const char *to, unsigned flags),
    (at, from, at2, to, flags), to, naming)
NAMED(link, (const char *from, const char *to), (from, to), to, naming)
NAMED(symlink, (const char *target, const char *path), (target, path), path, naming)
NAMED(mkdir, (const char *path, mode_t mode), (path, mode), path, naming)
NAMED(mkdirat, (int at, const char *path, mode_t mode), (at, path, mode), path, naming)

NAMED(linkat, (int at, const char *from, int at2, const char *to, int flags),
    (at, from, at2, to, flags), to, naming)
NAMED(symlinkat, (const char *target, int at, const char *path), (target, at, path), path, naming)
NAMED(mkfifo, (const char *path, mode_t mode), (path, mode), path, naming)

/* ---- what it is like, and its end ---- */

NAMED(chmod, (const char *path, mode_t mode), (path, mode), path, changing)
NAMED(fchmod, (int fd, mode_t mode), (fd, mode), fd_path(fd), changing)
NAMED(fchmodat, (int at, const char *path, mode_t mode, int flags), (at, path, mode, flags), path,
    changing)
NAMED(fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid), fd_path(fd), changing)
NAMED(futimens, (int fd, const struct timespec when[2]), (fd, when), fd_path(fd), changing)
NAMED(utimensat, (int at, const char *path, const struct timespec when[2], int flags),
    (at, path, when, flags), path, changing)
NAMED(unlink, (const char *path), (path), path, removing)
NAMED(unlinkat, (int at, const char *path, int flags), (at, path, flags), path, removing)
NAMED(rmdir, (const char *path), (path), path, removing)

/* it is closed all the same; that is where a full disk shows on network filesystems */
int
close(int fd)
{
	bool struck = fd > 2 && fd != log_fd && STRIKES("close", fd_path(fd), writing);
	int why = errno, r = NEXT(close)(fd);

	if (!struck)
		return r;
	errno = why;
	return -1;
}

/* ---- processes and memory ---- */

FAILS(pid_t, fork, (void), (), "", forking, -1)

extern void *__libc_malloc(size_t n), *__libc_calloc(size_t n, size_t size),
    *__libc_realloc(void *p, size_t n);

static bool
no_memory(void)
{
	if (!shared || !of_memory || ++shared->n != fault)
		return false;
	of_memory = false; /* saying so asks for some */
	say("malloc\n");
	of_memory = true;
	errno = ENOMEM;
	return true;
}

void *
malloc(size_t n)
{
	return no_memory() ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return no_memory() ? NULL : __libc_calloc(n, size);
}

int
posix_memalign(void **p, size_t at, size_t n)
{
	return no_memory() ? ENOMEM : NEXT(posix_memalign)(p, at, n);
}

void *
realloc(void *p, size_t n)
{
	return no_memory() ? NULL : __libc_realloc(p, n);
}
