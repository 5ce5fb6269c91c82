/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "msg.h"

struct fixture {
	int sv[2];
	struct msg in, out;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));

	*state = f;
	return !f || msg_pair(f->sv) < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	close(f->sv[0]);
	close(f->sv[1]);
	free(f);
	return 0;
}

static void carries_records_and_descriptors(void **state)
{
	struct fixture *f = *state;
	uint64_t v = 0;
	int fd;

	msg_init(&f->out, "login");
	msg_add(&f->out, "user", "%s", "alice");
	msg_add(&f->out, "uid", "%d", 1000);
	msg_add_fd(&f->out, 0);
	assert_int_equal(msg_send(f->sv[0], &f->out, 100), 0);
	assert_int_equal(msg_recv(f->sv[1], &f->in, 100), 0);
	assert_string_equal(msg_verb(&f->in), "login");
	assert_string_equal(msg_get(&f->in, "user"), "alice");
	assert_null(msg_get(&f->in, "use"));
	assert_int_equal(msg_get_u64(&f->in, "uid", &v), 0);
	assert_int_equal(v, 1000);
	assert_int_equal(msg_get_u64(&f->in, "user", &v), -EINVAL);
	assert_int_equal(f->in.nfds, 1);
	fd = msg_take_fd(&f->in, 0);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
	assert_int_equal(msg_take_fd(&f->in, 1), -1);
	msg_done(&f->in);
}

/* It costs nothing to look: the descriptor is there, and not here, until it is received. */
static void peeks(void **state)
{
	struct fixture *f = *state;
	const int on = 1;
	bool fds = false;
	int p[2];

	assert_int_equal(setsockopt(f->sv[1], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
	assert_int_equal(msg_peek(f->sv[1], &f->in, &fds), -EAGAIN);
	assert_int_equal(pipe(p), 0);
	msg_init(&f->out, "start");
	msg_add_fd(&f->out, p[1]);
	assert_int_equal(msg_send(f->sv[0], &f->out, 100), 0);
	close(p[1]);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(msg_peek(f->sv[1], &f->in, &fds), 0);
		assert_string_equal(msg_verb(&f->in), "start");
		assert_true(fds);
		assert_int_equal(f->in.nfds, 0);
		assert_int_equal(fcntl(p[1], F_GETFD), -1);
	}
	assert_int_equal(msg_recv(f->sv[1], &f->in, 0), 0);
	assert_int_equal(f->in.nfds, 1);
	msg_done(&f->in);
	close(p[0]);
	assert_int_equal(send(f->sv[0], "", 0, 0), 0);
	assert_int_equal(msg_peek(f->sv[1], &f->in, &fds), -EBADMSG);
	assert_false(fds);
	assert_int_equal(recv(f->sv[1], NULL, 0, 0), 0);
	shutdown(f->sv[0], SHUT_WR);
	assert_int_equal(msg_peek(f->sv[1], &f->in, &fds), -ENOTCONN);
}

/* The last word of one that went away with something unread is not lost. */
static void hears_the_last_word(void **state)
{
	struct fixture *f = *state;

	msg_init(&f->out, "go");
	assert_int_equal(msg_send(f->sv[1], &f->out, 100), 0);
	msg_init(&f->out, "error");
	assert_int_equal(msg_send(f->sv[0], &f->out, 100), 0);
	close(f->sv[0]);
	assert_int_equal(msg_recv(f->sv[1], &f->in, 100), 0);
	assert_string_equal(msg_verb(&f->in), "error");
	assert_int_equal(msg_recv(f->sv[1], &f->in, 100), -ENOTCONN);
	f->sv[0] = open("/dev/null", O_RDONLY);
}

static void changes_the_verb(void **state)
{
	static const char *const verbs[] = {"x", "hello", "a-longer-verb", "login"};
	struct fixture *f = *state;

	msg_init(&f->out, "login");
	msg_add(&f->out, "user", "alice");
	msg_add(&f->out, "tty", "%s", "");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		msg_set_verb(&f->out, verbs[i]);
		assert_string_equal(msg_verb(&f->out), verbs[i]);
		assert_string_equal(msg_get(&f->out, "user"), "alice");
		assert_int_equal(f->out.len,
				 strlen(verbs[i]) + sizeof("user=alice") + sizeof("tty=") + 1);
	}
	while (f->out.len < MSG_MAX - 4)
		msg_add(&f->out, "a", "%s", "");
	msg_set_verb(&f->out, "a-longer-verb");
	assert_int_equal(msg_send(f->sv[0], &f->out, 0), -EMSGSIZE);
	msg_set_verb(&f->out, "x");
	assert_int_equal(msg_send(f->sv[0], &f->out, 0), -EMSGSIZE);
}

/* MUST-4: who listens may be stopped, with others' connections waiting */
static void gives_up_a_full_queue(void **state)
{
	char path[] = "/tmp/pam_container-test-XXXXXX";
	int dir, listener, fd = 0, fds[80], n = 0;

	(void)state;
	assert_non_null(mkdtemp(path));
	dir = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	listener = msg_listen_at(dir, "socket", 0600);
	assert_true(listener >= 0);
	(void)alarm(20); /* a test that waits for ever is no answer */
	while (n < 80 && fd >= 0) {
		fd = msg_connect_at(dir, "socket");
		if (fd >= 0)
			fds[n++] = fd;
	}
	assert_int_equal(fd, -ETIMEDOUT);
	(void)alarm(1);
	assert_int_equal(msg_try_connect_at(dir, "socket"), -EAGAIN);
	(void)alarm(0);
	while (n > 0)
		close(fds[--n]);
	close(listener);
	unlinkat(dir, "socket", 0);
	close(dir);
	rmdir(path);
}

static void refuses_what_is_no_message(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *data;
		size_t len;
	} t[] = {
	    {"login", 5},     {"LOGIN", 6}, {"", 1},	  {"a\0user", 7},
	    {"a\0user=x", 8}, {"a\0=x", 5}, {"a\0\0", 3},
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		assert_int_equal(send(f->sv[0], t[i].data, t[i].len, 0), t[i].len);
		assert_int_equal(msg_recv(f->sv[1], &f->in, 100), -EBADMSG);
		assert_int_equal(f->in.nfds, 0);
	}
	assert_int_equal(msg_recv(f->sv[1], &f->in, 0), -EAGAIN);
	assert_int_equal(msg_recv(f->sv[1], &f->in, 20), -ETIMEDOUT);
	shutdown(f->sv[0], SHUT_WR);
	assert_int_equal(msg_recv(f->sv[1], &f->in, 100), -ENOTCONN);
}

static void survives_random_bytes(void **state)
{
	struct fixture *f = *state;
	char junk[200];

	srandom(1);
	for (int i = 0; i < 2000; i++) {
		size_t n = 1 + (size_t)random() % sizeof(junk);

		for (size_t k = 0; k < n; k++)
			junk[k] = "ab=\0\n\xff"[random() % 6];
		assert_int_equal(send(f->sv[0], junk, n, 0), n);
		if (msg_recv(f->sv[1], &f->in, 100) == 0)
			assert_non_null(msg_verb(&f->in));
	}
}

static void does_not_send_what_does_not_fit(void **state)
{
	struct fixture *f = *state;
	char big[1000];

	memset(big, 'x', sizeof(big));
	big[sizeof(big) - 1] = '\0';
	msg_init(&f->out, "x");
	for (int i = 0; i < 40; i++)
		msg_add(&f->out, "k", "%s", big);
	assert_int_equal(msg_send(f->sv[0], &f->out, 0), -EMSGSIZE);
	msg_init(&f->out, "x");
	for (int i = 0; i < MSG_FDS + 1; i++)
		msg_add_fd(&f->out, 0);
	assert_int_equal(msg_send(f->sv[0], &f->out, 0), -EMSGSIZE);
}

/* MUST-6: every descriptor of a refused message is closed, whatever their number */
static void refuses_floods_of_descriptors(void **state)
{
	static const char data[] = "a\0k=v";
	struct fixture *f = *state;

	for (size_t n = MSG_FDS + 1; n <= 64; n++) {
		union {
			char buf[CMSG_SPACE(sizeof(int) * 64)];
			struct cmsghdr align;
		} c = {.buf = {0}};
		struct iovec iov = {.iov_base = (void *)data, .iov_len = sizeof(data)};
		struct msghdr h = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = c.buf};
		struct cmsghdr *cm = &c.align;
		int before = dup(0), after;

		close(before);
		h.msg_controllen = CMSG_SPACE(sizeof(int) * n);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int) * n); /* all of them descriptor 0 */
		assert_int_equal(sendmsg(f->sv[0], &h, 0), sizeof(data));
		assert_int_equal(msg_recv(f->sv[1], &f->in, 100), -EBADMSG);
		assert_int_equal(f->in.nfds, 0);
		assert_memory_equal(f->in.buf, data, sizeof(data)); /* nothing written past fds */
		after = dup(0);
		close(after);
		assert_int_equal(before, after);
	}
}

/* MUST-11: a forged record does not reach the log with control bytes */
static void escapes_forged_errors(void **state)
{
	struct fixture *f = *state;
	struct ctr_error e;

	msg_init(&f->out, "denied");
	msg_add(&f->out, "code", "3");
	msg_add(&f->out, "errno", "2");
	msg_add(&f->out, "stage", "x");
	msg_add(&f->out, "text", "a\033[2J\nb");
	assert_int_equal(msg_get_error(&f->out, &e), 0);
	assert_string_equal(e.text, "a\\x1b[2J\\x0ab");
	msg_init(&f->out, "denied");
	msg_add(&f->out, "code", "3");
	msg_add(&f->out, "errno", "2");
	msg_add(&f->out, "stage", "x\n");
	msg_add(&f->out, "text", "a");
	assert_int_equal(msg_get_error(&f->out, &e), -EBADMSG);
}

static void carries_errors(void **state)
{
	struct fixture *f = *state;
	struct ctr_error e, back;

	err_set(&e, CTR_E_PAUSED, EBUSY, "cgroup", "container %s is paused", "a");
	msg_init(&f->out, "denied");
	msg_add_error(&f->out, &e);
	assert_int_equal(msg_send(f->sv[0], &f->out, 0), 0);
	assert_int_equal(msg_recv(f->sv[1], &f->in, 0), 0);
	assert_int_equal(msg_get_error(&f->in, &back), 0);
	assert_int_equal(back.code, CTR_E_PAUSED);
	assert_int_equal(back.errnum, EBUSY);
	assert_string_equal(back.text, "container a is paused");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(carries_records_and_descriptors),
	    TEST(peeks),
	    TEST(hears_the_last_word),
	    TEST(changes_the_verb),
	    TEST(gives_up_a_full_queue),
	    TEST(refuses_what_is_no_message),
	    TEST(survives_random_bytes),
	    TEST(does_not_send_what_does_not_fit),
	    TEST(carries_errors),
	    TEST(refuses_floods_of_descriptors),
	    TEST(escapes_forged_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
